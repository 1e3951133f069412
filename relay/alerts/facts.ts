/** Reads what the alerts are judged by: every store with its newest days, and the connections. */
import { keysUnder, listAll, type Reader } from '../db/db.ts';
import type { Facts, ShopFacts } from './conditions.ts';

/** Farther back the calendar shows it; an alert would only repeat it for ever. */
const DAYS_PER_STORE = 31;

export async function readFacts(db: Reader, nowMs: number): Promise<Facts> {
  const shops: ShopFacts[] = [];
  for (const { key, value: store } of await listAll(db, 'stores')) {
    const range = { ...keysUnder(`${key}/`), limit: DAYS_PER_STORE, reverse: true };
    const days = (await db.list('days', range)).map(row => row.value);
    shops.push({ store, days, heartbeat: await db.get('heartbeats', key) });
  }
  const connections = (await db.list('connections')).map(row => row.value);
  return { nowMs, shops, connections };
}
