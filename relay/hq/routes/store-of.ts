/** The store that an address names. */
import { AppError } from '../../../protocol/errors.ts';
import type { StoreRecord } from '../../db/records.ts';
import { part, type UserCall } from '../call.ts';

/** @throws AppError `not-found` */
export async function storeOf(call: UserCall): Promise<StoreRecord> {
  const id = part(call, 'store');
  const store = /^[A-Za-z0-9-]{1,64}$/.test(id) ? await call.deps.db.get('stores', id) : undefined;
  if (store !== undefined) return store;
  throw new AppError('not-found', 'There is no such store.', {
    hint: 'Look for it on the page Stores.',
  });
}
