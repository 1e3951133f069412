/**
 * Certificate and key for MQTT over TLS: the files that were set, or the shop's own, made on first
 * use in the data folder. Files that change are read again, so that a renewed certificate needs no
 * restart.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { AppError, messageOf } from '../../protocol/errors.ts';
import { readTextIfAny, writeFileDurably } from '../../protocol/host/durable-file.ts';
import type { Logger } from '../../protocol/host/log.ts';
import type { Clock } from '../clock.ts';
import { type Certificate, makeCertificate } from './certificate.ts';

const LOOK_EVERY_MS = 60_000;

export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

/** Reads the files that were set. @throws AppError `bad-setting` */
export async function readCertificate({ certFile, keyFile }: TlsFiles): Promise<Certificate> {
  try {
    const cert = await readFile(certFile, 'utf8');
    const key = await readFile(keyFile, 'utf8');
    // A file that is just being written is empty, and Node would take a context without a key.
    const fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    if (!fits) throw new Error('the key is not that of the certificate');
    return { cert, key };
  } catch (cause) {
    throw new AppError('bad-setting', `the TLS certificate cannot be used: ${messageOf(cause)}`, {
      hint: `Check AGENT_TLS_CERT_FILE (${certFile}) and AGENT_TLS_KEY_FILE (${keyFile}): PEM files.`,
      path: 'AGENT_TLS_CERT_FILE',
      cause,
    });
  }
}

/** The shop's own certificate, `tls.crt` and `tls.key` of the data folder; made when missing. */
export async function ownCertificate(dataDir: string, clock: Clock): Promise<TlsFiles> {
  const files = { certFile: join(dataDir, 'tls.crt'), keyFile: join(dataDir, 'tls.key') };
  const known = await readTextIfAny(files.certFile);
  if (known !== undefined && (await readTextIfAny(files.keyFile)) !== undefined) return files;
  const made = makeCertificate(ownNames(), clock.nowMs());
  await writeFileDurably(files.keyFile, made.key);
  await writeFileDurably(files.certFile, made.cert, { mode: 0o644 });
  return files;
}

/**
 * Looks at the files once a minute and hands over what changed; files that do not belong together
 * (one is replaced before the other) are looked at again. Returns how to stop.
 */
export function watchCertificate(
  files: TlsFiles,
  current: Certificate,
  log: Logger,
  onChange: (certificate: Certificate) => void,
  everyMs = LOOK_EVERY_MS,
): () => void {
  let last = current.cert + current.key;
  const look = async () => {
    const next = await readCertificate(files);
    if (next.cert + next.key === last) return;
    onChange(next);
    last = next.cert + next.key;
    log.info({ certFile: files.certFile }, 'the TLS certificate was read again');
  };
  const timer = setInterval(() => {
    look().catch(error => log.warn({ err: error }, 'the TLS certificate stays as it was'));
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function ownNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap(
    list => list?.map(({ address }) => address) ?? [],
  );
  return [...new Set(['localhost', hostname(), '127.0.0.1', '::1', ...addresses])];
}
