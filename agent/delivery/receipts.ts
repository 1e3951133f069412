/**
 * Is this answer the relay's own word for this very summary? Only a receipt that is signed by the
 * key from enrolment and names the digest we sent ends a delivery; a friendly 200 does not.
 */
import { type Receipt, receiptSchema } from '../../protocol/agent-relay.ts';
import { AppError } from '../../protocol/errors.ts';
import { keyIdOf, type PublicJwk, verifyJws } from '../../protocol/signing.ts';
import type { SignedDay } from '../day/signed-days.ts';

/** The key, if the id is its own. */
export function onlyKey(jwk: PublicJwk): (kid: string) => Promise<PublicJwk | undefined> {
  return async kid => ((await keyIdOf(jwk)) === kid ? jwk : undefined);
}

/** @throws AppError `bad-answer` for anything but a valid receipt of this summary */
export async function readReceipt(
  compact: string,
  day: SignedDay,
  store: { storeId: string; relayKey: PublicJwk },
): Promise<Receipt> {
  const { payload } = await verifyJws(
    compact,
    'tillbook-receipt+jws',
    onlyKey(store.relayKey),
  ).catch((cause: unknown) => {
    throw notOurs('the answer is not a receipt signed by the relay', cause);
  });
  const parsed = receiptSchema.safeParse(payload);
  if (!parsed.success) throw notOurs('the receipt is not one of version 1', parsed.error);
  const receipt = parsed.data;
  const same =
    receipt.digest === day.digest &&
    receipt.storeId === store.storeId &&
    receipt.businessDate === day.date &&
    receipt.revision === day.revision &&
    receipt.number === day.number;
  if (!same) throw notOurs('the receipt is for another summary', undefined);
  return receipt;
}

function notOurs(message: string, cause: unknown): AppError {
  return new AppError('bad-answer', message, {
    hint: 'a hotspot login page, a proxy or a wrong address may be in the way',
    retryable: true,
    cause,
  });
}
