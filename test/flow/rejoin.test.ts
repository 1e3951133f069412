/** A shop that is enrolled again: a new key, a revoked one, a folder set back to a backup. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { verifyCommand } from '../../agent/cli/verify.ts';
import { startForwarder } from '../../agent/delivery/forwarder.ts';
import { keysUnder } from '../../relay/db/db.ts';
import { InboxDesk } from '../relay/inbox/desk.ts';
import { openTestCore, type TestCore, until } from '../support/core.ts';

const DAY_MS = 86_400_000;

interface Place {
  desk: InboxDesk;
  store: string;
  core: TestCore;
}

async function shop(t: TestContext): Promise<Place> {
  const desk = await InboxDesk.open();
  t.after(() => desk.close());
  const { store, code } = await desk.addStore();
  const core = await openTestCore(t);
  await core.enrol(desk.url, code);
  return { desk, store, core };
}

/** Sells the numbers, lets the day go by and closes it. */
async function trade({ core, desk }: Place, ...numbers: number[]): Promise<void> {
  for (const number of numbers) assert.equal(await core.sell(number), 'accepted');
  core.clock.add(DAY_MS);
  desk.nowMs = core.clock.nowMs();
  await core.dayClose.check();
}

async function deliver({ core }: Place): Promise<void> {
  const { clock, http, log, outbox, signed, state } = core;
  const parts = { clock, http, log, outbox, signed, state, random: () => 0 };
  const loop = startForwarder({ ...parts, onDelivered: () => undefined });
  await until(() => outbox.next() === undefined);
  await loop.stop();
}

async function enrolAgain({ core, desk, store }: Place): Promise<void> {
  const { code } = await desk.stores.makeCode(store, 'test');
  await core.enrol(desk.url, code);
}

/** Messages in the newest revision of each day that head office uses. */
async function atHeadOffice({ desk, store }: Place): Promise<[string, number | undefined][]> {
  const days = await desk.db.list('days', keysUnder(`${store}/`));
  const sold = (parts?: { counts: { sale?: number | undefined } }) => parts?.counts.sale ?? 0;
  return days.map(({ value }) => {
    const newest = value.revisions.at(-1);
    return [value.date.slice(5), newest === undefined ? undefined : sold(newest.parts)];
  });
}

async function assertIntact(core: TestCore): Promise<void> {
  const { broken } = (await verifyCommand.work(core, { positionals: [], options: {} })) as {
    broken: unknown[];
  };
  assert.deepEqual(broken, []);
}

test('a revoked shop that is enrolled again delivers every day that was kept aside', async t => {
  const place = await shop(t);
  await trade(place, 1, 2);
  await deliver(place);
  await place.desk.stores.revoke(place.store, 'test');
  await trade(place, 3);
  await deliver(place);
  assert.deepEqual(await atHeadOffice(place), [
    ['11-22', 2],
    ['11-23', undefined],
  ]);
  await trade(place, 4, 5, 6);
  const old = place.core.key()?.kid;
  await enrolAgain(place);
  assert.notEqual(place.core.key()?.kid, old);
  await deliver(place);
  await trade(place, 7);
  await deliver(place);
  const all = [
    ['11-22', 2],
    ['11-23', 1],
    ['11-24', 3],
    ['11-25', 1],
  ];
  assert.deepEqual(await atHeadOffice(place), all);
  await assertIntact(place.core);
});

test('a change of keys with days in the outbox loses and doubles none', async t => {
  const place = await shop(t);
  await trade(place, 1);
  await deliver(place);
  await trade(place, 2);
  await trade(place, 3, 4);
  await enrolAgain(place);
  await deliver(place);
  assert.deepEqual(await atHeadOffice(place), [
    ['11-22', 1],
    ['11-23', 1],
    ['11-24', 2],
  ]);
  const former = await readdir(join(place.core.dataDir, 'summaries', 'former'));
  assert.equal(former.length, 2, 'what was signed before stays');
  await assertIntact(place.core);
});

test('a day that head office has under the old key is not sent again under the new one', async t => {
  const place = await shop(t);
  await trade(place, 1);
  const day = place.core.outbox.next();
  await deliver(place);
  assert.ok(day);
  await rm(join(place.core.dataDir, 'receipts', `${day.date}.1.jws`));
  delete day.receipt;
  await enrolAgain(place);
  await deliver(place);
  await trade(place, 2);
  await deliver(place);
  assert.deepEqual(await atHeadOffice(place), [
    ['11-22', 1],
    ['11-23', 1],
  ]);
  assert.equal((await place.desk.db.list('days')).flatMap(row => row.value.keptAside).length, 0);
});

/** A shop that traded two days after its backup, lost its disk, and starts on the backup. */
async function setBack(t: TestContext): Promise<Place> {
  const place = await shop(t);
  await trade(place, 1, 2);
  await deliver(place);
  const backup = await mkdtemp(join(tmpdir(), 'tillbook-backup-'));
  t.after(() => rm(backup, { recursive: true, force: true }));
  await cp(place.core.dataDir, backup, { recursive: true });
  await trade(place, 3);
  await trade(place, 4, 5);
  await deliver(place);
  await place.core.stop();
  const { clock } = place.core;
  return { ...place, core: await openTestCore(t, { dataDir: backup, clock }) };
}

test('a folder set back to a backup: head office keeps aside what does not follow, and says so', async t => {
  const place = await setBack(t);
  await trade(place, 6);
  await deliver(place);
  const known = [
    ['11-22', 2],
    ['11-23', 1],
    ['11-24', 2],
    ['11-25', undefined],
  ];
  assert.deepEqual(await atHeadOffice(place), known);
  const aside = place.core.observe().problems.find(({ code }) => code === 'kept-aside');
  assert.match(aside?.message ?? '', /Head office has set .* aside: it does not follow/);
  const days = await place.desk.db.list('days', keysUnder(`${place.store}/`));
  const fixes = days.flatMap(({ value }) => value.reasons.map(({ fix }) => fix));
  assert.match(fixes.join(), /set back to a backup/);
});

test('a folder set back to a backup goes on after a new code: no day lost, none doubled', async t => {
  const place = await setBack(t);
  await trade(place, 6);
  await deliver(place);
  await enrolAgain(place);
  await deliver(place);
  await trade(place, 7, 8);
  await deliver(place);
  const all = [
    ['11-22', 2],
    ['11-23', 1],
    ['11-24', 2],
    ['11-25', 1],
    ['11-26', 2],
  ];
  assert.deepEqual(await atHeadOffice(place), all);
  assert.equal(await place.core.sell(3), 'conflict-number', 'its sale is in the total already');
  const late = { occurredAt: '2026-11-23T12:00:00+08:00' };
  assert.equal(await place.core.sell(9, late), 'business-date', 'for head office to decide');
  await assertIntact(place.core);
});

test('a backup that is enrolled before it closes anything goes on at once', async t => {
  const place = await setBack(t);
  await enrolAgain(place);
  await trade(place, 6);
  await deliver(place);
  const all = [
    ['11-22', 2],
    ['11-23', 1],
    ['11-24', 2],
    ['11-25', 1],
  ];
  assert.deepEqual(await atHeadOffice(place), all);
  assert.deepEqual(
    await readdir(join(place.core.dataDir, 'summaries', 'aside')).catch(() => []),
    [],
  );
});

test('a sale of a day that another machine closed is shown until head office has entered it', async t => {
  const place = await setBack(t);
  const late = { occurredAt: '2026-11-23T12:00:00+08:00' };
  assert.equal(await place.core.sell(6, late), 'accepted');
  await trade(place, 7);
  await enrolAgain(place);
  await deliver(place);
  const problem = place.core.observe().problems.find(({ code }) => code === 'closed-elsewhere');
  assert.match(problem?.message ?? '', /^1 saved message of 2026-11-23 may be missing/);
  const aside = await readdir(join(place.core.dataDir, 'summaries', 'aside'));
  assert.equal(aside.filter(name => name.startsWith('2026-11-23.1.')).length, 1);
});

test('a summary that was damaged before it was delivered is made anew after a new code', async t => {
  const place = await shop(t);
  await trade(place, 1);
  await deliver(place);
  await trade(place, 2, 3);
  await trade(place, 4);
  await place.core.stop();
  const { clock, dataDir } = place.core;
  await writeFile(join(dataDir, 'summaries', '2026-11-23.1.jws'), 'no summary');
  const again = { ...place, core: await openTestCore(t, { dataDir, clock }) };
  await trade(again, 5);
  await enrolAgain(again);
  await deliver(again);
  const all = [
    ['11-22', 1],
    ['11-23', 2],
    ['11-24', 1],
    ['11-25', 1],
  ];
  assert.deepEqual(await atHeadOffice(again), all);
  await assertIntact(again.core);
});
