/** Disks that fail, fill up, lose power or kill the agent at any step; found out by the tills. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../support/agent.ts';
import { loopDisk, mayMount, type ShopProcess, smallDisk, startShop } from '../support/faulty.ts';
import { assertNoFaults, SalesRecord } from '../support/sold.ts';
import { needs } from '../support/tools.ts';

const STEPS = Number(process.env['TILLBOOK_STEPS'] ?? 3);
const POWER_CUTS = Number(process.env['TILLBOOK_POWER_CUTS'] ?? 3);
const mounts = (...tools: Parameters<typeof needs>) =>
  mayMount() ? needs(...tools) : { skip: 'needs root on Linux to mount a file system' };

/** Sells on two terminals until the time is over or the shop is gone. */
async function sell(record: SalesRecord, { port }: ShopProcess, ms: number): Promise<void> {
  if (port === 0) return;
  const until = Date.now() + ms;
  await Promise.all(['till-1', 'till-2'].map(till => record.sell(port, till, 10, until)));
}

async function sellHealthy(t: TestContext, record: SalesRecord, dataDir: string): Promise<void> {
  const shop = await startShop(t, dataDir);
  const before = record.acknowledged.size;
  await sell(record, shop, 200);
  assert.ok(record.acknowledged.size > before, 'a healthy shop sells');
  shop.kill('SIGKILL');
  await shop.exited;
}

for (const call of ['pwrite64', 'fdatasync', 'fsync', 'openat', 'rename', 'ftruncate']) {
  test(
    `killed at any ${call}, the shop loses nothing that was acknowledged`,
    needs('strace'),
    async t => {
      const dataDir = await tempFolder(t);
      const record = new SalesRecord();
      // Many files are opened before the first of our own.
      const first = call === 'openat' ? 30 : 1;
      for (let step = first; step < first + STEPS; step += 1) {
        const dying = await startShop(t, dataDir, [`${call}:signal=KILL:when=${step}`]);
        await sell(record, dying, 300);
        dying.kill('SIGTERM');
        await dying.exited;
        await sellHealthy(t, record, dataDir);
      }
      assertNoFaults(await record.findFaults(dataDir), 0);
    },
  );
}

test(
  'a sync that fails ends the shop with 74; what was acknowledged is there',
  needs('strace'),
  async t => {
    const dataDir = await tempFolder(t);
    const record = new SalesRecord();
    for (const when of [2, 5, 9]) {
      const failing = await startShop(t, dataDir, [`fdatasync:error=EIO:when=${when}`]);
      await sell(record, failing, 3000);
      assert.equal(await failing.exited, 74);
      await sellHealthy(t, record, dataDir);
    }
    assertNoFaults(await record.findFaults(dataDir), 0);
  },
);

test(
  'writes that do not fit now and then are refused, cut back and made up for',
  needs('strace'),
  async t => {
    const dataDir = await tempFolder(t);
    const record = new SalesRecord();
    const full = await startShop(t, dataDir, ['pwrite64:error=ENOSPC:when=20+7']);
    for (let round = 0; round < 4; round += 1) await sell(record, full, 400);
    full.kill('SIGTERM');
    await full.exited;
    assert.ok(record.acknowledged.size > 10);
    await sellHealthy(t, record, dataDir);
    assertNoFaults(await record.findFaults(dataDir), 0);
  },
);

test('a slow disk makes the tills wait, not the memory grow', needs('strace'), async t => {
  const dataDir = await tempFolder(t);
  const record = new SalesRecord();
  const slow = await startShop(t, dataDir, ['fdatasync:delay_exit=200000']);
  const until = Date.now() + 1500;
  const tills = Array.from({ length: 8 }, (_, i) =>
    record.sell(slow.port, `till-${i}`, 2000, until),
  );
  await Promise.all(tills);
  const memory = await readFile(`/proc/${slow.pid}/status`, 'utf8');
  const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(memory)?.[1]) / 1024;
  assert.ok(peakMiB < 350, `peak ${peakMiB} MiB`);
  slow.kill('SIGTERM');
  await slow.exited;
  assertNoFaults(await record.findFaults(dataDir), 0);
});

test(
  'a full disk refuses sales and takes them again by itself when there is room',
  mounts(),
  async t => {
    const dataDir = await smallDisk(t, '6m');
    const record = new SalesRecord();
    const shop = await startShop(t, dataDir);
    await sell(record, shop, 500);
    const sold = record.acknowledged.size;
    await writeFile(join(dataDir, 'filler'), Buffer.alloc(8 << 20)).catch(() => undefined);
    await new Promise(resolve => setTimeout(resolve, 1500));
    await sell(record, shop, 500);
    assert.equal(record.acknowledged.size, sold, 'nothing is acknowledged on a full disk');
    await rm(join(dataDir, 'filler'));
    await new Promise(resolve => setTimeout(resolve, 1500));
    await sell(record, shop, 500);
    assert.ok(record.acknowledged.size > sold);
    shop.kill('SIGKILL');
    await shop.exited;
    assertNoFaults(await record.findFaults(dataDir), 0);
  },
);

/** Sells, pulls the plug, sells again, … and gives what is lost. */
async function sellUnderPowerCuts(t: TestContext, cuts: number, mode = ''): Promise<string[]> {
  const disk = await loopDisk(t);
  const record = new SalesRecord();
  for (let cut = 0; cut < cuts; cut += 1) {
    const shop = await startShop(t, disk.folder, [], mode);
    const selling = sell(record, shop, 1500);
    await new Promise(resolve => setTimeout(resolve, 300 + 200 * Math.random()));
    shop.kill('SIGKILL');
    await Promise.all([selling, shop.exited]);
    disk.losePower();
  }
  assert.ok(record.acknowledged.size > 0);
  return await record.findFaults(disk.folder);
}

const power = mounts('xfs_io', 'mkfs.ext4');

test(`${POWER_CUTS} power cuts lose nothing that was acknowledged`, power, async t => {
  assertNoFaults(await sellUnderPowerCuts(t, POWER_CUTS), 0);
});

test(
  'canary: an agent that never syncs loses sales in a power cut and is found out',
  power,
  async t => {
    const faults = await sellUnderPowerCuts(t, 1, 'nosync');
    assert.ok(faults.some(fault => fault.includes('is lost')));
  },
);
