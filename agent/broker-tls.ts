/** The certificate and key with which the broker speaks TLS, if it is to. */
import { readFile } from 'node:fs/promises';
import { AppError } from '../protocol/errors.ts';
import type { BrokerOptions } from './broker/broker.ts';
import type { Config } from './config.ts';

/** @throws AppError `bad-setting` when a file cannot be read */
export async function brokerTls(config: Config): Promise<Pick<BrokerOptions, 'tls'>> {
  const { mqttsPort: port, tlsCertFile, tlsKeyFile } = config;
  if (port === undefined) return {};
  const cert = await read('AGENT_TLS_CERT_FILE', tlsCertFile);
  const key = await read('AGENT_TLS_KEY_FILE', tlsKeyFile);
  return { tls: { port, cert, key } };
}

async function read(setting: string, path: string | undefined): Promise<Buffer> {
  if (path === undefined) {
    throw new AppError('bad-setting', `AGENT_MQTTS_PORT needs ${setting}`, {
      hint: 'name the PEM file',
      path: setting,
    });
  }
  try {
    return await readFile(path);
  } catch (cause) {
    throw new AppError('bad-setting', `${setting}: ${path} cannot be read`, {
      hint: 'name a readable PEM file',
      path: setting,
      cause,
    });
  }
}
