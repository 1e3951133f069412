/**
 * `npm run bench:posting`: a thousand stores of one organisation close at midnight. How many calls
 * to Xero a store-day costs, whether Xero had to say 429, and which date was posted first. The clock
 * of relay and stand-in goes faster than the world's: `… posting.js [stores] [speed]`.
 */
import { silentLog } from '../../protocol/host/log.ts';
import { createDayDesk } from '../../relay/books/actions.ts';
import { startContactsAhead } from '../../relay/books/contacts-ahead.ts';
import { addStore, busyDay, connect, deliverTogether, makeRig } from '../support/posting.ts';
import { type Target, table, writeSection } from './results.ts';

const [stores = 1000, speed = 3] = process.argv.slice(2).map(Number);
const TENDERS = { card: 900, cash: 500, paynow: 400, grab: 600 };
const TENDER_COUNT = Object.keys(TENDERS).length;
/** Calls per store-day. */
const BUDGET = 0.04 + 0.02 * TENDER_COUNT;
/** Invoices and credit notes are looked for by reference, 50 days in a call. */
const LOOK_UP = 2 / 50;
const POLL_MS = 100;
const HOUR_MS = 3_600_000;
/** The simulated clock must not take the lease away from a poster that is at work. */
const LEASE = { ttlMs: 24 * HOUR_MS, renewMs: 15_000, pollMs: 100 };

interface Counted {
  /** Requests by `METHOD Resource`. */
  calls: ReadonlyMap<string, number>;
  refused: number;
}

interface Night extends Counted {
  name: string;
  /** Days to post. */
  days: number;
  /** On the clock of relay and stand-in. */
  seconds: number;
  /** Calls per store-day. */
  budget: number;
  oldestFirst: boolean;
}

const ends: (() => unknown)[] = [];
const after = (end: unknown) => ends.push(end as () => unknown);
const rig = await makeRig({ after }, { lease: LEASE }, speed);
try {
  const connection = await connect(rig);
  const ids = Array.from({ length: stores }, (_, i) => `shop-${String(i).padStart(4, '0')}`);
  const setUp = await mapAll(connection, ids);
  const nights = [
    await measure('the first night', ids, ['2026-11-19']),
    await measure('the second night', ids, ['2026-11-20']),
    await catchUp('two nights that waited', ids, ['2026-11-22', '2026-11-21']),
  ];
  console.log(await writeSection(report(setUp, nights)));
} finally {
  for (const end of ends) await end();
}

/** HQ maps every store, over the API in a burst: what that costs, once. */
async function mapAll(connection: string, ids: readonly string[]): Promise<Counted> {
  const { db, xero, organisation, now: clock } = rig;
  rig.standIn.control.clearRequests();
  await xero.readChart({ connection, organisation });
  const ahead = startContactsAhead({ db, xero, log: silentLog() });
  const desk = createDayDesk({ db, clock, wake: () => {}, contactWanted: ahead.wanted });
  for (const id of ids) {
    await addStore(rig, id);
    await desk.mappingSaved(id);
  }
  while (Object.keys((await db.get('charts', organisation))?.contacts ?? {}).length < stores) {
    await sleep();
  }
  await ahead.stop();
  return countCalls();
}

/** The relay has been at work for an hour when all stores close. */
async function measure(
  name: string,
  ids: readonly string[],
  dates: readonly string[],
): Promise<Night> {
  const poster = rig.start();
  while (!(await isAtWork())) await sleep();
  rig.advance(HOUR_MS);
  const keys = await deliverAll(ids, dates, rig.now());
  const began = begin();
  poster.wake();
  const seconds = await untilReconciled(keys, began);
  await poster.stop();
  return { name, days: keys.length, seconds, budget: BUDGET, ...(await outcome(keys)) };
}

async function isAtWork(): Promise<boolean> {
  const lease = await rig.db.get('leases', 'poster');
  return lease !== undefined && Date.parse(lease.until) > rig.now();
}

/** Days that closed while no relay ran, the newer date in first. */
async function catchUp(
  name: string,
  ids: readonly string[],
  dates: readonly string[],
): Promise<Night> {
  const keys = await deliverAll(ids, dates, rig.now());
  rig.advance(HOUR_MS);
  const began = begin();
  const poster = rig.start();
  const seconds = await untilReconciled(keys, began);
  await poster.stop();
  const budget = BUDGET + LOOK_UP;
  return { name, days: keys.length, seconds, budget, ...(await outcome(keys)) };
}

async function deliverAll(
  ids: readonly string[],
  dates: readonly string[],
  atMs: number,
): Promise<string[]> {
  const closedAt = new Date(atMs).toISOString();
  const day = busyDay({ tenders: TENDERS });
  const all = dates.flatMap(date => ids.map(store => ({ store, date, day, closedAt })));
  return deliverTogether(rig, all);
}

function begin(): number {
  rig.standIn.control.clearRequests();
  return rig.now();
}

async function untilReconciled(keys: readonly string[], began: number): Promise<number> {
  for (const key of keys) {
    while ((await rig.db.get('days', key))?.state !== 'reconciled') await sleep();
  }
  return (rig.now() - began) / 1000;
}

async function outcome(keys: readonly string[]) {
  return { ...countCalls(), oldestFirst: await wereOldestFirst(keys) };
}

function sleep(): Promise<void> {
  return new Promise(done => setTimeout(done, POLL_MS));
}

function countCalls(): Counted {
  const requests = rig.standIn.control.requests({ path: '/api.xro/' });
  const calls = new Map<string, number>();
  for (const { method, path } of requests) {
    const name = `${method} ${path.split('/').at(-1)}`;
    calls.set(name, (calls.get(name) ?? 0) + 1);
  }
  return { calls, refused: requests.filter(({ status }) => status === 429).length };
}

/** No document of a date was made before the last one of an earlier date. */
async function wereOldestFirst(keys: readonly string[]): Promise<boolean> {
  const made = new Map<string, string[]>();
  for (const key of keys) {
    const day = await rig.db.get('days', key);
    const at = day?.documents[0]?.postedAt ?? '';
    made.set(day?.date ?? '', [...(made.get(day?.date ?? '') ?? []), at].sort());
  }
  const times = [...made].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, at]) => at);
  return times.every((at, i) => i === 0 || (at[0] ?? '') >= (times[i - 1]?.at(-1) ?? ''));
}

function sum({ calls }: Counted): number {
  return [...calls.values()].reduce((total, count) => total + count, 0);
}

function callsPerDay(night: Night): number {
  return sum(night) / night.days;
}

function report(setUp: Counted, nights: readonly Night[]) {
  const names = [...new Set([setUp, ...nights].flatMap(({ calls }) => [...calls.keys()]))];
  const counts = ({ calls }: Counted) => names.map(name => calls.get(name) ?? 0);
  const rows = nights.map(night => [
    ...[night.name, night.days, (night.seconds / 60).toFixed(1), callsPerDay(night).toFixed(3)],
    ...[night.refused, ...counts(night)],
  ]);
  const once = [`set-up of ${stores} stores`, '', '', 'once', setUp.refused, ...counts(setUp)];
  const head = ['', 'store-days', 'minutes', 'calls per store-day', '429', ...names];
  const refused = [setUp, ...nights].reduce((total, night) => total + night.refused, 0);
  return {
    part: 'posting' as const,
    title: `Midnight: ${stores} stores of one organisation are posted`,
    command: 'npm run bench:posting',
    targets: [...nights.map(budgetTarget), refusedTarget(refused), orderTarget(nights)],
    body: `${table(head, [once, ...rows])}

Set-up of ${stores} stores: ${sum(setUp)} calls, once. They are counted apart and are in no night's number. The
chart of accounts is read for the settings page, and again once a day (4 calls); when mappings are
saved, the stores' contacts are looked up and made, 50 in a call each. A document names its contact
by id, never by a name that Xero could take for another's.

${TENDER_COUNT} tenders; budget 0.04 + 0.02 × tenders = ${BUDGET.toFixed(2)} calls, read-back included. The stand-in holds
Xero's limits (60 a minute, 5 at once). Minutes are those of the clock that relay and stand-in share.
The nights that waited closed while no relay ran: before anything is created for them, Xero is asked
whether it holds them already, which adds 2 calls per 50 store-days (${LOOK_UP.toFixed(2)}).`,
  };
}

function budgetTarget(night: Night): Target {
  const calls = callsPerDay(night);
  return {
    target: `${night.name}: at most ${night.budget.toFixed(2)} calls per store-day`,
    measured: calls.toFixed(3),
    reached: calls <= night.budget,
  };
}

function refusedTarget(refused: number): Target {
  return { target: 'never a 429', measured: `${refused}`, reached: refused === 0 };
}

function orderTarget(nights: readonly Night[]): Target {
  const reached = nights.every(night => night.oldestFirst);
  return { target: 'oldest first', measured: reached ? 'yes' : 'no', reached };
}
