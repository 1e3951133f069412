/** A journal goes after its time, never before head office has accepted its day. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startRetention } from '../../../agent/day/retention.ts';
import { startForwarder } from '../../../agent/delivery/forwarder.ts';
import { openTestCore, type TestCore, until } from '../../support/core.ts';
import { type FakeRelay, startFakeRelay } from '../../support/fake-relay.ts';

const DAY_MS = 86_400_000;
const FIRST = '2026-11-22';

/** A shop that sold on its first day and is `days` older now; every day is closed. */
async function oldShop(
  t: TestContext,
  days: number,
): Promise<{ relay: FakeRelay; core: TestCore }> {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay, env: { AGENT_RETENTION_DAYS: '30' } });
  await core.sell(1);
  await core.sell(2);
  for (let day = 0; day < days; day += 1) {
    core.clock.add(DAY_MS);
    await core.dayClose.check();
  }
  return { relay, core };
}

async function deliver(core: TestCore): Promise<void> {
  const { clock, http, log, outbox, signed, state } = core;
  const parts = { clock, http, log, outbox, signed, state, random: () => 0 };
  const loop = startForwarder({ ...parts, onDelivered: () => undefined });
  await until(() => outbox.next() === undefined);
  await loop.stop();
}

/** Lets the sweep look once. */
async function sweep(core: TestCore): Promise<string[]> {
  const loop = startRetention(core);
  await wait(50);
  await loop.stop();
  return (await readdir(join(core.dataDir, 'journal'))).filter(name => name.endsWith('.ndjson'));
}

test('a journal stays for the retention, and goes after it once its day was accepted', async t => {
  const { core } = await oldShop(t, 30);
  await deliver(core);
  assert.deepEqual(await sweep(core), [`${FIRST}.ndjson`], 'on its last day it is here');
  core.clock.add(DAY_MS);
  assert.deepEqual(await sweep(core), []);
});

test('without a receipt, or with one that keeps the day aside, it stays for ever', async t => {
  const { core, relay } = await oldShop(t, 40);
  assert.deepEqual(await sweep(core), [`${FIRST}.ndjson`]);
  relay.verdict = 'kept-aside';
  await deliver(core);
  assert.deepEqual(await sweep(core), [`${FIRST}.ndjson`]);
});

test('a late sale keeps the journal until its revision was accepted, too', async t => {
  const { core } = await oldShop(t, 40);
  await deliver(core);
  assert.equal(await core.sell(3, { occurredAt: `${FIRST}T12:00:00+08:00` }), 'accepted');
  assert.deepEqual(await sweep(core), [`${FIRST}.ndjson`]);
  core.clock.add(6 * 60_000);
  await core.dayClose.check();
  await deliver(core);
  assert.deepEqual(await sweep(core), []);
});

test('while the clock cannot be believed nothing is deleted', async t => {
  const { core } = await oldShop(t, 20);
  await deliver(core);
  core.clock.add(100 * DAY_MS);
  assert.deepEqual(await sweep(core), [`${FIRST}.ndjson`]);
});

test('what the deleted journal held is taken for ever, also after a restart', async t => {
  const { core } = await oldShop(t, 40);
  await deliver(core);
  assert.deepEqual(await sweep(core), []);
  await core.stop();
  const { clock, dataDir } = core;
  const again = await openTestCore(t, { clock, dataDir });
  assert.equal(await again.sell(1), 'conflict-number');
  assert.equal(await again.sell(3), 'accepted');
  assert.equal(again.shop.dayBook.entries(FIRST), 2, 'its totals stay');
});
