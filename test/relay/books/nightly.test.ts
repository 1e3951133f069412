/** The nightly read: what was changed by hand in Xero, and mappings that no longer fit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../protocol/host/log.ts';
import { runNightly } from '../../../relay/books/nightly.ts';
import { addStore, connect, dayIn, deliver, makeRig, type Rig } from '../../support/posting.ts';

const NUMBER = 'TB-store-1-20261120';

async function posted(t: Parameters<typeof makeRig>[0]): Promise<{ rig: Rig; key: string }> {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig);
  const key = await deliver(rig, '2026-11-20');
  rig.start();
  await dayIn(rig, key, ['reconciled']);
  return { rig, key };
}

async function night(rig: Rig): Promise<string[]> {
  rig.advance(24 * 3_600_000);
  const woken: string[] = [];
  const { db, xero, now: clock } = rig;
  const wake = (key?: string) => woken.push(key ?? '');
  await runNightly({ db, xero, clock, log: silentLog(), wake, holder: 'test' });
  return woken;
}

test('a quiet night changes nothing', async t => {
  const { rig, key } = await posted(t);
  assert.deepEqual(await night(rig), []);
  assert.equal((await rig.db.get('days', key))?.state, 'reconciled');
});

test('an invoice that was voided in Xero is shown on its day', async t => {
  const { rig, key } = await posted(t);
  rig.standIn.control.voidDocument({ document: NUMBER });
  assert.deepEqual(await night(rig), [key]);
  const day = await rig.db.get('days', key);
  assert.equal(day?.state, 'posted');
  assert.equal(day?.reasons[0]?.code, 'document-gone');
});

test('a payment that was deleted, and a line that was moved, are shown', async t => {
  const { rig, key } = await posted(t);
  rig.standIn.control.deletePayment({ payment: `${NUMBER} cash` });
  rig.standIn.control.editDocument({ document: NUMBER, line: 0, accountCode: '260' });
  assert.deepEqual(await night(rig), [key]);
  const day = await rig.db.get('days', key);
  assert.equal(day?.reasons[0]?.code, 'changed-in-xero');
  assert.match(day?.reasons.map(one => one.message).join(' ') ?? '', /260.*cash/);
  assert.deepEqual(await night(rig), [], 'it is told once');
});

test('a bank reconciliation that was undone is shown until it is made again', async t => {
  const { rig, key } = await posted(t);
  const payment = `${NUMBER} cash`;
  rig.standIn.control.reconcilePayment({ payment });
  assert.deepEqual(await night(rig), [], 'a match is no news');
  assert.equal((await rig.db.get('days', key))?.state, 'reconciled');
  rig.standIn.control.reconcilePayment({ payment, reconciled: false });
  assert.deepEqual(await night(rig), [key]);
  const day = await rig.db.get('days', key);
  assert.equal(day?.state, 'posted');
  assert.equal(day?.reasons[0]?.code, 'changed-in-xero');
  assert.match(day?.reasons[0]?.message ?? '', /payment cash: its bank reconciliation was undone/);
  assert.deepEqual(await night(rig), [], 'it is told once');
  rig.standIn.control.reconcilePayment({ payment });
  assert.deepEqual(await night(rig), [key]);
  assert.equal((await rig.db.get('days', key))?.state, 'reconciled');
});

test('an account that was archived is told before the next close', async t => {
  const { rig } = await posted(t);
  rig.standIn.control.archiveAccount({ code: '200' });
  await night(rig);
  const books = (await rig.db.get('stores', 'store-1'))?.books;
  assert.deepEqual(
    books?.problems?.map(one => one.code),
    ['account-archived'],
  );
  rig.standIn.control.restoreAccount({ code: '200' });
  await night(rig);
  assert.equal((await rig.db.get('stores', 'store-1'))?.books?.problems, undefined);
});

test('a tax rate that was changed is told until the mapping is saved again', async t => {
  const { rig } = await posted(t);
  rig.standIn.control.setTaxRate({ taxType: 'OUTPUT', percent: 10 });
  const problems = async () => (await rig.db.get('stores', 'store-1'))?.books?.problems;
  await night(rig);
  assert.match((await problems())?.[0]?.message ?? '', /was 9 % and is 10 % in Xero now/);
  await night(rig);
  assert.deepEqual(
    (await problems())?.map(one => one.code),
    ['tax-rate-changed'],
  );
});

test('an archived account whose code Xero silently drops: not paid, and said', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig);
  await rig.xero.readChart({ connection: 'connection-1', organisation: rig.organisation });
  rig.standIn.control.archiveAccount({ code: '832', outcome: 'warning' });
  const key = await deliver(rig, '2026-11-20');
  rig.start();
  const day = await dayIn(rig, key, ['posted']);
  assert.equal(day.reasons[0]?.code, 'books-differ');
  assert.equal(rig.standIn.control.payments().length, 0);
});
