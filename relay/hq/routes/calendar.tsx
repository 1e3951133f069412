/** The calendar of stores × days, one month at a time. */
import { addDays, businessDateOf } from '../../../protocol/business-date.ts';
import type { DayState, StoreRecord } from '../../db/records.ts';
import { show } from '../answers.tsx';
import { query, type UserCall } from '../call.ts';
import { compareNames } from '../name-order.ts';
import { STATES } from '../parts/show.tsx';
import { CalendarPage, type CalendarRow } from '../views/calendar.tsx';
import type { Route } from './route.ts';

export function calendarRoutes(): Route[] {
  return [{ method: 'get', path: '/calendar', needs: 'viewer', run: showCalendar }];
}

const MONTH_PATTERN = /^2\d{3}-(?:0[1-9]|1[0-2])$/;

async function showCalendar(call: UserCall): Promise<void> {
  const { db } = call.deps;
  // East of here a store may be in the next month already.
  const tomorrow = new Date(call.now + 86_400_000).toISOString();
  const thisMonth = new Date(call.now).toISOString().slice(0, 7);
  const month = MONTH_PATTERN.test(query(call, 'month')) ? query(call, 'month') : thisMonth;
  const onlyStuck = query(call, 'only') === 'stuck';
  const stores = (await db.list('stores')).map(row => row.value);
  const all = await Promise.all(stores.map(store => rowOf(call, store, month)));
  const kept = all.filter(row => row.store.closedAt === undefined || row.days.size > 0);
  kept.sort((a, b) => b.stuck - a.stuck || compareNames(a.store, b.store));
  const rows = onlyStuck ? kept.filter(row => row.stuck > 0) : kept;
  const next = addDays(`${month}-28`, 4).slice(0, 7);
  const props = {
    ...{ month, rows, onlyStuck },
    dates: datesOf(month),
    earlier: addDays(`${month}-01`, -1).slice(0, 7),
    later: next > tomorrow.slice(0, 7) ? undefined : next,
    hidden: kept.length - rows.length,
  };
  show(call, 'Calendar', <CalendarPage {...props} />);
}

async function rowOf(call: UserCall, store: StoreRecord, month: string): Promise<CalendarRow> {
  const heads = await call.heads.list(store.id, `${month}-01`, `${month}-31`);
  const days = new Map<string, DayState | 'open'>();
  if (store.closedAt === undefined) days.set(businessDateOf(call.now, store), 'open');
  for (const { date, state } of heads) days.set(date, state);
  const stuck = heads.filter(({ state }) => STATES[state].tone === 'bad').length;
  return { store, days, stuck };
}

function datesOf(month: string): string[] {
  const dates: string[] = [];
  for (let date = `${month}-01`; date.startsWith(month); date = addDays(date, 1)) dates.push(date);
  return dates;
}
