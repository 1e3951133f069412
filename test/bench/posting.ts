/**
 * `npm run bench:posting`: a thousand stores of one organisation close at midnight. How many calls
 * to Xero a store-day costs, whether Xero had to say 429, and which date was posted first. The clock
 * of relay and stand-in goes faster than the world's: `… posting.js [stores] [speed]`.
 */
import { addStore, busyDay, connect, deliver, makeRig } from '../support/posting.ts';
import { type Target, table, writeSection } from './results.ts';

const [stores = 1000, speed = 3] = process.argv.slice(2).map(Number);
const TENDERS = { card: 900, cash: 500, paynow: 400, grab: 600 };
const TENDER_COUNT = Object.keys(TENDERS).length;
/** Calls per store-day. */
const BUDGET = 0.04 + 0.02 * TENDER_COUNT;
const POLL_MS = 100;

interface Night {
  name: string;
  /** Days to post. */
  days: number;
  /** On the clock of relay and stand-in. */
  seconds: number;
  /** Requests by `METHOD Resource`. */
  calls: ReadonlyMap<string, number>;
  refused: number;
  oldestFirst: boolean;
}

const ends: (() => unknown)[] = [];
const rig = await makeRig({ after: end => ends.push(end as () => unknown) }, {}, speed);
try {
  await connect(rig);
  const ids = Array.from({ length: stores }, (_, i) => `shop-${String(i).padStart(4, '0')}`);
  await Promise.all(ids.map(id => addStore(rig, id)));
  const first = await measure('the first night', ids, ['2026-11-19']);
  const later = await measure('two nights at once', ids, ['2026-11-21', '2026-11-20']);
  console.log(await writeSection(report([first, later])));
} finally {
  for (const end of ends) await end();
}

/** Dates are delivered in the order given; all wait before the poster starts. */
async function measure(
  name: string,
  ids: readonly string[],
  dates: readonly string[],
): Promise<Night> {
  const keys: string[] = [];
  for (const date of dates) {
    const day = busyDay({ tenders: TENDERS });
    keys.push(...(await Promise.all(ids.map(id => deliver(rig, date, day, id)))));
  }
  rig.standIn.control.clearRequests();
  const began = rig.now();
  const poster = rig.start();
  for (const key of keys) await untilReconciled(key);
  const seconds = (rig.now() - began) / 1000;
  await poster.stop();
  const night = { name, days: keys.length, seconds, ...countCalls() };
  return { ...night, oldestFirst: await wereOldestFirst(keys) };
}

async function untilReconciled(key: string): Promise<void> {
  while ((await rig.db.get('days', key))?.state !== 'reconciled') {
    await new Promise(done => setTimeout(done, POLL_MS));
  }
}

function countCalls(): Pick<Night, 'calls' | 'refused'> {
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

function callsPerDay({ calls, days }: Night): number {
  return [...calls.values()].reduce((sum, count) => sum + count, 0) / days;
}

function report(nights: readonly Night[]) {
  const names = [...new Set(nights.flatMap(({ calls }) => [...calls.keys()]))];
  const rows = nights.map(night => [
    ...[night.name, night.days, (night.seconds / 60).toFixed(1), callsPerDay(night).toFixed(3)],
    ...[night.refused, ...names.map(name => night.calls.get(name) ?? 0)],
  ]);
  const head = ['', 'store-days', 'minutes', 'calls per store-day', '429', ...names];
  return {
    part: 'posting' as const,
    title: `Midnight: ${stores} stores of one organisation are posted`,
    command: 'npm run bench:posting',
    targets: [...nights.map(budgetTarget), refusedTarget(nights), orderTarget(nights)],
    body: `${table(head, rows)}

${TENDER_COUNT} tenders; budget 0.04 + 0.02 × tenders = ${BUDGET.toFixed(2)} calls, read-back included. The stand-in holds
Xero's limits (60 a minute, 5 at once). On a store's first night its contact is looked up and made,
50 in a call each, once for ever: a document names its contact by id, never by a name that Xero could
take for another's. Minutes are those of the clock that relay and stand-in share.`,
  };
}

function budgetTarget(night: Night): Target {
  const calls = callsPerDay(night);
  return {
    target: `${night.name}: at most ${BUDGET.toFixed(2)} calls per store-day`,
    measured: calls.toFixed(3),
    reached: calls <= BUDGET,
  };
}

function refusedTarget(nights: readonly Night[]): Target {
  const refused = nights.reduce((sum, night) => sum + night.refused, 0);
  return { target: 'never a 429', measured: `${refused}`, reached: refused === 0 };
}

function orderTarget(nights: readonly Night[]): Target {
  const reached = nights.every(night => night.oldestFirst);
  return { target: 'oldest first', measured: reached ? 'yes' : 'no', reached };
}
