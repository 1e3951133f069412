/**
 * A disk that fails, refuses a write now and then, ends in the middle of one, or is slow, under a
 * real agent while its tills sell.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { tempFolder } from '../support/agent.ts';
import { connectPacket, publishPacket } from '../support/raw-mqtt.ts';
import { needs } from '../support/tools.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { mounting, smallDisk } from './mounts.ts';
import { LINUX } from './runs.ts';
import { FaultyShop, waitFor } from './shop.ts';
import { faultsIn, injected, injectedAndTold } from './strace.ts';
import type { Till } from './tills.ts';

/** What the agent may take while 16 tills push and the disk hardly moves; it rests at about 120. */
const MEMORY_MAX_MIB = 450;
const EXIT_WITHIN_MS = 5000;
/** Far more than is acknowledged before the sync that fails. */
const ACKS_MAX = 1000;
/** Read all at once they take more than MEMORY_MAX_MIB. */
const WILD_BYTES = 400 << 20;

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

async function failSync(t: TestContext, broken: Broken, nth: number): Promise<void> {
  const shop = await FaultyShop.open(t, 3, { broken });
  const agent = await shop.start({ wrap: injected(`fdatasync:error=EIO:when=${nth}`) });
  const said = readinessUntilGone(agent.http);
  const tooMany = () => shop.record.acknowledged.size > ACKS_MAX;
  await shop.sell(tooMany, 2); // Until the connections are closed: so a till hears of it.
  const failedAt = Date.now();
  const before = shop.record.acknowledged.size;
  await shop.sell(tooMany, 2);
  const after = shop.record.acknowledged.size;
  assert.ok(after === before && !tooMany(), 'acknowledged after the disk failed');
  assert.equal(await agent.ended, 74);
  assert.ok(Date.now() - failedAt < EXIT_WITHIN_MS);
  assert.equal((await said).at(-1), 503);
  shop.agent = undefined;
  await shop.endWell();
}

for (const nth of [8, 30]) {
  test(
    `sync number ${nth} fails: no acknowledgement, readyz says 503, exit 74 within 5 s`,
    needs('strace'),
    t => failSync(t, WHOLE, nth),
  );
}

canary('failed-sync', needs('strace'), (t, broken) => failSync(t, broken, 8));

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

/** The journal may not grow beyond the middle of a line: a short write, then none. */
async function cutWritesShort(
  t: TestContext,
  broken: Broken,
  { tills, window, rounds }: { tills: number; window: number; rounds: number },
): Promise<void> {
  const shop = await FaultyShop.open(t, tills, { broken });
  const { child } = await shop.start();
  for (let round = 0; round < rounds; round += 1) {
    await shop.settle();
    const { acknowledged } = shop.record;
    const before = acknowledged.size;
    const selling = shop.sell(() => false, window, { paddingBytes: 3000 });
    await waitFor('it sells', async () => acknowledged.size > before + 20 || undefined);
    limitFileSize(child.pid, newestJournalSize(shop) + 200_000);
    await selling; // Until the sales are refused, or the agent is gone.
    limitFileSize(child.pid, 'unlimited');
  }
  await shop.endWell();
}

function limitFileSize(pid: number | undefined, soft: number | 'unlimited'): void {
  spawnSync('prlimit', ['--pid', String(pid), `--fsize=${soft}:`]);
}

/** Asked without a pause: in one, the tills would go on. */
function newestJournalSize({ folder }: FaultyShop): number {
  const names = readdirSync(join(folder, 'journal')).filter(name => name.endsWith('.ndjson'));
  return statSync(join(folder, 'journal', names.sort().at(-1) ?? '')).size;
}

test('writes that end in the middle of a line tear none', LINUX, t =>
  cutWritesShort(t, WHOLE, { tills: 3, window: 10, rounds: 3 }),
);

// Alone in its write: lines that came behind it would not fit either, and be refused together.
canary('short-writes', LINUX, (t, broken) =>
  cutWritesShort(t, broken, { tills: 1, window: 1, rounds: 1 }),
);

/** Many tills push, and one has gone wild: the same receipt as fast as the agent takes it. */
async function pushOnSlowDisk(t: TestContext, broken: Broken): Promise<void> {
  const shop = await FaultyShop.open(t, 17, { broken });
  const [wild, ...tills] = shop.tills;
  const log = join(await tempFolder(t), 'calls');
  const agent = await shop.start({ wrap: injectedAndTold(log, 'fdatasync:delay_exit=200000') });
  const until = Date.now() + 4000;
  const options = { window: 300, enough: () => Date.now() > until, paddingBytes: 8000 };
  const selling = Promise.all(tills.map(till => till.sell(agent.mqtt, options)));
  const socket = runWild(agent.mqtt, wild as Till);
  await wait(4000);
  const memory = await readFile(`/proc/${agent.child.pid}/status`, 'utf8');
  const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(memory)?.[1]) / 1024;
  await shop.kill();
  socket.destroy();
  await selling;
  assert.ok(peakMiB < MEMORY_MAX_MIB, `the memory grew to ${peakMiB} MiB`);
  assert.ok((await faultsIn(log)) > 0, 'hardly a sync was slow: it proves nothing');
  await shop.endWell();
}

function runWild(broker: string, wild: Till): Socket {
  const { terminal, text } = wild.ring({ paddingBytes: 8000 });
  const { hostname, port } = new URL(broker);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  socket.write(connectPacket(terminal, wild.password));
  const message = publishPacket(1, `pos/v1/${terminal}/transactions`, JSON.parse(text));
  let left = WILD_BYTES;
  const push = () => {
    while (left > 0 && socket.write(message)) left -= message.length;
  };
  return socket.on('drain', push).once('data', push);
}

test('a slow disk makes the tills wait, not the memory grow', needs('strace'), async t => {
  await pushOnSlowDisk(t, WHOLE);
});

canary('slow-disk', needs('strace'), pushOnSlowDisk);
