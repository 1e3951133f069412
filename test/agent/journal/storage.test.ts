/** Room on the disk: the ballast is a part of the reserve, whatever the reserve is set to. */
import assert from 'node:assert/strict';
import { stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Disk, systemDisk } from '../../../agent/journal/disk.ts';
import { Storage } from '../../../agent/journal/storage.ts';
import { tempFolder } from '../../support/agent.ts';

const MIB = 1024 * 1024;

/** A real folder on a disk whose free space the test sets; the ballast takes its share of it. */
async function disk(t: TestContext, freeMib: number) {
  const folder = await tempFolder(t);
  const state = { freeBytes: freeMib * MIB, broken: false };
  const ballast = join(folder, 'ballast');
  const sizeOf = () =>
    stat(ballast).then(
      ({ size }) => size,
      () => 0,
    );
  const port: Disk = {
    ...systemDisk,
    space: async () => ({ freeBytes: state.freeBytes - (await sizeOf()), totalBytes: 1e12 }),
    open: async path => {
      if (state.broken) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
      return await systemDisk.open(path);
    },
  };
  const start = async (reserveMib: number) => {
    const storage = new Storage({ disk: port, folder, reserveBytes: reserveMib * MIB });
    await storage.start();
    await storage.stop();
    return storage;
  };
  return { state, ballast, sizeOf, start };
}

for (const [reserveMib, ballastMib] of [
  [1, 1],
  [2, 2],
  [4, 4],
  [64, 4],
] as const) {
  test(`a reserve of ${reserveMib} MiB keeps a ballast of ${ballastMib}`, async t => {
    const { sizeOf, start } = await disk(t, 1000);
    assert.ok((await start(reserveMib)).status.ready);
    assert.equal(await sizeOf(), ballastMib * MIB);
  });
}

test('a smaller reserve lets the larger ballast go, and keeps one of its own size', async t => {
  const { sizeOf, start } = await disk(t, 1000);
  await start(64);
  await start(1);
  assert.equal(await sizeOf(), MIB);
});

test('a ballast that a crash left half made is made anew', async t => {
  const { ballast, sizeOf, start } = await disk(t, 1000);
  await writeFile(ballast, 'x');
  await truncate(ballast, MIB / 2);
  await start(2);
  assert.equal(await sizeOf(), 2 * MIB);
});

test('on a disk that is nearly full the whole ballast is let go for the close', async t => {
  const { sizeOf, start, state } = await disk(t, 1000);
  await start(1);
  state.freeBytes = 1.25 * MIB;
  const storage = await start(1);
  assert.equal(await sizeOf(), 0);
  assert.equal(storage.status.freeBytes, 1.25 * MIB);
});

test('sales go on although no ballast can be made for want of files', async t => {
  const { sizeOf, start, state } = await disk(t, 1000);
  state.broken = true;
  assert.ok((await start(64)).status.ready);
  state.broken = false;
  await start(64);
  assert.equal(await sizeOf(), 4 * MIB);
});
