/**
 * Changing the key that seals the database's secrets. The key file first holds both keys, the new
 * one before the old one; then all secrets are sealed anew in one transaction; then the old key goes.
 * Promise: killed at any step, the relay starts, and the same command again ends the change.
 */
import type { Clock } from '../clock.ts';
import { addAudit } from './audit.ts';
import type { Db, Writer } from './db.ts';
import { createSeal, makeKey, readKeyFile, type Seal, writeKeyFile } from './seal.ts';

/**
 * @param keyFile path of the key file; nobody else uses the database meanwhile
 * @returns how many secrets were sealed anew
 * @throws AppError sealed-wrong-key, disk-full, disk-error
 */
export async function changeKey(
  db: Db,
  keyFile: string,
  clock: Clock,
): Promise<{ secrets: number }> {
  const now = await readKeyFile(keyFile, false);
  const begun = now.older.length > 0;
  const key = begun ? now.key : makeKey();
  const older = begun ? now.older : [now.key];
  if (!begun) await writeKeyFile(keyFile, [key, ...older]);
  const seal = createSeal(key, ...older);
  const secrets = await db.write(tx => sealAll(tx, seal, clock()));
  // The embedded database keeps each file's version before: that one shall open, too.
  await db.write(async tx => {
    const relay = await tx.get('settings', 'relay');
    if (relay !== undefined) await tx.put('settings', 'relay', relay);
  });
  await writeKeyFile(keyFile, [key]);
  return { secrets };
}

/** Every place where something sealed stands; who is signed in signs in again. */
async function sealAll(tx: Writer, seal: Seal, nowMs: number): Promise<number> {
  let secrets = 0;
  const again = (sealed: string, identity: string): string => {
    secrets += 1;
    return seal.seal(seal.open(sealed, identity), identity);
  };
  const relay = await tx.get('settings', 'relay');
  if (relay !== undefined) {
    const signingKey = again(relay.signingKey, 'settings/relay/signingKey');
    await tx.put('settings', 'relay', { ...relay, signingKey });
  }
  for (const { key, value } of await tx.list('connections')) {
    const sealed = { ...value };
    for (const [field, place] of CONNECTION_FIELDS) {
      const text = value[field];
      if (text) sealed[field] = again(text, `connections/${key}/${place}`);
    }
    await tx.put('connections', key, sealed);
  }
  for (const { key, value } of await tx.list('users')) {
    if (value.secondStep === undefined) continue;
    const secret = again(value.secondStep.secret, `users/${key}/second-step`);
    await tx.put('users', key, { ...value, secondStep: { ...value.secondStep, secret } });
  }
  for (const { key, value } of await tx.list('webhooks')) {
    const secret = again(value.secret, `webhooks/${key}/secret`);
    await tx.put('webhooks', key, { ...value, secret });
  }
  for (const { key } of await tx.list('sessions')) await tx.remove('sessions', key);
  await addAudit(tx, nowMs, { who: 'command line', what: 'Sealing key changed', details: {} });
  return secrets;
}

/** Both token sets are sealed for the same place: the one before may become the current one. */
const CONNECTION_FIELDS = [
  ['clientSecret', 'clientSecret'],
  ['tokens', 'tokens'],
  ['previousTokens', 'tokens'],
] as const;
