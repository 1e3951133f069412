/**
 * A small disk fills up and gets room again: sales are refused with the reason, nothing is lost, the
 * day can be closed and sent while it is full, and selling goes on by itself.
 */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { mounting, smallDisk } from './mounts.ts';
import { FaultyShop, waitFor } from './shop.ts';
import { assertNoFaults, inspectClosed } from './verifier.ts';

const DISK = '40m';
/** More than the ballast that the agent lets go on a full disk. */
const RESERVE = { env: { AGENT_DISK_RESERVE_MB: '8' } };
const LONG_RECEIPT = { paddingBytes: 20_000 };

async function shopOnSmallDisk(t: TestContext, broken = WHOLE) {
  const disk = await smallDisk(t, DISK);
  const shop = await FaultyShop.open(t, 3, { place: disk, broken });
  await shop.start(RESERVE);
  return { shop, filler: join(disk, 'filler') };
}

/** Somebody else's file takes all the room there is. */
async function fill(filler: string): Promise<void> {
  await writeFile(filler, Buffer.alloc(64 << 20)).catch(() => undefined);
}

async function fillAndEmpty(t: TestContext, broken: Broken): Promise<void> {
  const { shop, filler } = await shopOnSmallDisk(t, broken);
  await shop.sellSome(100, 5);
  await fill(filler);
  const { problems } = await shop.waitForStatus('not ready', ({ ready }) => !ready);
  assert.match(problems[0]?.message ?? '', /disk has \d+ MiB left/);
  assert.equal((await fetch(`${shop.running.http}/readyz`)).status, 503);
  const { acknowledged } = shop.record;
  const before = acknowledged.size;
  for (let tries = 0; tries < 3; tries += 1) {
    await shop.sell(() => acknowledged.size > before, 5);
  }
  assert.equal(acknowledged.size, before, 'acknowledged without room');
  await rm(filler);
  await shop.waitForStatus('ready again', ({ ready }) => ready);
  await shop.endWell();
}

test('a full disk refuses sales and says why; with room they are taken again', mounting(), t =>
  fillAndEmpty(t, WHOLE),
);

canary('full-disk', mounting(), fillAndEmpty);

test('the day is closed and sent while the disk is full', mounting(), async t => {
  const { shop, filler } = await shopOnSmallDisk(t);
  await shop.sellSome(100, 5);
  await fill(filler);
  await shop.waitForStatus('not ready', ({ ready }) => !ready);
  await shop.close();
  await waitFor('the day is sent', async () => shop.relay.received.length > 0 || undefined);
  await shop.waitForStatus('receipt', ({ outbox }) => outbox.waiting === 0);
  await rm(filler);
  await shop.endWell();
});

test('tills that fill the disk themselves lose nothing', mounting(), async t => {
  const { shop } = await shopOnSmallDisk(t);
  const stop = Date.now() + 60_000;
  const { size } = shop.record.acknowledged;
  while ((await shop.status()).ready && Date.now() < stop) {
    const until = Date.now() + 500;
    await shop.sell(() => Date.now() > until, 20, LONG_RECEIPT);
  }
  assert.ok(shop.record.acknowledged.size > size + 100);
  await shop.kill();
  // A new start on the full disk must neither lose nor double anything either.
  await shop.start(RESERVE);
  assert.equal((await shop.status()).ready, false);
  await shop.close();
  await shop.stop();
  assertNoFaults(await inspectClosed(shop.folder, shop.record));
});
