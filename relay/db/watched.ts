/**
 * A database that tells which days were changed, after the change is durable: what is kept in
 * memory about days can so be forgotten in time. For one process; another's writes are not seen.
 */
import type { Db, TableName, Writer } from './db.ts';

/** Called with the key of every day that was put or removed. */
export type DayListener = (key: string) => void;

export interface WatchedDb extends Db {
  onDayChanged(listener: DayListener): void;
}

export function watchDays(db: Db): WatchedDb {
  const listeners: DayListener[] = [];
  return {
    get: (table, key) => db.get(table, key),
    list: (table, range) => db.list(table, range),
    close: () => db.close(),
    ...(db.shared && { shared: db.shared }),
    onDayChanged: listener => {
      listeners.push(listener);
    },
    write: async work => {
      let changed = new Set<string>();
      const result = await db.write(async tx => {
        changed = new Set();
        return await work(noting(tx, changed));
      });
      for (const key of changed) for (const listener of listeners) listener(key);
      return result;
    },
  };
}

function noting(tx: Writer, changed: Set<string>): Writer {
  const note = (table: TableName, key: string) => {
    if (table === 'days') changed.add(key);
  };
  return {
    get: (table, key) => tx.get(table, key),
    list: (table, range) => tx.list(table, range),
    put: async (table, key, value) => {
      note(table, key);
      await tx.put(table, key, value);
    },
    remove: async (table, key) => {
      note(table, key);
      await tx.remove(table, key);
    },
    ...(tx.clock && { clock: tx.clock.bind(tx) }),
  };
}
