/** Delivery: in order, never skipped, believed only with the relay's own signature under it. */
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { backOffMs } from '../../../agent/delivery/back-off.ts';
import { startForwarder } from '../../../agent/delivery/forwarder.ts';
import type { Loop } from '../../../agent/delivery/loop.ts';
import { openTestCore, type TestCore, until } from '../../support/core.ts';
import { type FakeRelay, startFakeRelay, type Weather } from '../../support/fake-relay.ts';

const DAY_MS = 86_400_000;

function forward(core: TestCore): Loop {
  const { clock, http, log, outbox, signed, state } = core;
  const onDelivered = () => undefined;
  const parts = { clock, http, log, outbox, signed, state, onDelivered, random: () => 0 };
  const loop = startForwarder(parts);
  core.loops.push(loop);
  return loop;
}

async function closeDays(core: TestCore, days: number): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    core.clock.add(DAY_MS);
    await core.dayClose.check();
  }
}

async function shop(t: TestContext): Promise<{ relay: FakeRelay; core: TestCore }> {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  return { relay, core };
}

test('days that waited are delivered in the order of their numbers, each once', async t => {
  const { relay, core } = await shop(t);
  await closeDays(core, 4);
  forward(core);
  await until(() => core.outbox.next() === undefined);
  assert.deepEqual(
    relay.received.map(({ summary }) => summary.number),
    [1, 2, 3, 4],
  );
  assert.equal(relay.received[0]?.path, '/v1/days/2026-11-22/revisions/1');
});

const LIES: readonly Weather[] = [
  'captive-portal',
  'redirect',
  'truncated',
  'other-receipt',
  'foreign-key',
  'problem',
];
for (const weather of LIES) {
  test(`an answer of the kind "${weather}" ends no delivery; the next fair one does`, async t => {
    const { relay, core } = await shop(t);
    await closeDays(core, 1);
    relay.weather = weather;
    const loop = forward(core);
    await until(() => core.state.data.delivery.failures > 0);
    assert.equal(core.outbox.waiting().length, 1);
    assert.equal(core.observe().headline.code, 'relay-unreachable');
    relay.weather = 'fair';
    core.clock.add(5 * 60_000);
    loop.wake();
    await until(() => core.outbox.next() === undefined);
    assert.equal(core.state.data.delivery.failures, 0);
  });
}

test('a relay that never answers is given up on at the deadline and asked again', async t => {
  const { relay, core } = await shop(t);
  await closeDays(core, 1);
  relay.weather = 'hang';
  forward(core);
  await until(() => core.state.data.delivery.failures > 0);
  assert.match(core.state.data.delivery.lastError?.message ?? '', /no whole answer in time/);
});

test('the next attempt is kept over a restart', async t => {
  const { relay, core } = await shop(t);
  await closeDays(core, 1);
  relay.weather = 'problem';
  const loop = forward(core);
  await until(() => core.state.data.delivery.failures > 0);
  await loop.stop();
  await core.stop();
  const { clock, dataDir } = core;
  const again = await openTestCore(t, { clock, dataDir });
  const { calls } = relay;
  forward(again);
  await new Promise(done => setTimeout(done, 100));
  assert.equal(relay.calls, calls);
});

test('a summary that head office keeps aside is delivered; the shop is told', async t => {
  const { relay, core } = await shop(t);
  await closeDays(core, 1);
  relay.verdict = 'kept-aside';
  forward(core);
  await until(() => core.outbox.next() === undefined);
  assert.equal(core.observe().headline.code, 'kept-aside');
});

for (const code of ['EMFILE', 'EIO', 'EACCES']) {
  test(`a summary that cannot be read (${code}) is tried again, and the agent lives`, async t => {
    const { core, relay } = await shop(t);
    await closeDays(core, 1);
    const { signed } = core;
    const compact = signed.compact.bind(signed);
    signed.compact = async () => {
      throw Object.assign(new Error(`${code}: open`), { code, syscall: 'open' });
    };
    const loop = forward(core);
    await until(() => core.state.data.delivery.failures > 0);
    assert.match(core.state.data.delivery.lastError?.message ?? '', new RegExp(code));
    assert.equal(relay.received.length, 0);
    signed.compact = compact;
    core.clock.add(600_000);
    loop.wake();
    await until(() => core.outbox.next() === undefined);
    assert.equal(core.state.data.delivery.lastError, undefined);
  });
}

test('a receipt that cannot be written is fetched again, the day is not sent as new', async t => {
  const { core, relay } = await shop(t);
  await closeDays(core, 1);
  const receipts = join(core.dataDir, 'receipts');
  await rename(receipts, `${receipts}.away`);
  const loop = forward(core);
  await until(() => core.state.data.delivery.failures > 0);
  assert.notEqual(core.outbox.next(), undefined);
  await rename(`${receipts}.away`, receipts);
  core.clock.add(600_000);
  loop.wake();
  await until(() => core.outbox.next() === undefined);
  assert.equal(new Set(relay.received.map(({ compact }) => compact)).size, 1);
});

test('the receipt is on disk before the day counts as delivered', async t => {
  const { core } = await shop(t);
  await closeDays(core, 1);
  forward(core);
  await until(() => core.outbox.next() === undefined);
  await core.stop();
  const { clock, dataDir } = core;
  const again = await openTestCore(t, { clock, dataDir });
  assert.equal(again.outbox.next(), undefined);
  assert.equal(again.signed.last()?.receipt?.verdict, 'accepted');
});

test('waits grow to five minutes at most and are spread', () => {
  assert.ok(backOffMs(1, 0.999) <= 2_000);
  assert.equal(backOffMs(50, 0.999_999), 300_000);
  assert.equal(backOffMs(50, 0), 500);
});
