/**
 * The newest days of many stores, some stores at a time: never all of them in memory, and where the
 * database is on another machine not a question for each store.
 */
import { type Db, keysUnder } from './db.ts';
import type { DayRecord } from './records.ts';

/** Rows in one answer: some megabytes. */
const ROWS_MAX = 2_000;

/**
 * @param limit days of each store, at most
 * @returns groups of stores in the order given, each store with its days, newest first
 */
export async function* newestDays(
  db: Pick<Db, 'list' | 'shared'>,
  stores: readonly string[],
  limit: number,
): AsyncGenerator<{ store: string; days: DayRecord[] }[]> {
  const size = Math.max(1, Math.floor(ROWS_MAX / limit));
  for (let at = 0; at < stores.length; at += size) {
    yield await readGroup(db, stores.slice(at, at + size), limit);
  }
}

async function readGroup(
  db: Pick<Db, 'list' | 'shared'>,
  stores: readonly string[],
  limit: number,
): Promise<{ store: string; days: DayRecord[] }[]> {
  const groups = new Map(stores.map(store => [store, [] as DayRecord[]]));
  if (db.shared !== undefined) {
    for (const day of await db.shared.newestDays(stores, limit)) groups.get(day.store)?.push(day);
  } else {
    for (const [store, days] of groups) {
      const range = { ...keysUnder(`${store}/`), limit, reverse: true };
      days.push(...(await db.list('days', range)).map(row => row.value));
    }
  }
  return [...groups].map(([store, days]) => ({ store, days }));
}
