/**
 * A database that tells which days and alerts were changed, after the change is durable: what is
 * kept in memory about them can so be forgotten in time. For one process; another's writes are not
 * seen.
 */
import type { Db, TableName, Writer } from './db.ts';

/** Called with the key of every day that was put or removed. */
export type DayListener = (key: string) => void;

export interface WatchedDb extends Db {
  onDayChanged(listener: DayListener): void;
  /** Some alert was put or removed. */
  onAlertsChanged(listener: () => void): void;
}

/** What is told of. */
interface News {
  days: Set<string>;
  alerts: boolean;
}

export function watchDays(db: Db): WatchedDb {
  const dayListeners: DayListener[] = [];
  const alertListeners: (() => void)[] = [];
  return {
    get: (table, key) => db.get(table, key),
    list: (table, range) => db.list(table, range),
    close: () => db.close(),
    ...(db.shared && { shared: db.shared }),
    onDayChanged: listener => {
      dayListeners.push(listener);
    },
    onAlertsChanged: listener => {
      alertListeners.push(listener);
    },
    write: async work => {
      let news: News = { days: new Set(), alerts: false };
      const result = await db.write(async tx => {
        news = { days: new Set(), alerts: false };
        return await work(noting(tx, news));
      });
      for (const key of news.days) for (const listener of dayListeners) listener(key);
      if (news.alerts) for (const listener of alertListeners) listener();
      return result;
    },
  };
}

function noting(tx: Writer, news: News): Writer {
  const note = (table: TableName, key: string) => {
    if (table === 'days') news.days.add(key);
    if (table === 'alerts') news.alerts = true;
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
