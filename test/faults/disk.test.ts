/** Disks that fail, refuse a write now and then, or are slow: broker, intake and disk of a shop. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../support/agent.ts';
import { type ShopProcess, startShop } from '../support/faulty.ts';
import { assertNoFaults, SalesRecord } from '../support/sold.ts';
import { needs } from '../support/tools.ts';

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
