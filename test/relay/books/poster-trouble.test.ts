/** What goes wrong around posting: each ends in a named state, and goes on by itself once mended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../../protocol/errors.ts';
import { createDayDesk } from '../../../relay/books/actions.ts';
import type { Poster } from '../../../relay/books/poster.ts';
import type { DocumentRecord } from '../../../relay/db/records.ts';
import {
  addStore,
  busyDay,
  connect,
  dayIn,
  deliver,
  makeRig,
  type Rig,
} from '../../support/posting.ts';

const DATE = '2026-11-20';
const NUMBER = 'TB-store-1-20261120';

async function shop(
  t: Parameters<typeof makeRig>[0],
  more = {},
): Promise<{ rig: Rig; key: string }> {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig, 'store-1', more);
  return { rig, key: await deliver(rig, DATE) };
}

function deskOf(rig: Rig, poster: Poster) {
  return createDayDesk({ db: rig.db, clock: rig.now, wake: key => poster.wake(key) });
}

/** A waiting day's reason, and the state after the mend and the two minutes of the next try. */
async function mended(rig: Rig, poster: Poster, key: string, mend: () => void): Promise<void> {
  mend();
  rig.advance(125_000);
  poster.wake();
  await dayIn(rig, key, ['reconciled']);
}

test('a locked period holds the day, and it is posted once the lock is moved', async t => {
  const { rig, key } = await shop(t);
  rig.standIn.control.setLockDates({ period: '2026-11-30' });
  const poster = rig.start();
  const day = await dayIn(rig, key, ['waiting']);
  assert.equal(day.reasons[0]?.code, 'period-locked');
  await mended(rig, poster, key, () => rig.standIn.control.setLockDates({ period: null }));
});

test('a lock set after the chart was read is Xero’s refusal, with its own words kept', async t => {
  const { rig, key } = await shop(t);
  await rig.xero.readChart({ connection: 'connection-1', organisation: rig.organisation });
  rig.standIn.control.setLockDates({ period: '2026-11-30' });
  const poster = rig.start();
  const day = await dayIn(rig, key, ['waiting']);
  assert.equal(day.reasons[0]?.code, 'period-locked');
  assert.match(day.reasons[0]?.raw ?? '', /lock date/);
  await mended(rig, poster, key, () => rig.standIn.control.setLockDates({ period: null }));
});

test('payments that are switched off leave the invoice standing until they are on again', async t => {
  const { rig, key } = await shop(t);
  await rig.xero.readChart({ connection: 'connection-1', organisation: rig.organisation });
  rig.standIn.control.enablePayments({ code: '621', enabled: false });
  const poster = rig.start();
  const day = await dayIn(rig, key, ['waiting']);
  assert.equal(day.reasons[0]?.code, 'payments-not-enabled');
  assert.equal(day.documents[0]?.state, 'created');
  await mended(rig, poster, key, () =>
    rig.standIn.control.enablePayments({ code: '621', enabled: true }),
  );
  assert.equal(rig.standIn.control.payments().length, 2);
});

test('a number that another document has is left alone', async t => {
  const { rig, key } = await shop(t);
  const poster = rig.start();
  await dayIn(rig, key, ['reconciled']);
  rig.standIn.control.editDocument({ document: NUMBER, reference: 'by hand' });
  await rig.db.write(async tx => {
    const day = await tx.get('days', key);
    if (day) await tx.put('days', key, { ...day, state: 'received', documents: [] });
  });
  poster.wake(key);
  const day = await dayIn(rig, key, ['waiting']);
  assert.equal(day.reasons[0]?.code, 'number-taken');
  assert.equal(rig.standIn.control.documents().length, 1);
});

test('what was voided by hand is said at Retry, and posted again as -R1 when asked', async t => {
  const { rig, key } = await shop(t);
  const poster = rig.start();
  await dayIn(rig, key, ['reconciled']);
  rig.standIn.control.voidDocument({ document: NUMBER });
  const desk = deskOf(rig, poster);
  await desk.act('retry', 'store-1', DATE, 'hq');
  const day = await dayIn(rig, key, ['posted']);
  assert.equal(day.reasons[0]?.code, 'document-gone');
  await desk.act('post', 'store-1', DATE, 'hq');
  await desk.act('post', 'store-1', DATE, 'hq');
  const again = await dayIn(rig, key, ['reconciled']);
  assert.deepEqual(
    again.documents.map(one => `${one.plan.number} ${one.state}`),
    [`${NUMBER} gone`, `${NUMBER}-R1 reconciled`],
  );
});

test('a held day is not posted before it is released', async t => {
  const { rig, key } = await shop(t);
  const idle = { wake: () => undefined, stop: async () => undefined };
  await deskOf(rig, idle).act('hold', 'store-1', DATE, 'hq');
  const poster = rig.start();
  const held = await dayIn(rig, key, ['waiting']);
  assert.equal(held.reasons[0]?.code, 'held');
  await deskOf(rig, poster).act('release', 'store-1', DATE, 'hq');
  await dayIn(rig, key, ['reconciled']);
});

test('a day with gaps waits where the store says so, until it is released', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig, 'store-1', { gaps: 'hold' });
  const key = await deliver(rig, DATE, busyDay({ missing: [[3, 4]] }));
  const poster = rig.start();
  const day = await dayIn(rig, key, ['waiting']);
  assert.equal(day.reasons[0]?.code, 'gaps');
  await deskOf(rig, poster).act('release', 'store-1', DATE, 'hq');
  await dayIn(rig, key, ['reconciled']);
});

test('kept days are posted for a range when HQ asks', async t => {
  const { rig } = await shop(t);
  const poster = rig.start();
  const keys = [await deliver(rig, '2026-10-30'), await deliver(rig, '2026-10-31')];
  for (const key of keys) await dayIn(rig, key, ['not-posted', 'received']);
  poster.wake();
  for (const key of keys) await dayIn(rig, key, ['not-posted']);
  const dates = await deskOf(rig, poster).postRange('store-1', '2026-10-01', '2026-10-31', 'hq');
  assert.deepEqual(dates, ['2026-10-30', '2026-10-31']);
  for (const key of keys) await dayIn(rig, key, ['reconciled']);
});

test('a revision that comes before posting replaces the one before it', async t => {
  const { rig, key } = await shop(t);
  await deliver(rig, DATE, busyDay({ sales: [{ amount: 1000 }], tenders: { cash: 1000 } }));
  rig.start();
  const day = await dayIn(rig, key, ['reconciled']);
  assert.deepEqual(
    day.documents.map(one => [one.plan.number, one.plan.total]),
    [[NUMBER, 1000]],
  );
});

test('disconnected in Xero: the queue is kept, and goes on after connecting again', async t => {
  const { rig, key } = await shop(t);
  rig.standIn.control.disconnect();
  const poster = rig.start();
  const day = await dayIn(rig, key, ['waiting']);
  assert.equal(day.reasons[0]?.code, 'xero-disconnected');
  await connect(rig);
  poster.wake();
  await dayIn(rig, key, ['reconciled']);
});

test('days that cannot be reached for a week are posted in order, one invoice each', async t => {
  const { rig } = await shop(t);
  rig.standIn.control.fault({ times: 1_000, answer: { kind: 'html', status: 503 } });
  const keys: string[] = [];
  for (const day of ['2026-11-23', '2026-11-21', '2026-11-22']) keys.push(await deliver(rig, day));
  const poster = rig.start();
  for (const key of keys) await dayIn(rig, key, ['waiting']);
  rig.advance(7 * 24 * 3_600_000);
  rig.standIn.control.clearFaults();
  poster.wake();
  for (const key of keys) await dayIn(rig, key, ['reconciled']);
  const dates = rig.standIn.control.documents().map(one => String(one['InvoiceNumber']).slice(-8));
  assert.deepEqual(dates, ['20261120', '20261121', '20261122', '20261123']);
});

test('a payment that was refused goes to the account that the mapping names now', async t => {
  const { rig, key } = await shop(t);
  await rig.xero.readChart({ connection: 'connection-1', organisation: rig.organisation });
  rig.standIn.control.enablePayments({ code: '621', enabled: false });
  const poster = rig.start();
  await dayIn(rig, key, ['waiting']);
  await addStore(rig, 'store-1', { payment: '622' });
  await mended(rig, poster, key, () => undefined);
  const accounts = rig.standIn.control
    .payments()
    .map(one => (one['Account'] as { Code: string }).Code);
  assert.deepEqual(accounts.sort(), ['620', '622']);
});

test('a contact that was archived in Xero is made anew', async t => {
  const { rig, key } = await shop(t);
  const poster = rig.start();
  await dayIn(rig, key, ['reconciled']);
  for (const contact of rig.standIn.world.organisations[0]?.contacts ?? []) {
    contact.status = 'ARCHIVED';
  }
  const next = await deliver(rig, '2026-11-21');
  poster.wake(next);
  await dayIn(rig, next, ['reconciled', 'waiting']);
  rig.advance(125_000);
  poster.wake();
  await dayIn(rig, next, ['reconciled']);
});

test('in a locked period a day becomes a draft where the store wants that', async t => {
  const { rig, key } = await shop(t, { lockPolicy: 'draft' });
  rig.standIn.control.setLockDates({ period: '2026-11-30' });
  rig.start();
  const day = await dayIn(rig, key, ['drafted', 'waiting']);
  assert.equal(day.state, 'drafted', JSON.stringify(day.reasons));
  assert.equal(rig.standIn.control.payments().length, 0);
});

test('fifty stores with four tenders cost six calls, and two as they closed before the relay ran', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  const four = { card: 1000, cash: 500, paynow: 400, grab: 500 };
  const keys: string[] = [];
  for (let i = 0; i < 50; i += 1) {
    await addStore(rig, `shop-${i}`, { contact: 'Daily Sales' });
    keys.push(await deliver(rig, DATE, busyDay({ tenders: four }), `shop-${i}`));
  }
  rig.start();
  for (const key of keys) await dayIn(rig, key, ['reconciled'], 30_000);
  const count = (method: string, path: string) =>
    rig.standIn.control.countRequests({ method, path: `/${path}$` });
  assert.deepEqual(
    [count('PUT', 'Invoices'), count('PUT', 'Payments'), count('GET', 'Invoices')],
    // Days from before the relay's start are looked for by their digest first.
    [1, 4, 1 + 1],
  );
  assert.equal(count('GET', 'CreditNotes'), 1);
});

test('what Xero goes on refusing costs few of the day’s calls', async t => {
  const { rig, key } = await shop(t);
  await rig.xero.readChart({ connection: 'connection-1', organisation: rig.organisation });
  rig.standIn.control.enablePayments({ code: '621', enabled: false });
  const poster = rig.start();
  await dayIn(rig, key, ['waiting']);
  rig.standIn.control.clearRequests();
  for (let minutes = 0; minutes < 600; minutes += 4) {
    rig.advance(4 * 60_000);
    poster.wake(key);
    await new Promise(done => setTimeout(done, 15));
  }
  const calls = rig.standIn.control.countRequests({ path: '/api.xro/' });
  assert.ok(calls > 4 && calls < 250, `${calls} calls in ten hours`);
  const day = await rig.db.get('days', key);
  assert.ok((day?.events.length ?? 0) < 12, 'the timeline is not flooded');
});

test('tenders whose names differ in white space only are each paid once, answers lost or not', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig);
  const tenders = { card: 1000, 'card ': 1000, 'card\n': 300, cash: 100 };
  const key = await deliver(rig, DATE, busyDay({ tenders }));
  const lost = {
    method: 'PUT',
    path: '/Payments$',
    when: 'after',
    answer: { kind: 'lost' },
  } as const;
  rig.standIn.control.fault(lost);
  const poster = rig.start();
  await until(() => rig.standIn.control.countRequests({ method: 'PUT', path: '/Payments$' }) > 0);
  rig.advance(10 * 60_000);
  poster.wake();
  await dayIn(rig, key, ['reconciled']);
  const paid = rig.standIn.control.payments().map(one => `${one['Reference']}: ${one['Amount']}`);
  assert.deepEqual(paid.map(one => one.slice(NUMBER.length + 1)).sort(), [
    'card (2): 10',
    'card (3): 3',
    'card: 10',
    'cash: 1',
  ]);
});

test('a day that brings about an error of our own says so, and keeps no other waiting', async t => {
  const { rig, key } = await shop(t);
  rig.start();
  const day = await dayIn(rig, key, ['reconciled']);
  const [document] = day.documents;
  assert.ok(document);
  const broken = await deliver(rig, '2026-11-21');
  const request = { idempotencyKey: 'tb-1-1', body: 'no JSON', sentAt: day.events[0]?.at ?? '' };
  const { readBack: _, xeroId: __, ...planned } = document;
  await rig.db.write(async tx => {
    const row = await tx.get('days', broken);
    const plan = { ...document.plan, number: 'TB-store-1-20261121' };
    const own: DocumentRecord = { ...planned, plan, state: 'planned', payments: [], request };
    if (row) await tx.put('days', broken, { ...row, documents: [own] });
  });
  const keys = [await deliver(rig, '2026-11-22'), await deliver(rig, '2026-11-23')];
  rig.start();
  const said = await dayIn(rig, broken, ['waiting']);
  assert.match(said.reasons[0]?.message ?? '', /cannot be posted: .*JSON/);
  for (const other of keys) await dayIn(rig, other, ['reconciled']);
});

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 15_000; !holds() && Date.now() < end; ) {
    await new Promise(done => setTimeout(done, 10));
  }
}

test('a contact that Xero refuses holds its own day only', async t => {
  const { rig, key } = await shop(t);
  await addStore(rig, 'store-2', { contact: 'x'.repeat(250) });
  const other = await deliver(rig, DATE, busyDay(), 'store-2');
  const refused = JSON.stringify({
    Contacts: [{ Name: 'x', HasValidationErrors: true, ValidationErrors: [{ Message: 'No.' }] }],
  });
  await rig.xero.readChart({ connection: 'connection-1', organisation: rig.organisation });
  await rig.xero.contactIds({ connection: 'connection-1', organisation: rig.organisation }, [
    'Café store-1 daily sales',
  ]);
  const answer = { kind: 'status', status: 200, body: refused } as const;
  rig.standIn.control.fault({ method: 'PUT', path: '/Contacts$', times: 100, answer });
  rig.start();
  await dayIn(rig, key, ['reconciled']);
  assert.equal((await dayIn(rig, other, ['waiting'])).reasons[0]?.code, 'contact-missing');
});

test('a late sale of a day that stands in another organisation is not posted into this one', async t => {
  const rig = await makeRig(t);
  const second = rig.standIn.control.addOrganisation({ key: 'sg-2', name: 'Second' });
  await connect(rig);
  await addStore(rig);
  const key = await deliver(rig, DATE);
  const poster = rig.start();
  await dayIn(rig, key, ['reconciled']);
  const moveTo = (organisation: string) =>
    rig.db.write(async tx => {
      const store = await tx.get('stores', 'store-1');
      if (store?.books) {
        const mapping = { ...store.books.mapping, organisation };
        await tx.put('stores', 'store-1', {
          ...store,
          books: { ...store.books, organisation, mapping },
        });
      }
    });
  await moveTo(second.id);
  await deliver(rig, DATE, busyDay({ tenders: { card: 1303, cash: 1097 }, overShort: -50 }));
  poster.wake(key);
  assert.equal((await dayIn(rig, key, ['waiting'])).reasons[0]?.code, 'other-organisation');
  assert.equal(rig.standIn.control.documents({ organisation: 'sg-2' }).length, 0);
  await moveTo(rig.organisation);
  poster.wake();
  assert.equal((await dayIn(rig, key, ['reconciled'])).documents.length, 2);
});

test('a database that refuses at once is not asked without end, woken or not', async t => {
  const rig = await makeRig(t);
  let asked = 0;
  const refuse = () => {
    asked += 1;
    return Promise.reject(new AppError('database-unavailable', 'closed'));
  };
  const poster = rig.start({ ...rig.db, write: refuse, get: refuse, list: refuse });
  t.after(() => poster.stop());
  for (let time = 0; time < 10; time += 1) {
    poster.wake('store-1/2026-11-20');
    await wait(10);
  }
  assert.ok(asked >= 2, `asked ${asked} times`);
  assert.ok(asked <= 12, `asked ${asked} times`);
});
