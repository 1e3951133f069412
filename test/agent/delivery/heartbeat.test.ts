/** The heartbeat: rises over restarts, obeys head office once, and notices a relay that forgot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Delivery, startDelivery } from '../../../agent/delivery/delivery.ts';
import { HEARTBEAT_EVERY_MS, nextBeatMs } from '../../../agent/delivery/heartbeat.ts';
import { heartbeatSchema } from '../../../protocol/agent-relay.ts';
import { openTestCore, type TestCore, until } from '../../support/core.ts';
import { type FakeRelay, startFakeRelay } from '../../support/fake-relay.ts';

function deliver(core: TestCore): Delivery {
  const delivery = startDelivery(core, core.http, () => undefined);
  core.outside.reachable = delivery.reachable;
  core.loops.push(delivery);
  return delivery;
}

async function beats(relay: FakeRelay, count: number): Promise<void> {
  await until(() => relay.heartbeats.length >= count);
}

test('it tells backlog, names and today, and fits the contract', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  await core.sell(1);
  await core.sell(2, { currency: 'USD' });
  deliver(core);
  await beats(relay, 1);
  const heartbeat = heartbeatSchema.parse(relay.heartbeats[0]);
  assert.deepEqual(heartbeat.names.categories, ['Coffee']);
  assert.deepEqual(heartbeat.quarantine, [{ terminal: 'till-1', code: 'currency', count: 1 }]);
  assert.equal(heartbeat.today?.tenders[0]?.amount, 1100);
});

test('the counter rises over restarts', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  await deliverOnce(core, relay, 1);
  await core.stop();
  const { clock, dataDir } = core;
  await deliverOnce(await openTestCore(t, { clock, dataDir }), relay, 2);
  const [first, second] = relay.heartbeats;
  assert.ok((second?.counter ?? 0) > (first?.counter ?? 0));
  assert.notEqual(second?.instance, first?.instance);
});

test('settings of head office are taken over', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  relay.store = { ...relay.store, name: 'Tanjong Pagar Plaza', cutOver: '05:00' };
  deliver(core);
  await until(() => core.state.data.enrolment?.name === 'Tanjong Pagar Plaza');
  assert.equal(core.calendar.ruleOf('2026-11-24').cutOver, '05:00');
});

test('a command to close is carried out once, however often it is repeated', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  relay.commands = [{ id: 'c-1', kind: 'close', date: '2026-11-22' }];
  const delivery = deliver(core);
  await until(() => core.signed.all().length === 1);
  await core.sell(1);
  const { length } = relay.heartbeats;
  delivery.wake();
  await beats(relay, length + 1);
  assert.equal(core.signed.all().length, 1);
});

test("the relay's time confirms a clock that has jumped", async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  core.clock.set('2026-11-26T09:00:00+08:00');
  await core.watch.check();
  assert.equal(core.watch.verdict(), 'suspect');
  relay.timeMs = () => core.clock.nowMs() + 1000;
  deliver(core);
  await until(() => core.watch.verdict() === 'right');
});

test('a relay restored from a backup gets again what it has lost', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  const delivery = deliver(core);
  for (const _ of [1, 2, 3]) {
    core.clock.add(86_400_000);
    await core.dayClose.check();
    delivery.wake();
    await until(() => core.outbox.next() === undefined);
  }
  const { length } = relay.received;
  relay.lastNumber = 1;
  delivery.wake();
  await until(() => relay.received.length === length + 2);
  const again = relay.received.slice(-2).map(({ summary }) => summary.number);
  assert.deepEqual(again, [2, 3]);
});

test('another machine in the same chain is a problem on the page', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  relay.last = { ...relay.last, number: 5, digest: 'C'.repeat(43) };
  deliver(core);
  await until(() => core.observe().problems.some(({ code }) => code === 'chain'));
});

test('the shop knows within the probe that the relay is away, and that it is back', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  relay.weather = 'captive-portal';
  const delivery = deliver(core);
  await until(() => delivery.reachable() === false);
  relay.weather = 'fair';
  delivery.wake();
  await until(() => delivery.reachable() === true);
});

async function deliverOnce(core: TestCore, relay: FakeRelay, count: number) {
  const delivery = deliver(core);
  await beats(relay, count);
  await delivery.stop();
}

test('a relay that refuses this machine is quoted on the page until it answers again', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  relay.weather = 'refusal';
  const delivery = deliver(core);
  await until(() => core.observe().headline.code === 'refused');
  assert.match(core.observe().headline.message, /the key of this store was revoked/);
  relay.weather = 'fair';
  delivery.wake();
  await until(() => core.observe().headline.code !== 'refused');
});

test('while a day is on its way the shop asks sooner, then less and less often', () => {
  assert.equal(nextBeatMs(0, 0.5), HEARTBEAT_EVERY_MS);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 100].map(quickWaits => nextBeatMs(quickWaits, 0) / 1000),
    [30, 60, 120, 240, 300, 300],
  );
  assert.equal(nextBeatMs(1, 0.5), 45_000, 'not all shops at once');
});
