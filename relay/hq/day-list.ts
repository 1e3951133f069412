/**
 * Store-days by filter, newest first, and what a table or CSV says of one. Reads only the stores
 * and dates that are asked for.
 */
import { addDays, DATE_PATTERN } from '../../protocol/business-date.ts';
import { sumMinor } from '../../protocol/money.ts';
import { dayKey, type Reader } from '../db/db.ts';
import type { DayRecord, DayState, StoreRecord } from '../db/records.ts';

export interface DayFilter {
  /** Store id, '' for all. */
  store: string;
  from: string;
  to: string;
  /** '' for all; `open` for whatever is not finished. */
  state: DayState | 'unfinished' | '';
}

export interface ListedDay {
  store: StoreRecord;
  day: DayRecord;
}

/** Finished: nobody has to do or wait for anything. */
const FINISHED: readonly DayState[] = ['reconciled', 'not-posted'];

const RANGE_DAYS = 31;
const DAYS_MAX = 400;

/** What the address asks for, with the last month where it says nothing. */
export function parseFilter(
  read: (name: string) => string,
  today: string,
  states: readonly string[],
): DayFilter {
  const date = (name: string, otherwise: string) =>
    DATE_PATTERN.test(read(name)) ? read(name) : otherwise;
  const to = date('to', addDays(today, 1));
  const from = date('from', addDays(to, -RANGE_DAYS));
  const state = read('state');
  return {
    store: read('store'),
    from: laterOf(from, addDays(to, -DAYS_MAX)),
    to,
    state: states.includes(state) ? (state as DayFilter['state']) : '',
  };
}

function laterOf(a: string, b: string): string {
  return a > b ? a : b;
}

export async function listDays(
  db: Reader,
  stores: readonly StoreRecord[],
  filter: DayFilter,
): Promise<ListedDay[]> {
  const wanted = filter.store === '' ? stores : stores.filter(({ id }) => id === filter.store);
  const listed: ListedDay[] = [];
  for (const store of wanted) {
    const range = { from: dayKey(store.id, filter.from), to: dayKey(store.id, `${filter.to}~`) };
    for (const { value } of await db.list('days', range)) {
      if (fits(value.state, filter.state)) listed.push({ store, day: value });
    }
  }
  return listed.sort((a, b) =>
    a.day.date === b.day.date
      ? a.store.name.localeCompare(b.store.name, 'en')
      : a.day.date < b.day.date
        ? 1
        : -1,
  );
}

function fits(state: DayState, wanted: DayFilter['state']): boolean {
  if (wanted === '') return true;
  return wanted === 'unfinished' ? !FINISHED.includes(state) : state === wanted;
}

/** Σ sales of the newest revision, minor units; undefined when none came. */
export function grossOf(day: DayRecord): number | undefined {
  const newest = day.revisions.at(-1);
  return newest === undefined ? undefined : sumMinor(newest.parts.sales.map(row => row.amount));
}

/** Documents that stand in Xero. */
export function numbersOf(day: DayRecord): string[] {
  return day.documents
    .filter(document => document.state !== 'planned' && document.state !== 'gone')
    .map(document => document.plan.number);
}
