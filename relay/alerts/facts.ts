/**
 * Which alerts hold now, by what stands in the database: every store with its newest days, and the
 * connections. Some stores at a time, so that a chain of thousands does not fill the memory.
 */
import { type Db, listAll } from '../db/db.ts';
import { newestDays } from '../db/newest-days.ts';
import type { Alert } from './alert.ts';
import { alertsNow, type ShopFacts } from './conditions.ts';

/** Farther back the calendar shows it; an alert would only repeat it for ever. */
const DAYS_PER_STORE = 31;

export async function findAlerts(db: Db, nowMs: number): Promise<Alert[]> {
  const connections = (await listAll(db, 'connections')).map(row => row.value);
  const stores = new Map((await listAll(db, 'stores')).map(row => [row.key, row.value]));
  const beats = new Map((await listAll(db, 'heartbeats')).map(row => [row.key, row.value]));
  const alerts = alertsNow({ nowMs, shops: [], connections });
  for await (const group of newestDays(db, [...stores.keys()], DAYS_PER_STORE)) {
    const shops = group.flatMap(({ store: id, days }): ShopFacts[] => {
      const store = stores.get(id);
      return store === undefined ? [] : [{ store, days, heartbeat: beats.get(id) }];
    });
    alerts.push(...alertsNow({ nowMs, shops, connections: [] }));
  }
  return alerts;
}
