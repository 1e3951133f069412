/**
 * The relay is killed at every write, and answers of Xero are lost at every call, before and after
 * Xero has done its work: there is always exactly one invoice with one set of payments.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type KillPoint, mortalDb } from '../../support/kill-db.ts';
import {
  addStore,
  busyDay,
  connect,
  dayIn,
  deliver,
  makeRig,
  postAll,
  type Rig,
} from '../../support/posting.ts';
import type { Fault } from '../../support/xero/types.ts';

const DATE = '2026-11-20';

async function rigWithDays(t: TestContext): Promise<{ rig: Rig; keys: string[] }> {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig);
  await addStore(rig, 'store-2');
  const refund = [{ category: 'Coffee', taxCode: 'GST9', count: 1, amount: -550, tax: -45 }];
  const keys = [
    await deliver(rig, DATE),
    await deliver(rig, '2026-11-19'),
    await deliver(rig, DATE, busyDay({ sales: refund, tenders: { cash: -550 } }), 'store-2'),
  ];
  return { rig, keys };
}

/** Two invoices and a credit note, each paid once per tender. */
function assertOnce(rig: Rig, label: string): void {
  const documents = rig.standIn.control.documents();
  const totals = documents.map(one => `${one['Status']} ${one['Total']}`).sort();
  assert.deepEqual(totals, ['PAID 24', 'PAID 24', 'PAID 5.5'], label);
  const paid = rig.standIn.control.payments().map(one => String(one['Reference']));
  assert.equal(new Set(paid).size, 5, label);
  assert.equal(paid.length, 5, label);
}

async function killAt(t: TestContext, point: KillPoint, pauseMs: number): Promise<void> {
  const { rig, keys } = await rigWithDays(t);
  const first = mortalDb(rig.db, point);
  rig.start(first.db);
  await first.killed;
  await new Promise(done => setTimeout(done, 30)); // What it had sent still arrives.
  rig.advance(pauseMs);
  await postAll(rig, keys);
  assertOnce(rig, `${JSON.stringify(point)} after ${pauseMs} ms`);
}

async function countWrites(t: TestContext): Promise<number> {
  const { rig, keys } = await rigWithDays(t);
  const counted = mortalDb(rig.db);
  const poster = rig.start(counted.db);
  for (const key of keys) await dayIn(rig, key, ['reconciled']);
  const writes = counted.writes();
  await poster.stop();
  return writes;
}

for (const pauseMs of [0, 10 * 60_000]) {
  test(`killed at any write, started again after ${pauseMs / 60_000} min: posted once`, async t => {
    const writes = await countWrites(t);
    assert.ok(writes >= 10, `${writes} writes`);
    for (let write = 1; write <= writes; write += 1) {
      for (const when of ['before', 'after'] as const) {
        await t.test(`${when} write ${write}`, step => killAt(step, { write, when }, pauseMs));
      }
    }
  });
}

const CALLS: Pick<Fault, 'method' | 'path'>[] = [
  { method: 'GET', path: '/Organisation$' },
  { method: 'GET', path: '/Accounts$' },
  { method: 'GET', path: '/Contacts$' },
  { method: 'PUT', path: '/Contacts$' },
  { method: 'PUT', path: '/Invoices$' },
  { method: 'PUT', path: '/CreditNotes$' },
  { method: 'PUT', path: '/Payments$' },
  { method: 'GET', path: '/Invoices$' },
  { method: 'GET', path: '/CreditNotes$' },
];

/** What Xero, or something between it and us, answers instead of what it did. */
const ANSWERS: { name: string; answer: Fault['answer']; times: Fault['when'][] }[] = [
  { name: 'lost', answer: { kind: 'lost' }, times: ['before', 'after'] },
  {
    name: 'a web page with 200',
    answer: { kind: 'html', status: 200 },
    times: ['before', 'after'],
  },
  {
    name: 'a web page with 503',
    answer: { kind: 'html', status: 503 },
    times: ['before', 'after'],
  },
  { name: 'empty', answer: { kind: 'empty', status: 200 }, times: ['before', 'after'] },
  { name: 'an error 500', answer: { kind: 'status', status: 500 }, times: ['before', 'after'] },
  {
    name: 'a limit',
    answer: { kind: 'rate-limit', problem: 'concurrent', retryAfterSeconds: 1 },
    times: ['before'],
  },
];

for (const { name, answer, times } of ANSWERS) {
  test(`an answer is ${name}, at any call, before or after Xero acted: posted once`, async t => {
    for (const call of CALLS) {
      for (const when of times) {
        const label = `${when} ${call.method} ${call.path}`;
        await t.test(label, async step => {
          const { rig, keys } = await rigWithDays(step);
          rig.standIn.control.fault({ ...call, answer, ...(when && { when }) });
          await postAll(rig, keys);
          assertOnce(rig, label);
        });
      }
    }
  });
}

test('a lost answer and a kill together, with the database of last week: posted once', async t => {
  const { rig, keys } = await rigWithDays(t);
  const old = await Promise.all(
    keys.map(async key => ({ key, day: await rig.db.get('days', key) })),
  );
  await postAll(rig, keys);
  rig.advance(7 * 24 * 3_600_000);
  await rig.db.write(async tx => {
    for (const { key, day } of old) if (day !== undefined) await tx.put('days', key, day);
  });
  rig.standIn.control.fault({
    path: '/(Invoices|Payments)$',
    when: 'after',
    answer: { kind: 'lost' },
  });
  await postAll(rig, keys);
  assertOnce(rig, 'restored');
});
