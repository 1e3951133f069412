/**
 * SIGKILL at every step: strace kills the agent at its k-th write, sync, rename … , k = 1, 2, 3 … on a
 * way through recovery, append, a new file, quarantine, day close, receipt and the orderly end.
 * After each death the shop is healed and the verifier asked. CI takes steps spread over the way.
 */
import assert from 'node:assert/strict';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../support/agent.ts';
import { randomFrom } from '../support/random.ts';
import { needs } from '../support/tools.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { howOften, SEED } from './runs.ts';
import { FaultyShop, waitFor } from './shop.ts';
import { DISK_CALLS, killedAt, straced } from './strace.ts';
import { inspect } from './verifier.ts';

/** How many of the steps; all of them at night. */
const STEPS = howOften('TILLBOOK_STEPS', 12);

async function dieAtSteps(t: TestContext, broken: Broken, pick: Pick): Promise<void> {
  const shop = await FaultyShop.open(t, 2, { broken });
  const all = await stepsOfTheWay(shop, join(await tempFolder(t), 'calls'));
  const steps = pick(all);
  let deaths = 0;
  for (const { call, k } of steps) {
    await tearTail(shop);
    if (await walk(shop, killedAt(call, k))) deaths += 1;
    await shop.start();
    await shop.settle();
    await shop.kill();
    const { faults } = await inspect(shop.folder, shop.record);
    assert.deepEqual(faults, [], `after death at ${call} number ${k}, seed ${SEED}`);
  }
  assert.ok(deaths > steps.length / 2, `only ${deaths} deaths: it proves nothing`);
  await shop.endWell();
}

test(`death at every step loses nothing (seed ${SEED})`, needs('strace'), t =>
  dieAtSteps(t, WHOLE, spread),
);

/** The first writes of a start: what it sets aside, and what it puts in place. */
const firstWrites: Pick = steps => steps.filter(({ call, k }) => call === 'pwrite64' && k <= 4);

canary('steps', needs('strace'), (t, broken) => dieAtSteps(t, broken, firstWrites));

type Pick = (steps: readonly Step[]) => Step[];

interface Step {
  call: string;
  /** From 1. */
  k: number;
}

/** STEPS of them, evenly spread, beginning where the seed says. */
function spread(steps: readonly Step[]): Step[] {
  const stride = Math.max(1, steps.length / STEPS);
  const first = randomFrom(SEED)() * stride;
  return steps.filter(
    (_, i) => Math.floor((i - first) / stride) !== Math.floor((i - 1 - first) / stride),
  );
}

/** The changes of the disk on the way, when nobody dies. */
async function stepsOfTheWay(shop: FaultyShop, log: string): Promise<Step[]> {
  await walk(shop, []); // Later ways begin with a day that is signed already.
  await tearTail(shop);
  await walk(shop, straced(log, `trace=${DISK_CALLS}`));
  const counts = new Map<string, number>();
  for (const [, thread, call] of (await readFile(log, 'utf8')).matchAll(/^(\d+) +(\w+)\(/gm)) {
    counts.set(`${thread} ${call}`, (counts.get(`${thread} ${call}`) ?? 0) + 1);
  }
  assert.ok(counts.size > 4, 'the way is too short');
  return [...counts].flatMap(([name, count]) => {
    const call = name.split(' ')[1] ?? '';
    return Array.from({ length: count }, (_, i) => ({ call, k: i + 1 }));
  });
}

/** Half a line at the end of the newest journal, as a death in the middle of a write leaves it. */
async function tearTail(shop: FaultyShop): Promise<void> {
  const folder = join(shop.folder, 'journal');
  const names = (await readdir(folder)).filter(each => each.endsWith('.ndjson')).sort();
  await appendFile(join(folder, names.at(-1) ?? ''), '{"receivedAt":"2026-11-22T');
}

/** Start, sales, close, receipt, a late sale, orderly end. @returns true when it died on the way */
async function walk(shop: FaultyShop, wrap: readonly string[]): Promise<boolean> {
  let dead = false;
  try {
    const { ended } = await shop.start({ wrap });
    void ended.then(code => {
      dead = code !== 0;
    });
    await shop.sellSome(4);
    const delivered = shop.relay.received.length;
    await shop.close();
    await waitFor('the day is sent', async () => {
      return dead || shop.relay.received.length > delivered || undefined;
    });
    await shop.sellSome(2);
    return (await shop.stop()) !== 0;
  } catch {
    return true; // On the way, which is what the test is for.
  }
}
