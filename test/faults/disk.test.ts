/**
 * A disk that fails, refuses a write now and then, ends in the middle of one, or is slow, under a
 * real agent while its tills sell.
 */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { tempFolder } from '../support/agent.ts';
import { needs } from '../support/tools.ts';
import { mounting, smallDisk } from './mounts.ts';
import { FaultyShop } from './shop.ts';
import { faultsIn, injected, injectedAndTold } from './strace.ts';

/** What the agent may take while 16 tills push and the disk hardly moves; it rests at about 120. */
const MEMORY_MAX_MIB = 450;
const EXIT_WITHIN_MS = 5000;

/** What /readyz answers again and again until nobody answers. */
async function readinessUntilGone(http: string): Promise<number[]> {
  const said: number[] = [];
  for (;;) {
    const answer = await fetch(`${http}/readyz`).catch(() => undefined);
    if (answer === undefined) return said;
    said.push(answer.status);
    await wait(20);
  }
}

for (const nth of [8, 30]) {
  test(
    `sync number ${nth} fails: no acknowledgement, readyz says 503, exit 74 within 5 s`,
    needs('strace'),
    async t => {
      const shop = await FaultyShop.open(t, 3);
      const agent = await shop.start({ wrap: injected(`fdatasync:error=EIO:when=${nth}`) });
      const said = readinessUntilGone(agent.http);
      await shop.sell(() => false, 2); // Until the connections are closed: so a till hears of it.
      const failedAt = Date.now();
      const before = shop.record.acknowledged.size;
      await shop.sell(() => false, 2);
      assert.equal(shop.record.acknowledged.size, before, 'acknowledged after the disk failed');
      assert.equal(await agent.ended, 74);
      assert.ok(Date.now() - failedAt < EXIT_WITHIN_MS);
      assert.equal((await said).at(-1), 503);
      shop.agent = undefined;
      await shop.endWell();
    },
  );
}

test(
  'writes that do not fit now and then are cut back and made up for',
  needs('strace'),
  async t => {
    const shop = await FaultyShop.open(t, 3);
    const log = join(await tempFolder(t), 'calls');
    await shop.start({ wrap: injectedAndTold(log, 'pwrite64:error=ENOSPC:when=30+7') });
    for (let round = 0; round < 4; round += 1) {
      const until = Date.now() + 1000;
      await shop.sell(() => Date.now() > until, 10);
    }
    assert.ok(shop.record.acknowledged.size > 10);
    await shop.kill();
    const faults = await faultsIn(log);
    assert.ok(faults > 0, `only ${faults} writes were refused: it proves nothing`);
    await shop.endWell();
  },
);

test('a disk that is full in the middle of a write tears no line', mounting(), async t => {
  const disk = await smallDisk(t, '40m');
  const shop = await FaultyShop.open(t, 3, { place: disk });
  await shop.start();
  const filler = join(disk, 'filler');
  for (let round = 0; round < 3; round += 1) {
    const until = Date.now() + 800;
    const selling = shop.sell(() => Date.now() > until, 20, { paddingBytes: 3000 });
    await wait(200);
    await writeFile(filler, Buffer.alloc(64 << 20)).catch(() => undefined);
    await selling;
    await rm(filler);
  }
  await shop.endWell();
});

test('a slow disk makes the tills wait, not the memory grow', needs('strace'), async t => {
  const shop = await FaultyShop.open(t, 16);
  const log = join(await tempFolder(t), 'calls');
  const agent = await shop.start({ wrap: injectedAndTold(log, 'fdatasync:delay_exit=200000') });
  const until = Date.now() + 4000;
  const selling = shop.sell(() => Date.now() > until, 300, { paddingBytes: 8000 });
  await wait(4000);
  const memory = await readFile(`/proc/${agent.child.pid}/status`, 'utf8');
  const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(memory)?.[1]) / 1024;
  await shop.kill();
  await selling;
  assert.ok(peakMiB < MEMORY_MAX_MIB, `peak ${peakMiB} MiB`);
  assert.ok((await faultsIn(log)) > 0, 'hardly a sync was slow: it proves nothing');
  await shop.endWell();
});
