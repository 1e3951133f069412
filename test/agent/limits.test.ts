/** What a till that is out of its mind sends is set aside before it can stop the shop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemDisk } from '../../agent/journal/disk.ts';
import { Journal } from '../../agent/journal/journal.ts';
import { addDays } from '../../protocol/business-date.ts';
import { AMOUNT_MAX } from '../../protocol/money.ts';
import { tempFolder } from '../support/agent.ts';
import { openTestCore } from '../support/core.ts';
import { startFakeRelay } from '../support/fake-relay.ts';

test('amounts that no total can hold are set aside; the day is closed, and the agent starts again', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  const most = {
    lines: [{ kind: 'item', amount: AMOUNT_MAX }],
    tenders: [{ method: 'cash', amount: AMOUNT_MAX }],
  };
  const verdicts: string[] = [];
  for (let at = 1; at <= 2400; at += 100) {
    const numbers = Array.from({ length: 100 }, (_, i) => at + i);
    verdicts.push(...(await Promise.all(numbers.map(number => core.sell(number, most)))));
  }
  assert.equal(verdicts[0], 'accepted');
  assert.equal(verdicts.at(-1), 'schema');
  assert.equal(core.shop.quarantine.list()[0]?.message.includes('too large'), true);
  core.clock.add(86_400_000);
  await core.dayClose.check();
  const { counts, sales } = await core.signedSummary('2026-11-22');
  assert.equal(sales[0]?.amount, (counts.sale ?? 0) * AMOUNT_MAX);
  await core.stop();
  const { clock, dataDir } = core;
  assert.equal(await (await openTestCore(t, { clock, dataDir })).sell(5000), 'accepted');
});

test('a journal has at most so many dates; those that it has still take sales', async t => {
  const dates = Array.from({ length: 30_000 }, (_, i) => addDays('1900-01-01', i));
  const onBroken = () => undefined;
  const journal = new Journal({ disk: systemDisk, folder: await tempFolder(t), onBroken }, dates);
  assert.ok(journal.takesDate('1900-01-01'));
  assert.ok(!journal.takesDate('2026-11-22'));
});
