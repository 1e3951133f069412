/** What the intake says of a message, over real MQTT and real files. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  journalLines,
  openTestShop,
  publish,
  runShop,
  sale,
  tempFolder,
  testCalendar,
} from '../support/agent.ts';

const today = () => testCalendar().today();

test('an acknowledged sale is in the journal, each line proving itself and its place', async t => {
  const { terminal, dataDir, shop } = await runShop(t);
  const till = await terminal('till-1');
  for (const sequence of [1, 2, 3]) await publish(till, sale(sequence));
  const lines = await journalLines(dataDir, today());
  assert.deepEqual(
    lines.map(line => line.transaction.id),
    ['sale-1', 'sale-2', 'sale-3'],
  );
  const text = await readFile(join(dataDir, 'journal', `${today()}.ndjson`), 'utf8');
  let prev = '0'.repeat(64);
  for (const raw of text.trimEnd().split('\n')) {
    const content = raw.slice(0, raw.lastIndexOf(',"hash"'));
    const line = JSON.parse(raw) as { prev: string; hash: string };
    assert.equal(line.prev, prev);
    assert.equal(line.hash, createHash('sha256').update(content).digest('hex'));
    prev = line.hash;
  }
  const snapshot = shop.dayBook.snapshot(today());
  assert.deepEqual(snapshot.journal, { entries: 3, head: prev });
  assert.deepEqual(snapshot.parts.tenders, [{ method: 'cash', count: 3, amount: 306 }]);
});

test('a resent sale is acknowledged again and counted once, over a restart too', async t => {
  const dataDir = await tempFolder(t);
  const first = await openTestShop(dataDir);
  const payload = Buffer.from(JSON.stringify(sale(1)));
  const flags = { qos: 1, retained: false };
  const both = await Promise.all([
    first.intake.take('till-1', payload, flags),
    first.intake.take('till-1', payload, flags),
  ]);
  assert.deepEqual(
    both.map(verdict => verdict.kind),
    ['accepted', 'duplicate'],
  );
  await first.stop();
  const second = await openTestShop(dataDir);
  t.after(() => second.stop());
  assert.equal((await second.intake.take('till-1', payload, flags)).kind, 'duplicate');
  assert.equal(second.dayBook.entries(today()), 1);
});

test('other content under a known id or number is set aside as a conflict', async t => {
  const shop = await openTestShop(await tempFolder(t));
  t.after(() => shop.stop());
  const take = async (terminal: string, message: unknown) => {
    const payload = Buffer.from(JSON.stringify(message));
    const verdict = await shop.intake.take(terminal, payload, { qos: 1, retained: false });
    return verdict.kind === 'quarantined' ? verdict.problem.code : verdict.kind;
  };
  assert.equal(await take('till-1', sale(1)), 'accepted');
  assert.equal(await take('till-1', sale(1, { receipt: 'other' })), 'conflict-id');
  assert.equal(await take('till-2', sale(1)), 'conflict-id');
  assert.equal(await take('till-1', sale(1, { id: 'another' })), 'conflict-number');
  assert.equal(await take('till-2', sale(1, { id: 'another' })), 'accepted');
  assert.equal(await take('till-1', sale(1, { id: 'third', epoch: 2 })), 'accepted');
  assert.equal(shop.dayBook.entries(today()), 3);
  assert.equal(shop.dayBook.snapshot(today()).quarantined, 3);
});

test('a void waits in the quarantine until its sale comes, then counts by itself', async t => {
  const shop = await openTestShop(await tempFolder(t));
  t.after(() => shop.stop());
  const take = (message: unknown) =>
    shop.intake.take('till-1', Buffer.from(JSON.stringify(message)), { qos: 1, retained: false });
  const { lines: _lines, tenders: _tenders, ...rest } = sale(2, { type: 'void', voids: 'sale-1' });
  const verdict = await take(rest);
  assert.equal(verdict.kind === 'quarantined' && verdict.problem.code, 'void-target');
  await take(sale(1));
  while (shop.quarantine.list().length > 0) await new Promise(resolve => setTimeout(resolve, 5));
  const { parts, quarantined } = shop.dayBook.snapshot(today());
  assert.deepEqual(parts.counts, { sale: 1, void: 1 });
  assert.deepEqual(parts.tenders, [{ method: 'cash', count: 2, amount: 0 }]);
  assert.equal(quarantined, 0);
  const again = await take({ ...rest, id: 'void-2', sequence: 3 });
  assert.equal(again.kind === 'quarantined' && again.problem.code, 'void-target');
});

test('a deleted journal leaves numbers and totals, over a restart and without a checkpoint', async t => {
  const dataDir = await tempFolder(t);
  const first = await openTestShop(dataDir);
  const take = async (shop: typeof first, sequence: number, changes = {}) => {
    const payload = Buffer.from(JSON.stringify(sale(sequence, changes)));
    const verdict = await shop.intake.take('till-1', payload, { qos: 1, retained: false });
    return verdict.kind === 'quarantined' ? verdict.problem.code : verdict.kind;
  };
  const lastYear = { occurredAt: '2025-01-02T12:00:00+08:00' };
  await take(first, 1, lastYear);
  await take(first, 3, lastYear);
  await first.forget('2025-01-02');
  assert.deepEqual(first.journal.dates(), []);
  await first.stop();
  await rm(join(dataDir, 'checkpoint'));
  const second = await openTestShop(dataDir);
  t.after(() => second.stop());
  assert.equal(await take(second, 3, { ...lastYear, id: 'other' }), 'conflict-number');
  assert.equal(await take(second, 2, lastYear), 'accepted');
  assert.equal(second.dayBook.entries('2025-01-02'), 3);
  assert.equal(await take(second, 5), 'accepted');
  assert.deepEqual(second.dayBook.snapshot(today()).parts.terminals[0]?.missing, [[4, 4]]);
});

test('a machine that replaces another goes on after the numbers the relay knows', async t => {
  const known = {
    terminal: 'till-1',
    epoch: 1,
    last: 100,
    missing: [[50, 51]] as [number, number][],
  };
  const shop = await openTestShop(await tempFolder(t), { knownNumbers: [known] });
  t.after(() => shop.stop());
  const codes: string[] = [];
  for (const sequence of [49, 50, 103]) {
    const payload = Buffer.from(JSON.stringify(sale(sequence)));
    const verdict = await shop.intake.take('till-1', payload, { qos: 1, retained: false });
    codes.push(verdict.kind === 'quarantined' ? verdict.problem.code : verdict.kind);
  }
  assert.deepEqual(codes, ['conflict-number', 'accepted', 'accepted']);
  assert.deepEqual(shop.dayBook.snapshot(today()).parts.terminals[0]?.missing, [[101, 102]]);
});
