/**
 * The signing key of this machine: made here, kept in one file that only its user may read, never
 * sent anywhere. Whoever holds it can speak for the store, so nothing prints or exports it. Each
 * enrolment code gets a key of its own; it takes the place of the old one once the relay has it.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { readTextIfAny, syncFolder, writeFileDurably } from '../../protocol/host/durable-file.ts';
import { makeSigningKey, type SigningKey, signingKeyFrom } from '../../protocol/signing.ts';

const FILE = 'identity.jwk';
/** The key of an enrolment that the relay has not confirmed yet. */
const NEXT_FILE = 'identity.next.jwk';

/**
 * The key with which this machine signs; undefined before the first enrolment.
 * @param kid key id of the enrolment: a change of keys that the power cut through is ended
 * @throws AppError `damaged`
 */
export async function readIdentity(
  dataDir: string,
  kid: string | undefined,
): Promise<SigningKey | undefined> {
  const key = await readKey(join(dataDir, FILE), jwk => jwk);
  if (kid === undefined || key?.kid === kid) return key;
  const next = await readKey(join(dataDir, NEXT_FILE), ({ jwk }) => jwk);
  if (next?.kid !== kid) return key;
  await promote(dataDir, next);
  return next;
}

/** Names a code without giving it away: the same however it is typed (as the relay reads it). */
export function codeIdOf(code: string): string {
  const read = code.toUpperCase().replace(/[^0-9A-Z]/g, '');
  const plain = read.replaceAll('O', '0').replace(/[IL]/g, '1');
  return createHash('sha256').update(plain).digest('base64url');
}

/**
 * The key for an enrolment code, on disk before it is used: an enrolment whose answer got lost is
 * repeated with the same key and gets the same answer.
 */
export async function keyForCode(dataDir: string, codeId: string): Promise<SigningKey> {
  const path = join(dataDir, NEXT_FILE);
  const known = await readKey(path, next => (next['codeId'] === codeId ? next['jwk'] : undefined));
  if (known !== undefined) return known;
  const key = await makeSigningKey();
  await writeFileDurably(path, `${JSON.stringify({ codeId, jwk: key.privateJwk })}\n`);
  return key;
}

/** From now on this machine signs with this key; the private part of the one before is gone. */
export async function promote(dataDir: string, key: SigningKey): Promise<void> {
  await writeFileDurably(join(dataDir, FILE), `${JSON.stringify(key.privateJwk)}\n`);
  await rm(join(dataDir, NEXT_FILE), { force: true });
  await syncFolder(dataDir);
}

/** @param pick the key within the file's JSON; undefined when it holds none that is wanted */
async function readKey(
  path: string,
  pick: (content: Record<string, unknown>) => unknown,
): Promise<SigningKey | undefined> {
  const text = await readTextIfAny(path);
  if (text === undefined) return undefined;
  try {
    const jwk = pick(JSON.parse(text) as Record<string, unknown>);
    return jwk === undefined ? undefined : await signingKeyFrom(jwk);
  } catch (cause) {
    throw new AppError('damaged', `${path} holds no signing key`, {
      hint: 'put the file back from a backup, or remove it and enrol this machine again',
      cause,
    });
  }
}
