/** What is set aside keeps its number, its bytes and what became of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '../../protocol/errors.ts';
import { openTestShop, sale, tempFolder, testCalendar } from '../support/agent.ts';

const flags = { qos: 1, retained: false };

test('numbers and decisions stay over restarts, also when the clock was set back', async t => {
  const dataDir = await tempFolder(t);
  let nowMs = Date.parse('2026-11-22T04:00:00Z');
  const clock = { nowMs: () => nowMs };
  const open = () => openTestShop(dataDir, { clock, calendar: testCalendar(clock, 'SGD') });
  const first = await open();
  for (const text of ['one', 'two']) await first.intake.take('till-1', Buffer.from(text), flags);
  nowMs += 86_400_000;
  await first.intake.take('till-1', Buffer.from('three'), flags);
  nowMs -= 86_400_000;
  await first.intake.take('till-1', Buffer.from('four'), flags);
  await first.quarantine.dismiss(2);
  await first.stop();
  const second = await open();
  t.after(() => second.stop());
  assert.deepEqual(
    second.quarantine.list().map(({ number, date }) => `${number} ${date}`),
    ['1 2026-11-22', '3 2026-11-23', '4 2026-11-22'],
  );
  assert.equal((await second.quarantine.show(4)).payload.toString(), 'four');
  assert.equal((await second.quarantine.show(2)).item.outcome, 'dismissed');
  await assert.rejects(second.quarantine.dismiss(2), error => isAppError(error, 'conflict'));
  assert.equal(second.quarantine.count('2026-11-22'), 2);
});

test('the same broken bytes again and again are kept once', async t => {
  const shop = await openTestShop(await tempFolder(t));
  t.after(() => shop.stop());
  const payload = Buffer.from('no json');
  for (let i = 0; i < 5; i += 1) await shop.intake.take('till-1', payload, flags);
  await Promise.all([1, 2].map(() => shop.intake.take('till-2', payload, flags)));
  assert.equal(shop.quarantine.list().length, 2);
});

test('a corrected resend puts right what was set aside under its id', async t => {
  const shop = await openTestShop(await tempFolder(t));
  t.after(() => shop.stop());
  const broken = Buffer.from(JSON.stringify(sale(1, { tenders: [] })));
  await shop.intake.take('till-1', broken, flags);
  assert.equal(shop.quarantine.list().length, 1);
  await shop.intake.take('till-1', Buffer.from(JSON.stringify(sale(1))), flags);
  while (shop.quarantine.list().length > 0) await new Promise(resolve => setTimeout(resolve, 5));
  assert.equal((await shop.quarantine.show(1)).item.outcome, 'replaced');
});
