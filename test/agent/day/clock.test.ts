/** A clock that cannot be believed closes no day, and never stops a sale. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestCore } from '../../support/core.ts';
import { startFakeRelay } from '../../support/fake-relay.ts';

test('a clock that starts in 1970 takes sales, closes nothing and says so', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  core.clock.set('1970-01-03T00:10:00Z');
  assert.equal(await core.sell(2, { occurredAt: '2026-11-22T12:00:00+08:00' }), 'accepted');
  await core.dayClose.check();
  assert.equal(core.signed.all().length, 0);
  assert.equal(core.observe().headline.code, 'clock-behind');
  await assert.rejects(core.dayClose.closeByHand(), /clock cannot be believed/);
});

test('a clock that was set back before the last sale closes nothing until it is right', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  core.clock.set('2026-11-22T09:00:00+08:00');
  assert.equal(await core.watch.check(), 'behind-records');
  core.clock.set('2026-11-23T00:00:05+08:00');
  await core.dayClose.check();
  assert.equal(core.signed.all().length, 1);
});

test('a correction of a few seconds is no reason for doubt', async t => {
  const core = await openTestCore(t);
  await core.sell(1);
  core.clock.add(-20_000);
  assert.equal(await core.watch.check(), 'right');
});

test('a jump of three days forward closes nothing until a till confirms it', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  core.clock.set('2026-11-25T09:00:00+08:00');
  await core.dayClose.check();
  assert.equal(core.signed.all().length, 0);
  assert.equal(core.observe().headline.code, 'clock-jumped');
  await core.sell(2);
  await core.dayClose.check();
  assert.deepEqual(
    core.signed.all().map(({ date }) => date),
    ['2026-11-22', '2026-11-23', '2026-11-24'],
  );
});

test('a till with the old date does not confirm a jump', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  core.clock.set('2026-11-25T09:00:00+08:00');
  await core.dayClose.check();
  await core.sell(2, { occurredAt: '2026-11-22T13:00:00+08:00' });
  await core.dayClose.check();
  assert.equal(core.signed.all().length, 0);
});

test('a sale that is stored before anybody saw the jump does not vouch for the clock', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  core.clock.set('2026-11-27T12:00:00+08:00');
  const old = { occurredAt: '2026-11-22T12:00:00+08:00' };
  assert.equal(await core.sell(2, old), 'accepted');
  await assert.rejects(core.dayClose.closeByHand(), /clock cannot be believed/);
  await core.stop();
  const again = await openTestCore(t, { clock: core.clock, dataDir: core.dataDir });
  assert.equal(again.watch.verdict(), 'suspect');
});

test('the doubt about a jump outlives a restart, and staff can end it', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  core.clock.set('2027-06-01T09:00:00+08:00');
  await core.dayClose.check();
  await core.stop();
  const { clock, dataDir } = core;
  const again = await openTestCore(t, { clock, dataDir });
  assert.equal(again.watch.verdict(), 'suspect');
  await again.watch.confirm();
  assert.equal(again.watch.verdict(), 'right');
});

test('a jump that happened while the machine was off is noticed at the start', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.stop();
  const { clock, dataDir } = core;
  clock.set('2026-11-26T09:00:00+08:00');
  const again = await openTestCore(t, { clock, dataDir });
  assert.equal(again.watch.verdict(), 'suspect');
  await again.watch.hear(clock.nowMs() + 90_000);
  assert.equal(again.watch.verdict(), 'right');
});

test('sales recorded in a wrong future do not block the shop once the clock is confirmed', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  core.clock.set('2026-11-23T11:00:00+08:00');
  await core.sell(1);
  core.clock.set('2026-11-22T13:00:00+08:00');
  assert.equal(await core.watch.check(), 'behind-records');
  await core.watch.hear(core.clock.nowMs());
  assert.equal(await core.watch.check(), 'right');
});

test('while the clock is in doubt no sale is judged by it', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  const tomorrow = { occurredAt: '2026-11-24T13:00:00+08:00' };
  assert.equal(await core.sell(1, tomorrow), 'clock');
  core.clock.set('1970-01-01T00:10:00Z');
  assert.equal(await core.sell(1, tomorrow), 'accepted');
});
