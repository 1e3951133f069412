/**
 * The shops of the relay's bench: stores with a key each, enrolled straight in the database, and
 * the nights on which each of them signs one summary of its chain.
 */
import { addDays } from '../../protocol/business-date.ts';
import type { DaySummary } from '../../protocol/day-summary.ts';
import {
  digestOf,
  makeSigningKey,
  type PublicJwk,
  type SigningKey,
  signJws,
} from '../../protocol/signing.ts';
import type { Db } from '../../relay/db/db.ts';
import { handMadeSummary } from '../support/summaries.ts';

/** Rows in one transaction while the stores are put into the database. */
const SEED_ROWS = 500;

export interface Shop {
  id: string;
  key: SigningKey;
  number: number;
  digest: string;
}

/** One signed summary and where it is put. */
export interface Delivery {
  path: string;
  jws: string;
  digest: string;
  kid: string;
  jwk: PublicJwk;
}

export async function makeShops(count: number): Promise<Shop[]> {
  const shops: Shop[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = `shop-${String(i).padStart(5, '0')}`;
    shops.push({ id, key: await makeSigningKey(), number: 0, digest: '' });
  }
  return shops;
}

/** Enrolled now, so that no day before counts as missing; not connected to Xero. */
export async function enrolShops(db: Db, shops: readonly Shop[]): Promise<void> {
  const enrolledAt = new Date().toISOString();
  for (let at = 0; at < shops.length; at += SEED_ROWS) {
    await db.write(async tx => {
      for (const { id, key } of shops.slice(at, at + SEED_ROWS)) {
        await tx.put('stores', id, {
          ...{ id, slug: id, name: `Shop ${id}`, createdAt: enrolledAt },
          ...{ timezone: 'Asia/Singapore', currency: 'SGD', cutOver: '00:00' },
          head: { number: 0, digest: '' },
          commands: [],
        });
        await tx.put('agentKeys', key.kid, { store: id, jwk: key.publicJwk, enrolledAt });
      }
    });
  }
}

/** Each of the shops signs the summary of its next night. */
export async function signNight(shops: readonly Shop[], lastDate: string): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  for (const shop of shops) {
    const number = shop.number + 1;
    const businessDate = addDays(lastDate, number - NIGHTS_MAX);
    const names = { storeId: shop.id, businessDate, number, previous: shop.digest };
    const summary: DaySummary = handMadeSummary({ ...names, terminals: terminalsOf(number) });
    const jws = await signJws(summary, 'tillbook-day+jws', shop.key);
    Object.assign(shop, { number, digest: digestOf(jws) });
    const { kid, publicJwk: jwk } = shop.key;
    const path = `/v1/days/${businessDate}/revisions/1`;
    deliveries.push({ path, jws, digest: shop.digest, kid, jwk });
  }
  return deliveries;
}

/** A chain of more nights would begin after its last date. */
export const NIGHTS_MAX = 30;

/** Four tills of which the seven messages of the day came. */
function terminalsOf(number: number): DaySummary['terminals'] {
  return [1, 2, 2, 2].map((count, i) => {
    const first = number * 10;
    const last = first + count - 1;
    return { terminal: `till-${i + 1}`, epoch: 1, first, last, count, missing: [] };
  });
}
