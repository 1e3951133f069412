/** `verify FILE.jws --key FILE`: is this a summary that the holder of that key signed? Offline. */
import { readFile } from 'node:fs/promises';
import { parseDaySummary } from '../../protocol/day-summary.ts';
import { AppError, messageOf } from '../../protocol/errors.ts';
import { diskError } from '../../protocol/host/durable-file.ts';
import { keyIdOf, type PublicJwk, publicJwkSchema, verifyJws } from '../../protocol/signing.ts';

export type FileVerdict =
  | { good: true; kid: string; summary: unknown }
  | { good: false; reason: string };

/** @throws AppError `bad-input` for a file that cannot be used as a key, `disk-error` */
export async function verifyFile(path: string, keyPath: string): Promise<FileVerdict> {
  const keys = await readKeys(keyPath);
  const jws = (await readText(path)).trim();
  try {
    const { kid, payload } = await verifyJws(jws, 'tillbook-day+jws', id => keys.get(id));
    const parsed = parseDaySummary(payload);
    if (!parsed.ok) return { good: false, reason: `signed, but ${parsed.message}` };
    return { good: true, kid, summary: parsed.summary };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { good: false, reason: error.message };
  }
}

/** A JWK, or several as a JWK set (RFC 7517) or an array. */
async function readKeys(path: string): Promise<Map<string, PublicJwk>> {
  let value: unknown;
  try {
    value = JSON.parse(await readText(path));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw noKey(path, messageOf(error));
  }
  const set = (value as { keys?: unknown } | null)?.keys ?? value;
  const keys = new Map<string, PublicJwk>();
  for (const one of Array.isArray(set) ? set : [set]) {
    const jwk = publicJwkSchema.safeParse((one as { jwk?: unknown } | null)?.jwk ?? one);
    if (!jwk.success) throw noKey(path, 'it is not an Ed25519 public key');
    keys.set(await keyIdOf(jwk.data), jwk.data);
  }
  return keys;
}

function noKey(path: string, why: string): AppError {
  return new AppError('bad-input', `${path} holds no key: ${why}`, {
    path: '--key',
    hint: 'save the output of: tillbook-relay store key ID',
  });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new AppError('bad-input', `there is no file ${path}`, { path, cause });
    }
    throw diskError(path, cause);
  }
}
