/**
 * Store-days by filter, newest first, and what a table or CSV says of one. Reads only the stores
 * and dates that are asked for.
 */
import { addDays, DATE_PATTERN } from '../../protocol/business-date.ts';
import type { DayState, StoreRecord } from '../db/records.ts';
import type { DayHead, DayHeads } from './day-heads.ts';

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
  day: DayHead;
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
  heads: DayHeads,
  stores: readonly StoreRecord[],
  filter: DayFilter,
): Promise<ListedDay[]> {
  const wanted = filter.store === '' ? stores : stores.filter(({ id }) => id === filter.store);
  const listed: ListedDay[] = [];
  for (const store of wanted) {
    for (const day of await heads.list(store.id, filter.from, filter.to)) {
      if (fits(day.state, filter.state)) listed.push({ store, day });
    }
  }
  // The stores come by name, and sorting keeps their order within a day.
  return listed.sort((a, b) => (a.day.date === b.day.date ? 0 : a.day.date < b.day.date ? 1 : -1));
}

function fits(state: DayState, wanted: DayFilter['state']): boolean {
  if (wanted === '') return true;
  return wanted === 'unfinished' ? !FINISHED.includes(state) : state === wanted;
}
