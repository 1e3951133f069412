/** A revision takes nothing back: what was signed stays, though the journal has lost lines since. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isCounted } from '../../../agent/day/revisions.ts';
import type { DaySummary } from '../../../protocol/day-summary.ts';
import { transactionSchema } from '../../../protocol/transaction.ts';
import { openTestCore, type TestCore } from '../../support/core.ts';
import { startFakeRelay } from '../../support/fake-relay.ts';
import { saleMessage } from '../../support/messages.ts';

const DATE = '2026-11-22';

/** Flips one bit within a line of the closed day's journal while the agent is down. */
async function flipLine(core: TestCore, line: number): Promise<void> {
  const path = join(core.dataDir, `journal/${DATE}.ndjson`);
  const lines = (await readFile(path, 'utf8')).split('\n');
  lines[line] = (lines[line] ?? '').replace('Coffee', 'Boffee');
  await writeFile(path, lines.join('\n'));
  await rm(join(core.dataDir, 'checkpoint'), { force: true });
}

test('a late sale after a flipped bit is added to what was signed', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  for (const sequence of [1, 2, 3]) await core.sell(sequence);
  await core.dayClose.closeByHand();
  await core.stop();
  await flipLine(core, 1);
  const { clock, dataDir } = core;
  const again = await openTestCore(t, { clock, dataDir });
  clock.add(60_000);
  await again.sell(4);
  await again.dayClose.closeByHand(DATE);
  const summary = await again.signedSummary(DATE);
  assert.equal(summary.revision, 2);
  assert.deepEqual(summary.counts, { sale: 4 });
  assert.equal(summary.tenders[0]?.amount, 4400);
  assert.deepEqual(summary.terminals[0]?.missing, []);
  assert.equal(summary.damaged, 1);
});

test('lost lines alone make no revision', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  for (const sequence of [1, 2, 3]) await core.sell(sequence);
  await core.dayClose.closeByHand();
  await core.stop();
  await flipLine(core, 0);
  const { clock, dataDir } = core;
  const again = await openTestCore(t, { clock, dataDir });
  clock.add(600_000);
  await again.dayClose.check();
  assert.equal(again.signed.newest(DATE)?.revision, 1);
});

test('an entry is counted when its number was among the signed ones', () => {
  const row = { terminal: 'till-1', epoch: 1, first: 5, last: 9, count: 3, missing: [[6, 7]] };
  const signed = { terminals: [row] } as unknown as DaySummary;
  const entry = (sequence: number, terminal = 'till-1') => ({
    terminal,
    transaction: transactionSchema.parse(saleMessage({ sequence })),
  });
  assert.deepEqual(
    [4, 5, 6, 7, 8, 9, 10].map(n => isCounted(signed, entry(n))),
    [...[false, true, false, false, true, true, false]],
  );
  assert.equal(isCounted(signed, entry(5, 'till-2')), false);
});

test('a till goes on with its numbers on a replaced machine: no gap, no number twice', async t => {
  const relay = await startFakeRelay(t);
  const known = {
    terminal: 'till-1',
    epoch: 1,
    last: 900,
    missing: [[7, 8]] as [number, number][],
  };
  relay.last = { number: 3, digest: 'B'.repeat(42).concat('A'), dates: [], terminals: [known] };
  const core = await openTestCore(t, { relay });
  assert.equal(await core.sell(900), 'conflict-number');
  assert.equal(await core.sell(7), 'accepted');
  assert.equal(await core.sell(902), 'accepted');
  await core.dayClose.closeByHand();
  assert.deepEqual((await core.signedSummary(DATE)).terminals[0]?.missing, [[901, 901]]);
});
