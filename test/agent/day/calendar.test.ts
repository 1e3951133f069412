/** Zone and cut-over from head office: they change the days to come, never a day that has sales. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dateAt, startOf, withRule } from '../../../agent/day/calendar-rules.ts';
import type { CalendarRule } from '../../../agent/state.ts';
import { openTestCore } from '../../support/core.ts';
import { startFakeRelay } from '../../support/fake-relay.ts';

const HOUR_MS = 3_600_000;
const at = (instant: string) => Date.parse(instant);

test('a fresh shop takes over zone and cut-over of head office at once', async t => {
  const relay = await startFakeRelay(t);
  relay.store = { ...relay.store, timezone: 'America/Santiago', cutOver: '04:00' };
  const core = await openTestCore(t, { relay });
  assert.equal(core.calendar.today(), '2026-11-21');
  await core.sell(1);
  await core.dayClose.closeByHand();
  assert.equal((await core.signedSummary('2026-11-21')).timezone, 'America/Santiago');
});

test('a new cut-over starts with the next date: today keeps its hours', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  await core.sell(1);
  await core.adopt({ ...relay.store, cutOver: '04:00' });
  assert.equal(core.calendar.businessDateOf(at('2026-11-22T23:59:00+08:00')), '2026-11-22');
  assert.equal(core.calendar.businessDateOf(at('2026-11-23T03:59:00+08:00')), '2026-11-22');
  assert.equal(core.calendar.businessDateOf(at('2026-11-23T04:00:00+08:00')), '2026-11-23');
  assert.equal(core.calendar.businessDateOf(at('2026-11-22T00:30:00+08:00')), '2026-11-22');
});

test('the same settings twice change nothing', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  await core.sell(1);
  await core.adopt(relay.store);
  await core.adopt(relay.store);
  assert.equal(core.state.data.calendar.length, 1);
});

test('two changes on one day leave one rule: the newest', () => {
  const first: CalendarRule[] = [{ from: '0000-01-01', timezone: 'UTC', cutOver: '00:00' }];
  const second = withRule(first, { timezone: 'UTC', cutOver: '04:00' }, '2026-11-23');
  const third = withRule(second, { timezone: 'UTC', cutOver: '05:00' }, '2026-11-23');
  assert.deepEqual(
    third.map(({ cutOver }) => cutOver),
    ['00:00', '05:00'],
  );
  assert.deepEqual(withRule(second, { timezone: 'UTC', cutOver: '00:00' }, '2026-11-23'), first);
});

test('no instant around a change of zone belongs to no day, and dates never run backwards', () => {
  const rules: CalendarRule[] = [
    { from: '0000-01-01', timezone: 'Pacific/Auckland', cutOver: '00:00' },
    { from: '2026-11-23', timezone: 'America/Los_Angeles', cutOver: '06:00' },
  ];
  let before = '';
  for (let ms = at('2026-11-20T00:00:00Z'); ms < at('2026-11-26T00:00:00Z'); ms += HOUR_MS / 2) {
    const date = dateAt(ms, rules);
    assert.ok(date >= before, `${date} after ${before}`);
    assert.ok(startOf(date, rules) <= ms);
    before = date;
  }
});

test('where midnight does not exist, and where it comes twice, each day is closed once', async t => {
  for (const [zone, from] of [
    ['Africa/Cairo', '2026-04-22T12:00:00Z'],
    ['America/Santiago', '2026-04-03T12:00:00Z'],
    ['America/Santiago', '2026-09-04T12:00:00Z'],
  ] as const) {
    const relay = await startFakeRelay(t);
    relay.store = { ...relay.store, timezone: zone };
    const core = await openTestCore(t, { relay, at: from });
    for (let hours = 0; hours < 96; hours += 1) {
      core.clock.add(HOUR_MS);
      await core.dayClose.check();
    }
    const dates = core.signed.all().map(({ date }) => date);
    assert.equal(dates.length, 4, zone);
    assert.deepEqual(dates, [...new Set(dates)].sort());
  }
});
