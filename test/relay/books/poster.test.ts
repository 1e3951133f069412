/** Posting against the Xero stand-in with the real xero-node: the ordinary ways of a day. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addStore, busyDay, connect, dayIn, deliver, makeRig } from '../../support/posting.ts';

test('a day becomes one paid invoice with a payment per tender', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig);
  const key = await deliver(rig, '2026-11-20');
  rig.start();
  const day = await dayIn(rig, key, ['reconciled']);
  const [invoice, ...others] = rig.standIn.control.documents();
  assert.equal(others.length, 0);
  assert.equal(invoice?.['InvoiceNumber'], 'TB-store-1-20261120');
  assert.equal(invoice?.['Status'], 'PAID');
  assert.equal(invoice?.['Total'], 24);
  assert.deepEqual(
    rig.standIn.control.payments().map(one => [one['Reference'], one['Amount']]),
    [
      ['TB-store-1-20261120 card', 13.03],
      ['TB-store-1-20261120 cash', 10.97],
    ],
  );
  assert.equal(day.documents[0]?.readBack?.amountDue, 0);
});

test('a late sale is posted as an adjustment of its own', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig);
  const key = await deliver(rig, '2026-11-20');
  const poster = rig.start();
  await dayIn(rig, key, ['reconciled']);
  await deliver(
    rig,
    '2026-11-20',
    busyDay({
      sales: [
        { category: 'Coffee', taxCode: 'GST9', count: 5, amount: 2750, tax: 227 },
        { kind: 'tip', amount: 200 },
      ],
      tenders: { card: 1303, cash: 1647 },
    }),
  );
  poster.wake(key);
  const day = await dayIn(rig, key, ['reconciled']);
  assert.deepEqual(
    day.documents.map(one => [one.plan.number, one.plan.total, one.state]),
    [
      ['TB-store-1-20261120', 2400, 'reconciled'],
      ['TB-store-1-20261120-A1', 550, 'reconciled'],
    ],
  );
});

test('a day that gives back more than it takes becomes a credit note with refunds', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig);
  const refund = [{ category: 'Coffee', taxCode: 'GST9', count: 1, amount: -550, tax: -45 }];
  const key = await deliver(rig, '2026-11-20', busyDay({ sales: refund, tenders: { cash: -550 } }));
  rig.start();
  const day = await dayIn(rig, key, ['reconciled']);
  assert.equal(day.documents[0]?.plan.kind, 'credit-note');
  const [note] = rig.standIn.control.documents();
  assert.equal(note?.['Status'], 'PAID');
  assert.equal(note?.['Total'], 5.5);
});

test('a DRAFT day has no payments and is never called reconciled', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig, 'store-1', { status: 'DRAFT' });
  const key = await deliver(rig, '2026-11-20');
  rig.start();
  await dayIn(rig, key, ['drafted']);
  assert.equal(rig.standIn.control.payments().length, 0);
});

test('days from before the connection are kept, not posted', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig);
  const key = await deliver(rig, '2026-10-31');
  rig.start();
  const day = await dayIn(rig, key, ['not-posted']);
  assert.equal(day.reasons[0]?.code, 'before-connection');
  assert.equal(rig.standIn.control.documents().length, 0);
});
