/** Two relays on one database, and answers that come late: never posted twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mortalDb } from '../../support/kill-db.ts';
import { addStore, busyDay, connect, dayIn, deliver, makeRig } from '../../support/posting.ts';

const DAYS = ['2026-11-18', '2026-11-19', '2026-11-20'];

async function shop(t: Parameters<typeof makeRig>[0]) {
  const rig = await makeRig(t);
  await connect(rig);
  await addStore(rig);
  const keys: string[] = [];
  for (const date of DAYS) keys.push(await deliver(rig, date));
  return { rig, keys };
}

function assertOnce(rig: Awaited<ReturnType<typeof makeRig>>): void {
  const paid = rig.standIn.control.documents().map(one => one['Status']);
  assert.deepEqual(paid, ['PAID', 'PAID', 'PAID']);
  assert.equal(rig.standIn.control.payments().length, 6);
}

test('of two relays only one posts', async t => {
  const { rig, keys } = await shop(t);
  rig.start(rig.db, 'relay-1');
  rig.start(rig.db, 'relay-2');
  for (const key of keys) await dayIn(rig, key, ['reconciled']);
  assertOnce(rig);
  assert.equal(rig.standIn.control.countRequests({ method: 'PUT', path: '/Invoices$' }), 1);
});

for (const path of ['/Invoices$', '/Payments$']) {
  test(`a relay that sleeps within PUT ${path} is overtaken, and its late word does not count`, async t => {
    const { rig, keys } = await shop(t);
    const slow = { kind: 'delay', delayMs: 1_500 } as const;
    rig.standIn.control.fault({ method: 'PUT', path, when: 'after', answer: slow });
    rig.start(rig.db, 'relay-1');
    await until(() => rig.standIn.control.countRequests({ method: 'PUT', path }) > 0);
    rig.advance(60_000);
    const second = rig.start(rig.db, 'relay-2');
    const nudge = setInterval(() => second.wake(), 50);
    t.after(() => clearInterval(nudge));
    for (const key of keys) await dayIn(rig, key, ['reconciled']);
    assertOnce(rig);
  });

  test(`killed while PUT ${path} is still on its way to Xero: posted once`, async t => {
    const { rig, keys } = await shop(t);
    const slow = { kind: 'delay', delayMs: 700 } as const;
    rig.standIn.control.fault({ method: 'PUT', path, when: 'before', answer: slow });
    // The write after the call: by then the process is dead.
    const writes = path === '/Invoices$' ? 6 : 8;
    const mortal = mortalDb(rig.db, { write: writes, when: 'before' });
    rig.start(mortal.db);
    await until(() => rig.standIn.control.countRequests({ method: 'PUT', path }) > 0);
    const poster = rig.start();
    const nudge = setInterval(() => poster.wake(), 50);
    t.after(() => clearInterval(nudge));
    for (const key of keys) await dayIn(rig, key, ['reconciled']);
    assertOnce(rig);
  });
}

test('a revision that comes while the one before is on its way becomes an adjustment', async t => {
  const { rig, keys } = await shop(t);
  const slow = { kind: 'delay', delayMs: 300 } as const;
  rig.standIn.control.fault({ method: 'PUT', path: '/Invoices$', answer: slow });
  const poster = rig.start();
  await until(() => rig.standIn.control.countRequests({ method: 'PUT', path: '/Invoices$' }) > 0);
  const more = busyDay({ sales: [{ amount: 3000 }], tenders: { cash: 3000 } });
  const key = await deliver(rig, '2026-11-20', more);
  poster.wake(key);
  await until(async () => (await rig.db.get('days', key))?.documents.length === 2);
  const day = await dayIn(rig, key, ['reconciled']);
  assert.equal(day.documents.length, 2);
  for (const other of keys) await dayIn(rig, other, ['reconciled']);
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it never came to that');
    await new Promise(done => setTimeout(done, 10));
  }
}
