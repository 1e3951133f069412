/** The till's outbox on its own disk: numbers, torn and damaged files, tidying up, one process. */
import assert from 'node:assert/strict';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { z } from 'zod';
import { Outbox } from '../../../agent/terminal-kit/outbox.ts';
import type { Receipt } from '../../../agent/terminal-kit/receipt.ts';
import { parseTransaction, type transactionSchema } from '../../../protocol/transaction.ts';
import { tempFolder } from '../../support/agent.ts';
import { bytesOf } from '../../support/messages.ts';

type Sent = Receipt & { version: 1; id: string; sequence: number } & { [f in Given]: string };
type Given = 'occurredAt' | 'currency';
/** Compiles only while the kit's types are the protocol's. */
export const asMessage = (sent: Sent): z.input<typeof transactionSchema> => sent;

const NOW_S = 1_800_000_000;
const coffee = (more: object = {}) => ({
  ...{ type: 'sale', currency: 'SGD', lines: [{ kind: 'item', amount: 500 }] },
  tenders: [{ method: 'cash', amount: 500 }],
  ...more,
});
const fileOf = (folder: string) => join(folder, 'outbox.ndjson');

async function open(t: TestContext, folder: string, terminal = 'till-1', nowS = NOW_S) {
  const nowMs = () => nowS * 1000;
  const outbox = await Outbox.open({ folder, terminal, currency: undefined, nowMs });
  t.after(() => outbox.close());
  return outbox;
}

const numbers = (outbox: Outbox) => [...outbox.waiting()].map(({ sequence }) => sequence);

test('receipts are good messages, numbered in their order, and there after a restart', async t => {
  const folder = await tempFolder(t);
  const first = await open(t, folder);
  const recorded = await Promise.all([1, 2, 3].map(n => first.record(coffee({ receipt: `${n}` }))));
  assert.deepEqual(
    recorded.map(({ epoch, sequence }) => [epoch, sequence]),
    [1, 2, 3].map(n => [NOW_S, n]),
  );
  await first.close();
  const again = await open(t, folder);
  const bodies = [...again.waiting()].map(({ body }) => parseTransaction(bytesOf(body)));
  assert.ok(bodies.every(parsed => parsed.ok));
  assert.deepEqual(numbers(again), [1, 2, 3]);
  assert.equal((await again.record(coffee())).sequence, 4);
});

test('what was acknowledged does not come back, and its number is not used again', async t => {
  const folder = await tempFolder(t);
  const first = await open(t, folder);
  for (const _ of [1, 2]) await first.record(coffee());
  for (const message of [...first.waiting()]) first.acknowledged(message);
  await first.close();
  const again = await open(t, folder);
  assert.deepEqual(numbers(again), []);
  assert.equal((await again.record(coffee())).sequence, 3);
});

test('a folder that is new or lost counts on under a higher epoch', async t => {
  const old = await (await open(t, await tempFolder(t))).record(coffee());
  const lost = await open(t, await tempFolder(t), 'till-1', NOW_S + 1);
  const fresh = await lost.record(coffee());
  assert.ok(fresh.epoch > old.epoch);
  assert.equal(fresh.sequence, 1);
});

test('a line that a power cut tore was never recorded; its number is free', async t => {
  const folder = await tempFolder(t);
  const first = await open(t, folder);
  for (const _ of [1, 2]) await first.record(coffee());
  await first.close();
  const bytes = await readFile(fileOf(folder));
  for (const cut of [1, 40, 300]) {
    await writeFile(fileOf(folder), bytes.subarray(0, bytes.length - cut));
    const again = await open(t, folder);
    assert.deepEqual(numbers(again), cut === 1 ? [1, 2] : [1], `${cut} bytes`);
    assert.equal(again.damagedLines, 0);
    await again.close();
  }
  const last = await open(t, folder);
  assert.equal((await last.record(coffee())).sequence, 2);
});

test('a damaged line costs that receipt and no other, is set aside, and leaves a gap', async t => {
  const folder = await tempFolder(t);
  const first = await open(t, folder);
  for (const _ of [1, 2, 3]) await first.record(coffee());
  await first.close();
  const lines = (await readFile(fileOf(folder), 'utf8')).split('\n');
  const spoil = (line = '') => line.replace('cash', 'cahs');
  await writeFile(fileOf(folder), [lines[0], lines[1], spoil(lines[2]), lines[3], ''].join('\n'));
  const again = await open(t, folder);
  assert.deepEqual(numbers(again), [1, 3]);
  assert.equal(again.damagedLines, 1);
  assert.equal(await readFile(join(folder, 'damaged.ndjson'), 'utf8'), `${spoil(lines[2])}\n`);
  await again.close();
  await appendFile(fileOf(folder), `${spoil(lines[3])}\n`);
  const last = await open(t, folder);
  assert.ok((await last.record(coffee())).sequence > 4, 'the damaged line may have been number 4');
});

test('without its head the file is counted on under a new epoch, and nothing is lost', async t => {
  const folder = await tempFolder(t);
  const first = await open(t, folder);
  await first.record(coffee());
  await first.close();
  const [, receipt] = (await readFile(fileOf(folder), 'utf8')).split('\n');
  await writeFile(fileOf(folder), `rubbish\n${receipt}\n`);
  const again = await open(t, folder);
  const next = await again.record(coffee());
  assert.deepEqual(
    [...again.waiting()].map(({ epoch }) => epoch),
    [NOW_S, NOW_S + 1],
  );
  assert.ok(next.epoch > NOW_S);
});

test('one receipt recorded twice keeps its number; its id with other content is refused', async t => {
  const folder = await tempFolder(t);
  const first = await open(t, folder);
  const sale = coffee({ id: 'A-1' });
  const [one, two] = await Promise.all([first.record(sale), first.record(sale)]);
  assert.deepEqual(one, two);
  for (const message of [...first.waiting()]) first.acknowledged(message);
  await first.close();
  const again = await open(t, folder);
  assert.deepEqual(await again.record(sale), one);
  await assert.rejects(again.record(coffee({ id: 'A-1', rounding: 0 })), { code: 'conflict' });
  assert.deepEqual(numbers(again), []);
});

test('a correction keeps id and number, and leaves them where another till has them', async t => {
  const outbox = await open(t, await tempFolder(t));
  const broken = await outbox.record(coffee({ tenders: [] }));
  const problem = { id: broken.id, code: 'unbalanced' };
  const [waiting] = outbox.waiting();
  assert.deepEqual(await outbox.record(coffee(), problem), broken);
  assert.equal(waiting && outbox.acknowledged(waiting), false, 'the PUBACK of what it corrects');
  assert.equal(outbox.waitingCount, 1);
  const moved = await outbox.record(coffee(), { ...problem, code: 'conflict-number' });
  assert.deepEqual(moved, { id: broken.id, epoch: NOW_S + 1, sequence: 1 });
  const renamed = await outbox.record(coffee(), { ...problem, code: 'conflict-id' });
  assert.notEqual(renamed.id, broken.id);
  await assert.rejects(outbox.record(coffee(), { id: 'x', code: 'schema' }), { code: 'not-found' });
});

test('the file is tidied up while the till runs, and stays small', async t => {
  const folder = await tempFolder(t);
  const outbox = await open(t, folder);
  const name = 'x'.repeat(20_000);
  for (let n = 0; n < 200; n += 1) {
    await outbox.record(coffee({ name }));
    if (n % 10 !== 0)
      for (const message of [...outbox.waiting()].slice(1)) outbox.acknowledged(message);
  }
  await outbox.close();
  assert.ok((await stat(fileOf(folder))).size < 2_500_000);
  const again = await open(t, folder);
  assert.deepEqual(numbers(again), numbers(outbox));
  assert.equal((await again.record(coffee())).sequence, 201);
});

test('one process has the folder, and one terminal', async t => {
  const folder = await tempFolder(t);
  const outbox = await open(t, folder);
  await assert.rejects(open(t, folder), { code: 'folder-locked' });
  await outbox.close();
  await assert.rejects(open(t, folder, 'till-2'), { code: 'bad-input' });
  await (await open(t, folder)).record(coffee());
});

test('what can never be a message is refused before it has a number', async t => {
  const outbox = await open(t, await tempFolder(t));
  const wrong = [
    coffee({ sequence: 7 }),
    coffee({ name: 'x'.repeat(300_000) }),
    { ...coffee(), currency: undefined },
  ];
  for (const receipt of wrong) await assert.rejects(outbox.record(receipt), { code: 'bad-input' });
  assert.equal((await outbox.record(coffee())).sequence, 1);
});
