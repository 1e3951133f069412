/**
 * The disk turns a bit, or the plug tears the last line: at most the one record it hit is lost, all
 * others stay in their order, and status page, day summary (`damaged`) and log say so.
 */
import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { randomFrom } from '../support/random.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { howOften, SEED } from './runs.ts';
import { FaultyShop } from './shop.ts';

const FLIPS = howOften('TILLBOOK_FLIPS', 3);

/** A shop with sales of plain kinds, killed, and its journal file. */
async function soldShop(
  t: TestContext,
  broken = WHOLE,
): Promise<{ shop: FaultyShop; path: string }> {
  const shop = await FaultyShop.open(t, 2, { broken });
  await shop.start();
  await shop.sellSome(60, 5);
  await shop.kill();
  return { shop, path: await newestJournal(shop.folder) };
}

async function newestJournal(folder: string): Promise<string> {
  const names = (await readdir(join(folder, 'journal'))).filter(name => name.endsWith('.ndjson'));
  return join(folder, 'journal', names.sort().at(-1) ?? '');
}

async function flip(path: string, at: number, bit: number): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
  await writeFile(path, bytes);
}

/** Where a line begins and ends (with its newline). */
function lineAt(bytes: Buffer, at: number): [from: number, to: number] {
  return [bytes.lastIndexOf(0x0a, at - 1) + 1, bytes.indexOf(0x0a, at) + 1];
}

async function flipBit(t: TestContext, broken: Broken, run: number): Promise<void> {
  const random = randomFrom(SEED + run);
  const { shop, path } = await soldShop(t, broken);
  const bytes = await readFile(path);
  const at = Math.floor(random() * bytes.length);
  await flip(path, at, Math.floor(random() * 8));
  const agent = await shop.start();
  const page = await (await fetch(agent.http)).text();
  assert.match(page, /cannot be read/);
  assert.equal((await shop.status()).today.damaged, 1);
  assert.match(agent.log(), /damage/);
  await shop.sellSome(20, 5);
  const { faults, lost, summaries } = await shop.end();
  assert.ok(lost.length <= 1, `${lost.length} records lost by one bit`);
  const others = faults.filter(fault => !/is lost|does not follow/.test(fault));
  // What voids the lost sale has nothing to take back: the day is as without both.
  const voided = lost.some(id =>
    [...shop.record.sent.values()].some(({ text }) => text.includes(`"voids":"${id}"`)),
  );
  if (!voided) assert.deepEqual(others, []);
  assert.ok(faults.filter(fault => fault.includes('does not follow')).length <= 1);
  assert.deepEqual(
    [...summaries.values()].map(({ damaged }) => damaged),
    [1],
  );
  const aside = await readFile(path.replace('.ndjson', '.damaged'));
  const [from, to] = lineAt(bytes, at);
  assert.ok(aside.length >= to - from - 1, 'what was damaged is set aside whole');
}

for (let run = 0; run < FLIPS; run += 1) {
  test(`one flipped bit costs one record and is told (seed ${SEED}, ${run})`, t =>
    flipBit(t, WHOLE, run));
}

canary('flipped-bit', {}, (t, broken) => flipBit(t, broken, 0));

test('the last newline gone bad costs no record', async t => {
  const { shop, path } = await soldShop(t);
  await flip(path, (await readFile(path)).length - 1, 4);
  await shop.start();
  assert.equal((await shop.status()).today.damaged, 1);
  await shop.sellSome(20, 5);
  const { lost } = await shop.end();
  assert.deepEqual(lost, []);
});

async function tearLastLine(t: TestContext, broken: Broken): Promise<void> {
  const random = randomFrom(SEED);
  const { shop, path } = await soldShop(t, broken);
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const last = lines.at(-1) ?? '';
  await appendFile(path, last.slice(0, 1 + Math.floor(random() * (last.length - 100))));
  await shop.start();
  assert.equal((await shop.status()).today.damaged, 0);
  await shop.sellSome(20, 5);
  await shop.endWell();
}

test('a torn last line is cut off and is no damage', t => tearLastLine(t, WHOLE));

canary('torn-line', {}, tearLastLine);
