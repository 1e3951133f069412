/**
 * Which days the poster has something to do for, and when. The rows are the truth; this is the list
 * of what was seen open in them: all at the start, single days as the inbox and HQ name them, and
 * what other relays changed meanwhile. Who is alone with its database looks through it now and then.
 */
import { type Db, keysUnder, listAll } from '../db/db.ts';
import type { Clock } from '../xero/port.ts';
import { inFlight, isOpen } from './day-steps.ts';

/** Older open days are found by the full scan. */
const NEWEST_DAYS = 10;
const FULL_SCAN_MS = 3_600_000;
const SCAN_MS = 100_000;
/** A change is dated when it is made and seen when it is committed: some time lies between. */
const UNSEEN_MAX_MS = 120_000;
const ROWS_MAX = 10_000;

export interface OpenDay {
  key: string;
  store: string;
  date: string;
}

export class OpenDays {
  readonly #db: Db;
  readonly #clock: Clock;
  /** Key → instant from which it is due. */
  readonly #due = new Map<string, number>();
  #fullScanAt = 0;
  #scanAt = 0;
  /** Begin of the last scan; 0: none yet. */
  #scannedAt = 0;

  constructor(db: Db, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** One day, or all that wait, are due at once. */
  wake(key?: string): void {
    if (key !== undefined) {
      this.#due.set(key, 0);
      return;
    }
    for (const known of this.#due.keys()) this.#due.set(known, 0);
    this.#scanAt = 0;
  }

  put(day: OpenDay, dueAt: number): void {
    this.#due.set(day.key, dueAt);
  }

  /** Looks for open days that nobody has named. */
  async scan(): Promise<void> {
    const now = this.#clock();
    if (now < this.#scanAt) return;
    const { shared } = this.#db;
    if (shared !== undefined && this.#scannedAt > 0) {
      await this.#lookAt(await shared.daysChangedSince(this.#scannedAt - UNSEEN_MAX_MS));
    } else await this.#scanStores(now);
    this.#scanAt = now + SCAN_MS;
    this.#scannedAt = now;
  }

  /** Of whatever age: days that were not known as open. */
  async #lookAt(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      if (this.#due.has(key)) continue;
      const day = await this.#db.get('days', key);
      if (day !== undefined && isOpen(day)) this.#due.set(key, 0);
    }
  }

  async #scanStores(now: number): Promise<void> {
    const full = now >= this.#fullScanAt;
    for (const { key: store } of await listAll(this.#db, 'stores')) {
      const limit = full ? ROWS_MAX : NEWEST_DAYS;
      const range = { ...keysUnder(`${store}/`), limit, reverse: true };
      for (const { key, value } of await this.#db.list('days', range)) {
        if (isOpen(value) && !this.#due.has(key)) this.#due.set(key, 0);
      }
    }
    if (full) this.#fullScanAt = now + FULL_SCAN_MS;
  }

  /** What is due, oldest business date first. */
  async due(): Promise<OpenDay[]> {
    const now = this.#clock();
    return [...this.#due]
      .filter(([, at]) => at <= now)
      .map(([key]) => dayOf(key))
      .sort((a, b) => compare(a.date, b.date) || compare(a.key, b.key));
  }

  /** Drops the days that have nothing left to do. */
  async forgetRested(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const day = await this.#db.get('days', key);
      if (day === undefined || !isOpen(day)) this.#due.delete(key);
      // A newer revision came while this one was posted.
      else if (day.state === 'received' && !inFlight(day)) this.#due.set(key, 0);
    }
  }

  /** Milliseconds until the next scan, or the next day that counts, is due; at least 0. */
  nextDueIn(counts: (key: string) => boolean): number {
    let soonest = this.#scanAt;
    for (const [key, at] of this.#due) if (at < soonest && counts(key)) soonest = at;
    return Math.max(0, soonest - this.#clock());
  }
}

function dayOf(key: string): OpenDay {
  const cut = key.lastIndexOf('/');
  return { key, store: key.slice(0, cut), date: key.slice(cut + 1) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
