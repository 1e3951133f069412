/**
 * The till's own disk under the terminal kit: full, failing at a sync, refusing a write. `record`
 * says that a receipt is not recorded, and nothing that it said was recorded is lost.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Outbox } from '../../agent/terminal-kit/outbox.ts';
import { isAppError } from '../../protocol/errors.ts';
import { tempFolder } from '../support/agent.ts';
import { needs } from '../support/tools.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { mounting, smallDisk } from './mounts.ts';
import { injected } from './strace.ts';

const TILL = fileURLToPath(new URL('../agent/terminal-kit/killed-till.js', import.meta.url));
/** Nobody listens there: what is recorded stays in the outbox. */
const NO_AGENT = 'mqtt://127.0.0.1:1';
/** Far more than it says before the ninth sync. */
const SAID_MAX = 100_000;

async function open(t: TestContext, folder: string): Promise<Outbox> {
  const options = { folder, terminal: 'till-1', currency: 'SGD', nowMs: Date.now };
  const outbox = await Outbox.open(options);
  t.after(() => outbox.close());
  return outbox;
}

const receipt = (note: string) => ({
  ...{ type: 'sale', lines: [{ kind: 'item', amount: 500 }], note },
  tenders: [{ method: 'cash', amount: 500 }],
});

/** Records until the disk is full. @returns the ids that are recorded */
async function recordUntilFull(outbox: Outbox): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    try {
      ids.push((await outbox.record(receipt('x'.repeat(3000)))).id);
    } catch (error) {
      assert.ok(isAppError(error, 'disk-full'), String(error));
      return ids;
    }
  }
}

test(
  'a full till refuses receipts, keeps the others, and goes on with room',
  mounting(),
  async t => {
    const disk = await smallDisk(t, '512k');
    const [folder, filler] = [join(disk, 'outbox'), join(disk, 'filler')];
    const outbox = await open(t, folder);
    await writeFile(filler, Buffer.alloc(300 << 10));
    const ids = await recordUntilFull(outbox);
    assert.ok(ids.length > 10, `${ids.length} recorded`);
    await assert.rejects(outbox.record(receipt('x'.repeat(3000))), { code: 'disk-full' });
    await rm(filler);
    const last = await outbox.record(receipt('there is room again'));
    assert.equal(last.sequence, ids.length + 1, 'what was refused took no number');
    await outbox.close();
    const again = await open(t, folder);
    assert.deepEqual(
      [...again.waiting()].map(({ id }) => id),
      [...ids, last.id],
    );
    assert.equal(again.damagedLines, 0);
  },
);

/** The ids that a till printed before its disk made it end, and what it said last. */
async function sellUntilItFails(fault: string, folder: string, broken: Broken) {
  const [command = '', ...args] = [...injected(fault), process.execPath, TILL];
  const child = spawn(command, [...args, NO_AGENT, 'password', folder], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '1', ...broken },
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', chunk => {
    said.out += String(chunk);
    if (said.out.length > SAID_MAX) child.kill('SIGKILL');
  });
  child.stderr.on('data', chunk => {
    said.err += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ids: said.out.split('\n').slice(0, -1), words: said.err };
}

async function failTillDisk(
  t: TestContext,
  broken: Broken,
  [fault, code]: readonly [string, string],
): Promise<void> {
  const folder = join(await tempFolder(t), 'outbox');
  const till = await sellUntilItFails(fault, folder, broken);
  assert.equal(till.code, 1, 'it goes on after its disk failed');
  assert.match(till.words, new RegExp(`code: '${code}'`));
  assert.ok(till.ids.length > 10, `${till.ids.length} recorded`);
  const outbox = await open(t, folder);
  const kept = [...outbox.waiting()].map(({ id }) => id);
  assert.deepEqual(kept.slice(0, till.ids.length), till.ids);
  assert.ok(kept.length <= till.ids.length + 3, 'more than the one that was refused');
  assert.equal(outbox.damagedLines, 0);
}

const FAILED_SYNC = ['fdatasync:error=EIO:when=9', 'disk-error'] as const;

for (const [what, ...fault] of [
  ['a sync fails', ...FAILED_SYNC],
  ['a write fails', 'pwrite64:error=EIO:when=9', 'disk-error'],
  ['a write does not fit', 'pwrite64:error=ENOSPC:when=9', 'disk-full'],
] as const) {
  test(`${what} on the till's disk: it is told, what was recorded is kept`, needs('strace'), t =>
    failTillDisk(t, WHOLE, fault),
  );
}

canary('failed-till-sync', needs('strace'), (t, broken) => failTillDisk(t, broken, FAILED_SYNC));
