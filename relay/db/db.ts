/**
 * The relay's database as the rest of the relay sees it: rows by table and key, changed in
 * transactions. Two implementations (lowdb.ts, postgres.ts) pass one suite of tests. Promise: when
 * `write` resolves, all of its changes survive the plug; when it rejects, none was made.
 */
import type { DayRecord, Tables } from './records.ts';

export type TableName = keyof Tables;

/** Keys are ASCII; a range is half open and in code-unit order. */
export interface KeyRange {
  /** First key, included. */
  from?: string;
  /** End, excluded. */
  to?: string;
  /** At most this many rows, 10,000 by default. */
  limit?: number;
  /** Newest (highest) keys first. */
  reverse?: boolean;
}

export interface Row<Name extends TableName> {
  key: string;
  value: Tables[Name];
}

export interface Reader {
  get<Name extends TableName>(table: Name, key: string): Promise<Tables[Name] | undefined>;
  list<Name extends TableName>(table: Name, range?: KeyRange): Promise<Row<Name>[]>;
}

export interface Writer extends Reader {
  /** Inserts or replaces the row. The value is copied: later changes to the object do not count. */
  put<Name extends TableName>(table: Name, key: string, value: Tables[Name]): Promise<void>;
  remove<Name extends TableName>(table: Name, key: string): Promise<void>;
  /**
   * The clock of the database, ms since 1970, for what several relays must agree on. Absent where
   * one process has the database to itself: then its own clock is as good.
   */
  clock?(): Promise<number>;
}

export interface Db extends Reader {
  /**
   * Runs `work` as one transaction: it sees its own changes, nobody else sees them before the end,
   * and no other transaction changes what it has read meanwhile (it may be run again for that: it
   * must do nothing but read and write rows). A throw in `work` undoes everything and is passed on.
   */
  write<Result>(work: (tx: Writer) => Promise<Result>): Promise<Result>;
  /** Finishes work in hand and lets go of files or connections. */
  close(): Promise<void>;
  /** Only where several relays share the database; a process that is alone knows what it did. */
  readonly shared?: Shared;
}

/** What several relays on one database learn of each other. */
export interface Shared extends News {
  /** Keys of the days that anybody changed since then (ms, the database's clock). */
  daysChangedSince(atMs: number): Promise<string[]>;
  /** At most `limit` days of each store, newest first. See newest-days.ts. */
  newestDays(stores: readonly string[], limit: number): Promise<DayRecord[]>;
}

export interface News {
  /** A day (`<store>/<date>`) has work; without a key: anything may have. Says it soon, once. */
  tell(key?: string): void;
  /** Hears what any relay told, this one too. */
  hear(listener: (key?: string) => void): void;
}

/** All keys that begin with `prefix`. */
export function keysUnder(prefix: string): KeyRange {
  return { from: prefix, to: `${prefix}\uffff` };
}

export function dayKey(store: string, date: string): string {
  return `${store}/${date}`;
}

/** Rows that are read at once by `listAll`. */
const PAGE_ROWS = 5_000;

/** Every row of a table, however many there are: `list` alone stops at its limit. */
export async function listAll<Name extends TableName>(
  db: Reader,
  table: Name,
  pageRows = PAGE_ROWS,
): Promise<Row<Name>[]> {
  const rows: Row<Name>[] = [];
  for (let from = ''; ; ) {
    const page = await db.list(table, { from, limit: pageRows });
    rows.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) return rows;
    // A space comes before everything that a longer key could go on with.
    from = `${last.key} `;
  }
}
