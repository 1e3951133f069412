/**
 * The agent dies at every step of the day close, the delivery and its own start: every day is still
 * signed once, in one chain, with what the tills sold, and the relay never sees two summaries under
 * one number. With TILLBOOK_STEP=1 every single step is tried.
 */
import assert from 'node:assert/strict';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../../protocol/signing.ts';
import { tempFolder } from '../support/agent.ts';
import type { FakeRelay } from '../support/fake-relay.ts';
import { needs } from '../support/tools.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { MovedClock } from './moved-clock.ts';
import { FaultyShop, waitFor } from './shop.ts';
import { killedAt } from './strace.ts';

/** Every how manieth step is tried; 1 at night. */
const STEP = Number(process.env['TILLBOOK_STEP'] ?? 5);
/** More than a start with its closes and receipts needs. */
const STEPS_MAX = 60;
const RECEIPT_WITHIN_MS = 500;
const HOUR_MS = 3_600_000;
const SALES = 30;

/** A shop that was switched off 40 hours ago with sales of a day that is due since. */
async function shopWithDueDays(t: TestContext, broken: Broken): Promise<FaultyShop> {
  const clock = await MovedClock.beforeMidnight(t, 0);
  await clock.pass(Date.now() - clock.nowMs() - 40 * HOUR_MS);
  const shop = await FaultyShop.open(t, 2, { broken });
  await shop.start({ env: clock.env });
  await shop.sellSome(SALES, 5, { occurredAt: clock.now() });
  await shop.stop();
  return shop;
}

/** Starts the agent, to be killed by the given call; false when it lived to deliver a day. */
async function dieAt(shop: FaultyShop, call: string, step: number): Promise<boolean> {
  const agent = await shop.start({ wrap: killedAt(call, step) }).catch(() => undefined);
  if (agent === undefined) return true; // Before it listened.
  let dead = false;
  const death = agent.ended.then(() => {
    dead = true;
    return true;
  });
  await waitFor('a day is delivered', async () => {
    return dead || shop.relay.received.length > 0 || undefined;
  });
  // The receipt is written after the relay has received.
  const died = await Promise.race([death, sleep(RECEIPT_WITHIN_MS, false)]);
  await shop.kill();
  return died;
}

/** One digest per number, without gaps, in order, each following the one before. */
function assertOneChain({ received }: FakeRelay): void {
  const digests = new Map<number, Set<string>>();
  for (const { compact, summary } of received) {
    const known = digests.get(summary.number) ?? new Set();
    digests.set(summary.number, known.add(digestOf(compact)));
  }
  for (const [number, found] of digests) assert.equal(found.size, 1, `number ${number} is forked`);
  assert.deepEqual(
    [...digests.keys()],
    [...digests.keys()].map((_, index) => index + 1),
  );
  for (const { summary } of received.slice(1)) {
    const before = digests.get(summary.number - 1) ?? new Set(['']);
    assert.ok(before.has(summary.previous), `number ${summary.number} hangs in the air`);
  }
}

/** True when the step was reached. */
async function closeAfterDeath(shop: FaultyShop, call: string, step: number): Promise<boolean> {
  const died = await dieAt(shop, call, step);
  await shop.start();
  await waitFor('the day is closed and sent by itself', async () => {
    return shop.relay.received.length > 0 || undefined;
  });
  assert.equal(await shop.stop(), 0);
  await shop.endWell();
  assertOneChain(shop.relay);
  const files = await readdir(join(shop.folder, 'summaries'));
  const names = files.filter(name => !/^\d{4}-\d\d-\d\d\.1\.jws$/.test(name));
  assert.deepEqual(names, []);
  return died;
}

async function dieAtEvery(t: TestContext, broken: Broken, call: string, every: number) {
  const shop = await shopWithDueDays(t, broken);
  const before = join(await tempFolder(t), 'before');
  await cp(shop.folder, before, { recursive: true });
  let deaths = 0;
  for (let step = 1; step <= STEPS_MAX; step += every) {
    if (!(await closeAfterDeath(shop, call, step))) break;
    deaths += 1;
    await rm(shop.folder, { recursive: true });
    await cp(before, shop.folder, { recursive: true });
    shop.relay.received.length = 0;
  }
  assert.ok(deaths > 0, `no ${call} was ever reached: the run proves nothing`);
}

for (const call of ['rename', 'fdatasync', 'fsync']) {
  test(`death at a ${call} leaves one chain of days`, needs('strace', 'libfaketime'), t =>
    dieAtEvery(t, WHOLE, call, STEP),
  );
}

canary('day-close', needs('strace', 'libfaketime'), (t, broken) =>
  dieAtEvery(t, broken, 'rename', 1),
);
