/**
 * What lists and calendars say of a day, small enough to keep all of them in memory: 200 stores ×
 * 400 days are 30 MB. Kept by store and month, forgotten when one of its days changes; without
 * news of changes nothing is kept.
 */
import { sumMinor } from '../../protocol/money.ts';
import type { Reason } from '../books/reasons.ts';
import { dayKey, type Reader } from '../db/db.ts';
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

export class DayHeads {
  readonly #db: Reader;
  readonly #kept: Map<string, Promise<DayHead[]>> | undefined;

  /** @param onChanged tells of every changed day; without it each question reads the database */
  constructor(db: Reader, onChanged?: (listener: DayListener) => void) {
    this.#db = db;
    this.#kept = onChanged === undefined ? undefined : new Map();
    onChanged?.(key => this.#kept?.delete(monthOf(key)));
  }

  /** The heads of a store's days, both dates included, oldest first. */
  async list(store: string, from: string, to: string): Promise<DayHead[]> {
    const months: Promise<DayHead[]>[] = [];
    for (let month = from.slice(0, 7); month <= to.slice(0, 7); month = nextMonth(month)) {
      months.push(this.#month(store, month));
    }
    const heads = (await Promise.all(months)).flat();
    return heads.filter(({ date }) => date >= from && date <= to);
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

function nextMonth(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}
