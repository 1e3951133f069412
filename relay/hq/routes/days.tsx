/** The list of days, by page and as CSV. */
import { businessDateOf } from '../../../protocol/business-date.ts';
import { formatMinor } from '../../../protocol/money.ts';
import type { StoreRecord } from '../../db/records.ts';
import { show } from '../answers.tsx';
import { query, type UserCall } from '../call.ts';
import { toCsv } from '../csv.ts';
import { type DayFilter, type ListedDay, listDays, parseFilter } from '../day-list.ts';
import { compareNames } from '../name-order.ts';
import { STATES } from '../parts/show.tsx';
import { DaysPage } from '../views/days.tsx';
import { DaysChart } from '../views/days-chart.tsx';
import type { Route } from './route.ts';

const ROWS_PER_PAGE = 100;

export function daysRoutes(): Route[] {
  return [
    { method: 'get', path: '/days', needs: 'viewer', run: showDays },
    { method: 'get', path: '/days.csv', needs: 'viewer', run: exportDays },
  ];
}

async function showDays(call: UserCall): Promise<void> {
  const { stores, filter, days } = await readDays(call);
  const pages = Math.max(1, Math.ceil(days.length / ROWS_PER_PAGE));
  const page = Math.min(pages, Math.max(1, Number.parseInt(query(call, 'page'), 10) || 1));
  const stuck = days.filter(({ day }) => STATES[day.state].tone === 'bad').length;
  const shown = days.slice((page - 1) * ROWS_PER_PAGE, page * ROWS_PER_PAGE);
  const asked = new URLSearchParams({ ...filter }).toString();
  const chart = <DaysChart days={days} backlog={await backlogOf(call)} />;
  const props = { chart, stores, filter, page, pages, stuck, total: days.length, query: asked };
  show(call, 'Days', <DaysPage days={shown} {...props} />);
}

/** Summaries that the shops said they still hold. */
async function backlogOf(call: UserCall): Promise<number> {
  const beats = await call.deps.db.list('heartbeats');
  return beats.reduce((sum, { value }) => sum + value.heartbeat.backlog.waiting, 0);
}

async function exportDays(call: UserCall): Promise<void> {
  const { days } = await readDays(call);
  const head = ['Date', 'Store', 'State', 'Reason', 'Currency', 'Sales', 'Documents'];
  const rows = days.map(({ store, day }) => {
    return [
      day.date,
      store.name,
      day.state,
      day.reasons.map(reason => reason.message).join(' '),
      store.currency,
      day.gross === undefined ? undefined : formatMinor(day.gross, store.currency),
      day.documents.join(' '),
    ];
  });
  call.res
    .type('csv')
    .attachment('days.csv')
    .send(toCsv([head, ...rows]));
}

async function readDays(
  call: UserCall,
): Promise<{ stores: StoreRecord[]; filter: DayFilter; days: ListedDay[] }> {
  const { db } = call.deps;
  const stores = (await db.list('stores')).map(row => row.value);
  stores.sort(compareNames);
  // The date line: some store may be a day ahead of this one's zone, so the range ends tomorrow.
  const today = businessDateOf(call.now, { timezone: 'UTC', cutOver: '00:00' });
  const states = [...Object.keys(STATES), 'unfinished'];
  const filter = parseFilter(name => query(call, name), today, states);
  return { stores, filter, days: await listDays(call.heads, stores, filter) };
}
