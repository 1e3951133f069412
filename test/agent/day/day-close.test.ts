/** The day close: every due day once, in order, signed and on disk, whatever the clock did. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkDaySummary } from '../../../protocol/day-summary.ts';
import { digestOf, verifyJws } from '../../../protocol/signing.ts';
import { openTestCore } from '../../support/core.ts';
import { startFakeRelay } from '../../support/fake-relay.ts';

const HOUR_MS = 3_600_000;

test('a day is closed at the cut-over, signed by this shop, and adds up', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  await core.sell(2);
  core.clock.set('2026-11-23T00:00:05+08:00');
  await core.dayClose.check();
  const compact = await readFile(join(core.dataDir, 'summaries/2026-11-22.1.jws'), 'utf8');
  await verifyJws(compact, 'tillbook-day+jws', () => core.key()?.publicJwk);
  const summary = await core.signedSummary('2026-11-22');
  assert.equal(checkDaySummary(summary), undefined);
  assert.deepEqual(summary.counts, { sale: 2 });
  assert.equal(summary.closedAt, '2026-11-23T00:00:05+08:00');
  assert.equal(summary.tenders[0]?.amount, 2200);
});

test('a second check, and a restart, close nothing twice', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  core.clock.set('2026-11-23T00:00:05+08:00');
  await Promise.all([core.dayClose.check(), core.dayClose.check()]);
  await core.stop();
  const { clock, dataDir } = core;
  const again = await openTestCore(t, { clock, dataDir });
  await again.dayClose.check();
  assert.deepEqual(await readdir(join(dataDir, 'summaries')), ['2026-11-22.1.jws']);
});

test('days that were slept through are closed in order as one chain, empty ones too', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  core.clock.set('2026-11-24T09:00:00+08:00');
  await core.dayClose.check();
  const [first, second] = core.signed.all();
  assert.deepEqual(
    core.signed.all().map(({ date, number }) => [date, number]),
    [
      ['2026-11-22', 1],
      ['2026-11-23', 2],
    ],
  );
  const empty = await core.signedSummary('2026-11-23');
  assert.deepEqual(empty.journal, { entries: 0, head: '0'.repeat(64) });
  assert.equal(empty.previous, first?.digest);
  assert.equal(digestOf(await core.signed.compact(second ?? never())), second?.digest);
});

test('before enrolment sales are taken and nothing is closed', async t => {
  const core = await openTestCore(t);
  assert.equal(await core.sell(1), 'accepted');
  core.clock.add(30 * HOUR_MS);
  await core.dayClose.check();
  assert.equal(core.signed.all().length, 0);
  await assert.rejects(core.dayClose.closeByHand(), /not enrolled/);
});

test('days sold before enrolment are closed afterwards, from the first sale on', async t => {
  const core = await openTestCore(t);
  await core.sell(1);
  core.clock.add(48 * HOUR_MS - 1);
  const relay = await startFakeRelay(t);
  await core.enrol(relay.url, 'CODE');
  await core.dayClose.check();
  assert.deepEqual(
    core.signed.all().map(({ date, entries }) => [date, entries]),
    [
      ['2026-11-22', 1],
      ['2026-11-23', 0],
    ],
  );
});

test('a till that sold and is away holds the close up for the grace, no longer', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  core.connected.clear();
  core.clock.set('2026-11-23T00:14:00+08:00');
  await core.dayClose.check();
  assert.equal(core.signed.all().length, 0);
  assert.equal(core.observe().days.at(-1)?.state, 'closing');
  core.clock.set('2026-11-23T00:15:01+08:00');
  await core.dayClose.check();
  assert.equal(core.signed.all().length, 1);
});

test('a gap holds the close up for the grace and is then listed', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  await core.sell(4);
  core.clock.set('2026-11-23T00:01:00+08:00');
  await core.dayClose.check();
  assert.equal(core.signed.all().length, 0);
  core.clock.set('2026-11-23T00:15:01+08:00');
  await core.dayClose.check();
  const { terminals } = await core.signedSummary('2026-11-22');
  assert.deepEqual(terminals[0]?.missing, [[2, 3]]);
});

test('staff close the current day at once, whatever is waited for', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(2);
  core.connected.clear();
  const day = await core.dayClose.closeByHand();
  assert.equal(day.date, '2026-11-22');
  assert.deepEqual(await readdir(join(core.dataDir, 'summaries')), ['2026-11-22.1.jws']);
  const again = await core.dayClose.closeByHand('2026-11-22');
  assert.equal(again.revision, 1);
});

test('a close by hand closes the days before it first and refuses tomorrow', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  core.clock.set('2026-11-24T09:00:00+08:00');
  await core.dayClose.closeByHand('2026-11-24');
  assert.deepEqual(
    core.signed.all().map(({ date }) => date),
    ['2026-11-22', '2026-11-23', '2026-11-24'],
  );
  await assert.rejects(core.dayClose.closeByHand('2026-11-25'), /has not begun/);
  await assert.rejects(core.dayClose.closeByHand('2026-11-01'), /before this store's first day/);
});

test('late sales are gathered into one revision after the grace, with whole totals', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  await core.dayClose.closeByHand();
  await core.sell(2);
  core.clock.add(4 * 60_000);
  await core.sell(3);
  core.clock.add(4 * 60_000);
  await core.dayClose.check();
  assert.equal(core.signed.newest('2026-11-22')?.revision, 1);
  core.clock.add(60_000);
  await core.dayClose.check();
  const summary = await core.signedSummary('2026-11-22');
  assert.equal(summary.revision, 2);
  assert.deepEqual(summary.counts, { sale: 3 });
  await core.dayClose.check();
  assert.equal(core.signed.newest('2026-11-22')?.revision, 2);
});

test('a gap that closes makes a revision of the day that listed it', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  await core.sell(3);
  await core.dayClose.closeByHand();
  core.clock.set('2026-11-23T10:00:00+08:00');
  await core.sell(2);
  await core.dayClose.check();
  core.clock.add(5 * 60_000);
  await core.dayClose.check();
  const summary = await core.signedSummary('2026-11-22');
  assert.equal(summary.revision, 2);
  assert.deepEqual(summary.terminals[0]?.missing, []);
  assert.deepEqual(summary.counts, { sale: 2 });
});

test('what was set aside is counted in its day, and not once it is accepted', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  assert.equal(await core.sell(1, { currency: 'USD' }), 'currency');
  assert.equal(await core.sell(2, { tenders: [] }), 'unbalanced');
  assert.equal(await core.sell(2), 'accepted');
  await core.dayClose.closeByHand();
  assert.equal((await core.signedSummary('2026-11-22')).quarantined, 1);
});

test('a replaced machine goes on with the chain and leaves the old days alone', async t => {
  const relay = await startFakeRelay(t);
  const digest = 'B'.repeat(42).concat('A');
  const dates = [{ date: '2026-11-21', revision: 1 }];
  relay.last = { number: 326, digest, dates, terminals: [] };
  const core = await openTestCore(t, { relay });
  const late = { occurredAt: '2026-11-21T20:00:00+08:00' };
  assert.equal(await core.sell(1, late), 'business-date');
  await core.dayClose.closeByHand();
  const summary = await core.signedSummary('2026-11-22');
  assert.equal(summary.number, 327);
  assert.equal(summary.previous, digest);
});

function never(): never {
  throw new Error('there must be one');
}

test('a flipped bit in a signed summary stops no sale: the file is set aside, the rest goes on', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  for (let day = 0; day < 3; day += 1) {
    core.clock.add(24 * HOUR_MS);
    await core.dayClose.check();
  }
  await core.stop();
  const { clock, dataDir } = core;
  const path = join(dataDir, 'summaries', '2026-11-23.1.jws');
  const bytes = await readFile(path);
  bytes[150] = (bytes[150] ?? 0) ^ 0x80;
  await writeFile(path, bytes);
  const again = await openTestCore(t, { clock, dataDir });
  assert.equal(await again.sell(2), 'accepted');
  assert.deepEqual(
    again.signed.all().map(({ number }) => number),
    [1, 3],
  );
  assert.deepEqual(await readFile(join(dataDir, 'summaries/damaged/2026-11-23.1.jws')), bytes);
  const problem = again.observe().problems.find(({ code }) => code === 'damaged-summary');
  assert.match(problem?.message ?? '', /summary 2026-11-23.1 cannot be read/);
});

test('old sales that a wrong clock stamped far ahead are closed once it is right', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  core.clock.add(5 * 24 * HOUR_MS);
  await core.sell(1, { occurredAt: '2026-11-20T12:00:00+08:00' });
  core.clock.add(-5 * 24 * HOUR_MS);
  await core.watch.confirm();
  await core.dayClose.check();
  assert.deepEqual(
    core.signed.all().map(({ date }) => date),
    ['2026-11-20'],
  );
});

test('the status after a close is not one from before it', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  assert.equal(core.observe().outbox.waiting, 0);
  await core.dayClose.closeByHand();
  assert.equal(core.observe().outbox.waiting, 1);
});
