/**
 * How sales come in: the agent's own broker, with TLS when it is switched on, or a broker that the
 * shop already has. Start-up choices that belong to `main.ts` but need files.
 */
import { X509Certificate } from 'node:crypto';
import { AppError } from '../protocol/errors.ts';
import { type Broker, startBroker } from './broker/broker.ts';
import { ownCertificate, readCertificate, watchCertificate } from './broker/tls.ts';
import { startUpstream, type Upstream } from './broker/upstream.ts';
import type { Core } from './cli/core.ts';

export interface WayIn {
  /** Absent when an existing broker is used instead. */
  broker?: Broker;
  upstream?: Upstream;
  /** SHA-256 of the certificate that tills must trust; absent when TLS is off. */
  tlsFingerprint?: () => string;
  /** When the certificate that is in use ends, RFC 3339. */
  tlsExpiresAt?: () => string;
  stop(): Promise<void>;
}

/** @throws AppError `bad-setting` for a bad certificate; the system's error for a port in use */
export async function openWayIn(core: Core): Promise<WayIn> {
  const { clock, config, log, shop } = core;
  const { dataDir, upstreamUrl: url } = config;
  if (url === undefined) return await openOwnBroker(core);
  const upstream = startUpstream({ url, dataDir, intake: shop.intake, clock, log });
  return { upstream, stop: () => upstream.stop() };
}

async function openOwnBroker({ clock, config, log, shop, terminals }: Core): Promise<WayIn> {
  const { dataDir, mqttHost: host, mqttPort: port, mqttsPort } = config;
  const options = { host, port, intake: shop.intake, terminals, clock, log };
  if (mqttsPort === undefined) {
    const broker = await startBroker(options);
    return { broker, stop: () => broker.stop() };
  }
  const { tlsCertFile: certFile, tlsKeyFile: keyFile } = config;
  const chosen = certFile !== undefined && keyFile !== undefined;
  if (!chosen && (certFile ?? keyFile) !== undefined) throw oneWithoutTheOther();
  const files = chosen ? { certFile, keyFile } : await ownCertificate(dataDir, clock);
  const certificate = await readCertificate(files);
  const broker = await startBroker({ ...options, tls: { port: mqttsPort, ...certificate } });
  let inUse = certificate;
  const stopWatching = watchCertificate(files, certificate, log, renewed => {
    broker.reloadTls(renewed.cert, renewed.key);
    inUse = renewed;
  });
  return {
    broker,
    tlsFingerprint: () => new X509Certificate(inUse.cert).fingerprint256,
    tlsExpiresAt: () => new Date(new X509Certificate(inUse.cert).validTo).toISOString(),
    stop: async () => {
      stopWatching();
      await broker.stop();
    },
  };
}

function oneWithoutTheOther(): AppError {
  return new AppError('bad-setting', 'AGENT_TLS_CERT_FILE and AGENT_TLS_KEY_FILE belong together', {
    hint: 'set both, or neither: then a certificate is made',
    path: 'AGENT_TLS_KEY_FILE',
  });
}
