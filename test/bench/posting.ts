/**
 * A thousand stores of one organisation close at midnight: how many calls to Xero a store-day costs,
 * how long the queue takes, and whether Xero ever had to say 429. The clock goes faster than the
 * world's, on both sides alike. A measurement: `node dist/test/bench/posting.js [stores] [speed]`.
 */
import { addStore, busyDay, connect, deliver, makeRig } from '../support/posting.ts';

const [stores = 1000, speed = 20] = process.argv.slice(2).map(Number);
const TENDERS = { card: 900, cash: 500, paynow: 400, grab: 600 };
const DATES = ['2026-11-19', '2026-11-20'];
const POLL_MS = 100;

const ends: (() => unknown)[] = [];
const rig = await makeRig({ after: end => ends.push(end as () => unknown) }, {}, speed);
try {
  await connect(rig);
  const ids = Array.from({ length: stores }, (_, i) => `shop-${String(i).padStart(4, '0')}`);
  for (const id of ids) await addStore(rig, id);
  for (const date of DATES) await measureNight(ids, date);
} finally {
  for (const end of ends) await end();
}

async function measureNight(ids: readonly string[], date: string): Promise<void> {
  const keys: string[] = [];
  for (const id of ids) keys.push(await deliver(rig, date, busyDay({ tenders: TENDERS }), id));
  rig.standIn.control.clearRequests();
  const [began, beganReal] = [rig.now(), Date.now()];
  const poster = rig.start();
  for (const key of keys) {
    while ((await rig.db.get('days', key))?.state !== 'reconciled') {
      await new Promise(done => setTimeout(done, POLL_MS));
    }
  }
  const seconds = (rig.now() - began) / 1000;
  await poster.stop();
  report(date, ids.length, seconds, (Date.now() - beganReal) / 1000);
}

function report(date: string, days: number, seconds: number, realSeconds: number): void {
  const requests = rig.standIn.control.requests({ path: '/api.xro/' });
  const refused = requests.filter(({ status }) => status === 429).length;
  const byCall = new Map<string, number>();
  for (const { method, path } of requests) {
    const name = `${method} ${path.split('/').at(-1)}`;
    byCall.set(name, (byCall.get(name) ?? 0) + 1);
  }
  const tenders = Object.keys(TENDERS).length;
  const budget = 0.04 + 0.02 * tenders;
  console.log(JSON.stringify({ date, days, tenders, seconds: Math.round(seconds), realSeconds }));
  console.log(`calls per store-day ${requests.length / days} (budget ${budget}), 429: ${refused}`);
  console.log(Object.fromEntries(byCall));
}
