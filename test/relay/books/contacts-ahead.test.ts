/** The contact of a store is made when its mapping is saved, once, whatever goes wrong meanwhile. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../protocol/host/log.ts';
import { createDayDesk } from '../../../relay/books/actions.ts';
import { type ContactsAhead, startContactsAhead } from '../../../relay/books/contacts-ahead.ts';
import type { Xero } from '../../../relay/xero/port.ts';
import { addStore, connect, dayIn, deliver, makeRig, type Rig } from '../../support/posting.ts';

const DATE = '2026-11-20';
const NAME = 'Café store-1 daily sales';

async function office(t: TestContext): Promise<Rig> {
  const rig = await makeRig(t);
  const connection = await connect(rig);
  await addStore(rig);
  // As the settings page does before anything can be saved.
  await rig.xero.readChart({ connection, organisation: rig.organisation });
  rig.standIn.control.clearRequests();
  return rig;
}

function aheadOf(t: TestContext, rig: Rig, xero: Pick<Xero, 'contactIds'> = rig.xero) {
  const ahead = startContactsAhead({ db: rig.db, xero, log: silentLog(), gatherMs: 20 });
  t.after(() => ahead.stop());
  return ahead;
}

/** HQ presses Save. */
async function save(rig: Rig, ahead: ContactsAhead, store = 'store-1'): Promise<void> {
  const { db, now: clock } = rig;
  const desk = createDayDesk({ db, clock, wake: () => {}, contactWanted: ahead.wanted });
  await desk.mappingSaved(store);
}

function calls(rig: Rig): string[] {
  const requests = rig.standIn.control.requests({ path: '/Contacts$' });
  return requests.map(({ method }) => method);
}

async function known(rig: Rig): Promise<string[]> {
  return Object.keys((await rig.db.get('charts', rig.organisation))?.contacts ?? {}).sort();
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await holds()); ) {
    assert.ok(Date.now() < end, 'in time');
    await new Promise(done => setTimeout(done, 10));
  }
}

const rest = () => new Promise(done => setTimeout(done, 150));

async function namedInXero(rig: Rig): Promise<number> {
  const ids = await rig.newXero().contactIds(refOf(rig), [NAME]);
  assert.equal(ids.size, 1);
  return rig.standIn.world.organisations[0]?.contacts.filter(one => one.name === NAME).length ?? 0;
}

const refOf = (rig: Rig) => ({ connection: 'connection-1', organisation: rig.organisation });

test('a saved mapping makes the contact; saved again it costs no call, and the night none', async t => {
  const rig = await office(t);
  const ahead = aheadOf(t, rig);
  await save(rig, ahead);
  await until(async () => (await known(rig)).includes(NAME));
  await save(rig, ahead);
  await rest();
  assert.deepEqual(calls(rig), ['GET', 'PUT']);
  const key = await deliver(rig, DATE);
  rig.start();
  await dayIn(rig, key, ['reconciled']);
  assert.deepEqual(calls(rig), ['GET', 'PUT']);
  assert.equal(await namedInXero(rig), 1);
});

test('120 stores saved at once are 50 in a call', async t => {
  const rig = await office(t);
  const ahead = aheadOf(t, rig);
  const ids = Array.from({ length: 120 }, (_, i) => `shop-${i}`);
  for (const id of ids) await addStore(rig, id);
  await Promise.all(ids.map(id => save(rig, ahead, id)));
  await until(async () => (await known(rig)).length === 120);
  assert.deepEqual(calls(rig), ['GET', 'PUT', 'GET', 'PUT', 'GET', 'PUT']);
});

test('the answer is lost after Xero made the contact: the night finds it by name', async t => {
  const rig = await office(t);
  rig.standIn.control.fault({
    ...{ method: 'PUT', path: '/Contacts$', when: 'after' },
    answer: { kind: 'lost' },
  });
  await save(rig, aheadOf(t, rig));
  await until(() => calls(rig).length === 2);
  await rest();
  assert.deepEqual(await known(rig), []);
  const key = await deliver(rig, DATE);
  rig.start();
  await dayIn(rig, key, ['reconciled']);
  assert.deepEqual(calls(rig), ['GET', 'PUT', 'GET']);
  assert.equal(await namedInXero(rig), 1);
});

test('a contact of that name that is archived is left alone, and a new one made', async t => {
  const rig = await office(t);
  const [organisation] = rig.standIn.world.organisations;
  const old = { id: 'old', name: NAME, isCustomer: true, updatedAt: 0 };
  organisation?.contacts.push({ ...old, status: 'ARCHIVED' });
  await save(rig, aheadOf(t, rig));
  await until(async () => (await known(rig)).includes(NAME));
  assert.notEqual((await rig.xero.contactIds(refOf(rig), [NAME])).get(NAME), 'old');
  const key = await deliver(rig, DATE);
  rig.start();
  await dayIn(rig, key, ['reconciled']);
});

test('a relay that was killed after Save: its successor makes the contact while posting', async t => {
  const rig = await office(t);
  const ahead = aheadOf(t, rig);
  await save(rig, ahead);
  await ahead.stop();
  await rest();
  assert.deepEqual(calls(rig), []);
  const key = await deliver(rig, DATE);
  rig.start();
  await dayIn(rig, key, ['reconciled']);
  assert.equal(await namedInXero(rig), 1);
});

test('two relays want the same contact at the same time: it is made once and both have it', async t => {
  const rig = await office(t);
  const [one, two] = [rig.newXero(), rig.newXero(rig.db, 'the other relay')];
  const both = await Promise.all([one, two].map(xero => xero.contactIds(refOf(rig), [NAME])));
  assert.ok(both[0]?.get(NAME));
  assert.equal(both[0]?.get(NAME), both[1]?.get(NAME));
  assert.equal(await namedInXero(rig), 1);
});

test('Xero is away when the mapping is saved: Save is done all the same', async t => {
  const rig = await office(t);
  let asked = 0;
  const contactIds = async () => {
    asked += 1;
    throw new Error('away');
  };
  await save(rig, aheadOf(t, rig, { contactIds }));
  await until(() => asked === 1);
  assert.deepEqual(await known(rig), []);
});
