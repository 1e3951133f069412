/**
 * What lists and calendars say of a day, small enough to keep all of them in memory: 200 stores ×
 * 400 days are 30 MB. Kept by store and month, forgotten when one of its days changes, here or at
 * another relay; without news of changes nothing is kept.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { addDays } from '../../protocol/business-date.ts';
import { sumMinor } from '../../protocol/money.ts';
import type { Reason } from '../books/reasons.ts';
import { type Clock, systemClock } from '../clock.ts';
import { dayKey, listAll, type Reader, type Shared } from '../db/db.ts';
import type { DayRecord, DayState } from '../db/records.ts';
import type { DayListener } from '../db/watched.ts';

export interface DayHead {
  date: string;
  state: DayState;
  reasons: Pick<Reason, 'message' | 'fix'>[];
  /** Σ sales of the newest revision, minor units; absent when none came. */
  gross?: number;
  /** Numbers of the documents that stand in Xero. */
  documents: string[];
}

/** Months of stores kept; beyond it the oldest is read again when it is asked for. */
const MONTHS_MAX = 10_000;
/** Read ahead: a year of as many stores as fit. */
const MONTHS_AHEAD = 13;
const READ_AHEAD_MAX = MONTHS_MAX / 2;
/** Other relays' changes are asked for at most this often. */
const ASK_EVERY_MS = 1_000;
/** A change is dated when it is made and seen when it is committed: some time lies between. */
const UNSEEN_MAX_MS = 120_000;

export class DayHeads {
  readonly #db: Reader & { readonly shared?: Shared };
  readonly #kept: Map<string, Promise<DayHead[]>> | undefined;
  readonly #clock: Clock;
  #askedAt: number;
  #asking: Promise<void> = Promise.resolve();
  #isAhead = false;

  /** @param onChanged tells of every changed day; without it each question reads the database */
  constructor(
    db: Reader & { readonly shared?: Shared },
    onChanged?: (listener: DayListener) => void,
    clock: Clock = systemClock,
  ) {
    this.#db = db;
    this.#clock = clock;
    this.#askedAt = clock();
    this.#kept = onChanged === undefined ? undefined : new Map();
    onChanged?.(key => this.#kept?.delete(monthOf(key)));
  }

  /** The heads of a store's days, both dates included, oldest first. */
  async list(store: string, from: string, to: string): Promise<DayHead[]> {
    await this.#forgetChanged();
    const months: Promise<DayHead[]>[] = [];
    for (let month = from.slice(0, 7); month <= to.slice(0, 7); month = nextMonth(month)) {
      months.push(this.#month(store, month));
    }
    const heads = (await Promise.all(months)).flat();
    return heads.filter(({ date }) => date >= from && date <= to);
  }

  /**
   * Reads the last year of all stores, once, newest months first, while nobody waits for it: whoever
   * opens a long list later finds it in memory. Ends early when the database cannot be read.
   */
  async readAhead(): Promise<void> {
    if (this.#isAhead || this.#kept === undefined) return;
    this.#isAhead = true;
    const stores = await listAll(this.#db, 'stores');
    let month = new Date(this.#clock()).toISOString().slice(0, 7);
    for (let back = 0; back < MONTHS_AHEAD; back += 1) {
      if ((back + 1) * stores.length > READ_AHEAD_MAX) return;
      for (const { key: store } of stores) {
        await this.#month(store, month);
        await breathe();
      }
      month = monthBefore(month);
    }
  }

  /** Where several relays write: what any of them changed since it was last asked. */
  async #forgetChanged(): Promise<void> {
    const { shared } = this.#db;
    const now = this.#clock();
    if (shared !== undefined && this.#kept !== undefined && now - this.#askedAt >= ASK_EVERY_MS) {
      const since = this.#askedAt - UNSEEN_MAX_MS;
      this.#askedAt = now;
      this.#asking = shared.daysChangedSince(since).then(keys => {
        for (const key of keys) this.#kept?.delete(monthOf(key));
      });
      // Not known what changed: then nothing that is kept can be believed.
      this.#asking.catch(() => this.#kept?.clear());
    }
    await this.#asking;
  }

  async #month(store: string, month: string): Promise<DayHead[]> {
    const key = dayKey(store, month);
    const kept = this.#kept?.get(key);
    if (kept !== undefined) return await kept;
    const reading = this.#read(store, month);
    this.#keep(key, reading);
    return await reading;
  }

  /** The promise is kept, so that a change while it reads forgets it, too. */
  #keep(key: string, reading: Promise<DayHead[]>): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    kept.set(key, reading);
    reading.catch(() => kept.delete(key));
    const [oldest] = kept.keys();
    if (kept.size > MONTHS_MAX && oldest !== undefined) kept.delete(oldest);
  }

  async #read(store: string, month: string): Promise<DayHead[]> {
    const range = { from: dayKey(store, month), to: dayKey(store, `${month}~`) };
    return (await this.#db.list('days', range)).map(row => headOf(row.value));
  }
}

export function headOf(day: DayRecord): DayHead {
  const newest = day.revisions.at(-1);
  const { date, state } = day;
  return {
    date,
    state,
    reasons: day.reasons.map(({ message, fix }) => ({ message, fix })),
    ...(newest === undefined ? {} : { gross: sumMinor(newest.parts.sales.map(row => row.amount)) }),
    documents: day.documents
      .filter(document => document.state !== 'planned' && document.state !== 'gone')
      .map(document => document.plan.number),
  };
}

/** `orchard/2026-11-21` → `orchard/2026-11`. */
function monthOf(key: string): string {
  return key.slice(0, -3);
}

function monthBefore(month: string): string {
  return addDays(`${month}-01`, -1).slice(0, 7);
}

function nextMonth(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}
