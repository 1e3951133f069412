/** The relay's own signing key: made on the first start, sealed in the database ever after. */
import { makeSigningKey, type SigningKey, signingKeyFrom } from '../../protocol/signing.ts';
import type { Db } from '../db/db.ts';
import type { Seal } from '../db/seal.ts';

const IDENTITY = 'settings/relay/signingKey';

/** @throws AppError `sealed-wrong-key` */
export async function ensureRelayKey(db: Db, seal: Seal): Promise<SigningKey> {
  const known = await db.get('settings', 'relay');
  if (known !== undefined) {
    return await signingKeyFrom(JSON.parse(seal.open(known.signingKey, IDENTITY)));
  }
  const key = await makeSigningKey();
  const signingKey = seal.seal(JSON.stringify(key.privateJwk), IDENTITY);
  return await db.write(async tx => {
    const meanwhile = await tx.get('settings', 'relay');
    if (meanwhile !== undefined) {
      return await signingKeyFrom(JSON.parse(seal.open(meanwhile.signingKey, IDENTITY)));
    }
    await tx.put('settings', 'relay', { version: 1, signingKey });
    return key;
  });
}
