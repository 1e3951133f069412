/**
 * A relay is put back to a backup from before the number prefix and the reference's template were
 * changed, and is given days again that it posted since: one invoice, one set of payments.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createDayDesk } from '../../../relay/books/actions.ts';
import type { Db } from '../../../relay/db/db.ts';
import { openPostgres } from '../../../relay/db/postgres.ts';
import { mortalDb } from '../../support/kill-db.ts';
import { TestPostgres } from '../../support/postgres.ts';
import {
  addStore,
  busyDay,
  connect,
  dayIn,
  deliver,
  deliverTogether,
  makeRig,
  postAll,
  type Rig,
} from '../../support/posting.ts';
import { needs } from '../../support/tools.ts';

const COFFEE = { category: 'Coffee', taxCode: 'GST9' };
const busy = busyDay();
/** 5.50 more in cash than `busy`. */
const more = busyDay({
  sales: [
    { ...COFFEE, count: 5, amount: 2750, tax: 227 },
    { kind: 'tip', amount: 200 },
  ],
  tenders: { card: 1303, cash: 1647 },
});
/** More given back than taken. */
const refund = busyDay({
  sales: [{ ...COFFEE, count: 1, amount: -550, tax: -45 }],
  tenders: { cash: -550 },
});

/** Revisions of each day, in the order in which the shop sends them. */
const DAYS = {
  '2026-11-17': [busy],
  '2026-11-18': [busy, more],
  '2026-11-19': [refund],
  '2026-11-20': [more, busy, more],
};
const NUMBERS = [
  ...['NEW-store-1-20261117', 'NEW-store-1-20261118', 'NEW-store-1-20261118-A1'],
  ...['NEW-store-1-20261119', 'NEW-store-1-20261120', 'NEW-store-1-20261120-A1'],
  'NEW-store-1-20261120-A2',
];
const RENAMED = { prefix: 'NEW', reference: 'Day of {store}: {date}' };
const WEEK_MS = 7 * 24 * 3_600_000;

async function office(t: TestContext, db?: Db): Promise<Rig> {
  const rig = await makeRig(t, db === undefined ? {} : { db });
  await connect(rig);
  return rig;
}

/** The week as it was lived: each revision posted before the next one comes. */
async function liveOn(rig: Rig): Promise<void> {
  await addStore(rig, 'store-1', RENAMED);
  for (const [date, revisions] of Object.entries(DAYS)) {
    for (const day of revisions) await postAll(rig, [await deliver(rig, date, day)]);
  }
  assert.deepEqual(numbersIn(rig), NUMBERS);
}

/** The backup knew the old prefix and none of the days; the shop sends all of them again. */
async function putBack(rig: Rig): Promise<string[]> {
  rig.advance(WEEK_MS);
  await rig.db.write(async tx => {
    for (const date of Object.keys(DAYS)) await tx.remove('days', `store-1/${date}`);
  });
  await addStore(rig);
  const all = Object.entries(DAYS).flatMap(([date, revisions]) =>
    revisions.map(day => ({ store: 'store-1', date, day })),
  );
  return [...new Set(await deliverTogether(rig, all))];
}

function numbersIn(rig: Rig): string[] {
  const numberOf = (one: Record<string, unknown>) =>
    one['InvoiceNumber'] ?? one['CreditNoteNumber'];
  return rig.standIn.control.documents().map(numberOf).map(String).sort();
}

/** As many as were made in the first place, each settled by its own payments. */
function assertOnce(rig: Rig): void {
  assert.deepEqual(numbersIn(rig), NUMBERS);
  const paid = rig.standIn.control.payments().map(one => String(one['Reference']));
  assert.equal(paid.length, new Set(paid).size);
  assert.equal(paid.length, 10);
  assert.ok(rig.standIn.control.documents().every(one => one['Status'] === 'PAID'));
}

async function restoredOnce(rig: Rig): Promise<void> {
  await liveOn(rig);
  await postAll(rig, await putBack(rig));
  assertOnce(rig);
  const day = await rig.db.get('days', 'store-1/2026-11-20');
  assert.deepEqual(
    day?.documents.map(({ plan, revision }) => [plan.number, plan.kind, revision]),
    [
      ['NEW-store-1-20261120', 'invoice', 1],
      ['NEW-store-1-20261120-A1', 'credit-note', 2],
      ['NEW-store-1-20261120-A2', 'invoice', 3],
    ],
  );
}

describe('a backup from before the prefix was changed', () => {
  it('is put back: what was posted since is found by its digest, adjustments too', async t => {
    await restoredOnce(await office(t));
  });

  it('is put back, and the relay is killed at any write while it finds that out', async t => {
    const rig = await office(t);
    await liveOn(rig);
    const counted = mortalDb(rig.db);
    await postAll(rig, await putBack(rig), counted.db);
    const writes = counted.writes();
    assert.ok(writes >= 8, `${writes} writes`);
    for (let write = 1; write <= writes; write += 1) {
      const keys = await putBack(rig);
      const mortal = mortalDb(rig.db, { write, when: 'after' });
      const doomed = rig.start(mortal.db);
      const nudge = setInterval(() => doomed.wake(), 40);
      await mortal.killed;
      clearInterval(nudge);
      await postAll(rig, keys);
      assertOnce(rig);
    }
  });

  it('is put back while Xero cannot be asked: nothing is made until it answers', async t => {
    const rig = await office(t);
    await liveOn(rig);
    const answer = { kind: 'status', status: 500 } as const;
    rig.standIn.control.fault({
      method: 'GET',
      path: '/(Invoices|CreditNotes)$',
      times: 3,
      answer,
    });
    await postAll(rig, await putBack(rig));
    assertOnce(rig);
  });

  it('on PostgreSQL, too', needs('postgres'), async t => {
    const server = await TestPostgres.start();
    t.after(() => server.stop());
    await restoredOnce(await office(t, await openPostgres(await server.newUrl())));
  });
});

const DATE = '2026-11-20';
const KEY = `store-1/${DATE}`;
const nothing = busyDay({ sales: [], tenders: {} });

/** A database that has forgotten the day and knows the old prefix; the shop sends it all again. */
async function forget(rig: Rig, revisions: readonly ReturnType<typeof busyDay>[]): Promise<void> {
  await rig.db.write(tx => tx.remove('days', KEY));
  await addStore(rig);
  const all = revisions.map(day => ({ store: 'store-1', date: DATE, day }));
  await deliverTogether(rig, all);
}

/** Posted as `NEW-…` under another template; then forgotten. */
async function renamedOffice(t: TestContext, first = busy): Promise<Rig> {
  const rig = await office(t);
  await addStore(rig, 'store-1', RENAMED);
  await postAll(rig, [await deliver(rig, DATE, first)]);
  return rig;
}

describe('a day that Xero holds under another number', () => {
  it('was taken back wholly since: what stands there is settled by a credit note', async t => {
    const rig = await renamedOffice(t);
    await forget(rig, [busy, nothing]);
    await postAll(rig, [KEY]);
    assert.deepEqual(numbersIn(rig), ['NEW-store-1-20261120', 'TB-store-1-20261120-A1']);
  });

  it('was put back to its first totals by a third revision: the second one is not forgotten', async t => {
    const rig = await renamedOffice(t);
    await postAll(rig, [await deliver(rig, DATE, more)]);
    await forget(rig, [busy, more, busy]);
    await postAll(rig, [KEY]);
    const third = 'TB-store-1-20261120-A2';
    assert.deepEqual(numbersIn(rig), ['NEW-store-1-20261120', 'NEW-store-1-20261120-A1', third]);
  });

  it('was voided there and posted again: the one that stands is taken', async t => {
    const rig = await renamedOffice(t);
    const { db, now: clock, standIn } = rig;
    standIn.control.voidDocument({ document: 'NEW-store-1-20261120' });
    const desk = createDayDesk({ db, clock, wake: () => {} });
    await desk.act('retry', 'store-1', DATE, 'hq');
    const poster = rig.start();
    await dayIn(rig, KEY, ['posted']);
    await poster.stop();
    await desk.act('post', 'store-1', DATE, 'hq');
    await postAll(rig, [KEY]);
    const made = numbersIn(rig);
    await forget(rig, [busy]);
    await postAll(rig, [KEY]);
    assert.deepEqual(numbersIn(rig), made);
    assert.match((await db.get('days', KEY))?.documents[0]?.plan.number ?? '', /^NEW-.*-R1$/);
  });

  it('and that the old mapping cannot plan: it waits and says why, and nothing is made', async t => {
    const rig = await office(t);
    await addStore(rig, 'store-1', { ...RENAMED, kinds: { tip: '832', deposit: '830' } });
    const deposit = busyDay({ sales: [{ kind: 'deposit', amount: 2400 }] });
    await postAll(rig, [await deliver(rig, DATE, deposit)]);
    await forget(rig, [deposit, busy]);
    rig.start();
    const day = await dayIn(rig, KEY, ['waiting']);
    assert.match(day.reasons[0]?.message ?? '', /deposit/i);
    assert.deepEqual(numbersIn(rig), ['NEW-store-1-20261120']);
  });

  it('was copied there by hand, reference and all: the copy is not taken for it', async t => {
    const rig = await renamedOffice(t);
    const [own] = rig.standIn.world.organisations[0]?.docs ?? [];
    assert.ok(own);
    rig.standIn.world.organisations[0]?.docs.unshift({ ...own, id: randomUUID(), number: 'INV-1' });
    await forget(rig, [busy]);
    await postAll(rig, [KEY]);
    assert.equal((await rig.db.get('days', KEY))?.documents[0]?.xeroId, own.id);
  });
});

describe('the question whether Xero holds a day already', () => {
  const lookUps = (rig: Rig) => {
    const asked = rig.standIn.control.requests({ method: 'GET', path: '/(Invoices|CreditNotes)$' });
    return asked.filter(({ query }) => query.includes('Reference')).length;
  };

  /** Its poster keeps the lease however the clock is moved. */
  const officeAtWork = async (t: TestContext) => {
    const rig = await makeRig(t, { lease: { ttlMs: WEEK_MS, renewMs: 15_000, pollMs: 100 } });
    await connect(rig);
    await addStore(rig);
    return rig;
  };

  it('is not asked for a day that closed while the relay was at work', async t => {
    const rig = await officeAtWork(t);
    const poster = rig.start();
    while ((await rig.db.get('leases', 'poster')) === undefined) await wait(5);
    rig.advance(3_600_000);
    const closedAt = new Date(rig.now()).toISOString();
    const [key = ''] = await deliverTogether(rig, [
      { store: 'store-1', date: '2026-11-21', day: busy, closedAt },
    ]);
    poster.wake();
    await dayIn(rig, key, ['reconciled']);
    assert.equal(lookUps(rig), 0);
  });

  it('is asked once for a day from before, however often Xero refuses it', async t => {
    const rig = await officeAtWork(t);
    const refused = { ValidationErrors: [{ Message: 'Account code 200 is not a valid code.' }] };
    const body = JSON.stringify({ Type: 'ValidationException', Elements: [refused] });
    const answer = { kind: 'status', status: 400, body } as const;
    rig.standIn.control.fault({ method: 'PUT', path: '/Invoices$', times: 2, answer });
    const key = await deliver(rig, DATE);
    const poster = rig.start();
    await dayIn(rig, key, ['waiting']);
    rig.advance(125_000);
    poster.wake();
    await wait(300);
    rig.advance(30 * 60_000);
    poster.wake();
    await dayIn(rig, key, ['reconciled']);
    assert.equal(rig.standIn.control.countRequests({ method: 'PUT', path: '/Invoices$' }), 3);
    assert.equal(lookUps(rig), 2);
  });
});
