/**
 * The signing key of this machine: made here, kept in one file that only its user may read, never
 * sent anywhere. Whoever holds it can speak for the store, so nothing prints or exports it.
 */
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { readTextIfAny, writeFileDurably } from '../../protocol/host/durable-file.ts';
import { makeSigningKey, type SigningKey, signingKeyFrom } from '../../protocol/signing.ts';

const FILE = 'identity.jwk';

/** The stored key; undefined before the first enrolment. @throws AppError `damaged` */
export async function readIdentity(dataDir: string): Promise<SigningKey | undefined> {
  const path = join(dataDir, FILE);
  const text = await readTextIfAny(path);
  if (text === undefined) return undefined;
  try {
    return await signingKeyFrom(JSON.parse(text));
  } catch (cause) {
    throw new AppError('damaged', `${path} holds no signing key`, {
      hint: 'put the file back from a backup, or remove it and enrol this machine again',
      cause,
    });
  }
}

/**
 * The stored key, or a new one that is on disk before it is used: an enrolment whose answer got
 * lost is repeated with the same key and gets the same answer.
 */
export async function ensureIdentity(dataDir: string): Promise<SigningKey> {
  const known = await readIdentity(dataDir);
  if (known !== undefined) return known;
  const key = await makeSigningKey();
  await writeFileDurably(join(dataDir, FILE), `${JSON.stringify(key.privateJwk)}\n`);
  return key;
}
