/**
 * Power loss on a real file system: an ext4 on a loop device is shut down while tills sell, so that
 * only what was synced is there after it is mounted again.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { randomFrom } from '../support/random.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { loopDisk, mounting } from './mounts.ts';
import { howOften, SEED } from './runs.ts';
import { FaultyShop } from './shop.ts';

const CUTS = howOften('TILLBOOK_POWER_CUTS', 4);
const MOMENT_MAX_MS = 600;
/** Until every thread of the agent stands still. */
const FREEZE_MS = 5;

/** A shop on a disk of its own, with sales, day closes and power cuts at random moments. */
async function cutPower(t: TestContext, broken: Broken, cuts: number): Promise<void> {
  const random = randomFrom(SEED);
  const disk = await loopDisk(t);
  const shop = await FaultyShop.open(t, 4, { place: disk.folder, broken });
  for (let cut = 0; cut < cuts; cut += 1) {
    const agent = await shop.start();
    const selling = shop.sell(() => false, 1 + Math.floor(random() * 30));
    const closing = random() < 0.4 ? shop.close().catch(() => undefined) : undefined;
    await wait(100 + random() * MOMENT_MAX_MS);
    // Frozen first: a machine without power acknowledges nothing more, but a sync that is under way
    // while ext4 is shut down may still be answered with success.
    agent.child.kill('SIGSTOP');
    await wait(FREEZE_MS);
    disk.losePower();
    await agent.stop('SIGKILL');
    shop.agent = undefined;
    await Promise.all([selling, closing]);
    disk.plugIn();
  }
  assert.ok(shop.record.acknowledged.size > 10 * cuts, 'too little was sold: it proves nothing');
  await shop.endWell();
}

test(
  `${CUTS} power cuts: every acknowledged sale is in one total (seed ${SEED})`,
  mounting('mkfs.ext4', 'xfs_io'),
  t => cutPower(t, WHOLE, CUTS),
);

canary('power', mounting('mkfs.ext4', 'xfs_io'), (t, broken) => cutPower(t, broken, 1));
