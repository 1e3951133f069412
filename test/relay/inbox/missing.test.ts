/** Days that did not come are shown until they do. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../../../protocol/host/log.ts';
import { findMissing } from '../../../relay/inbox/missing.ts';
import { InboxDesk, Machine } from './desk.ts';

describe('a day that does not come', () => {
  let desk: InboxDesk;
  let machine: Machine;
  beforeEach(async () => {
    desk = await InboxDesk.open();
    desk.nowMs = Date.parse('2026-11-20T10:00:00+08:00');
    machine = await Machine.enrolled(desk);
  });
  afterEach(() => desk.close());
  const lookAt = (instant: string) => {
    desk.nowMs = Date.parse(instant);
    return findMissing({ db: desk.db, clock: () => desk.nowMs, log: silentLog() });
  };

  it('is missing 90 minutes after its end, from the day of enrolment on', async () => {
    assert.deepEqual(await lookAt('2026-11-21T01:29:00+08:00'), []);
    assert.deepEqual(await lookAt('2026-11-21T01:30:00+08:00'), ['orchard-road/2026-11-20']);
    assert.deepEqual(await lookAt('2026-11-21T23:00:00+08:00'), []);
    const day = await desk.db.get('days', 'orchard-road/2026-11-20');
    assert.equal(day?.state, 'missing');
    assert.match(day?.reasons[0]?.message ?? '', /Orchard Road has not sent this day/);
    assert.match(day?.reasons[0]?.fix ?? '', /status page/);
  });

  it('is found for every day of a long silence, also when nobody looked for a while', async () => {
    const found = await lookAt('2026-11-23T12:00:00+08:00');
    assert.deepEqual(
      found,
      ['2026-11-20', '2026-11-21', '2026-11-22'].map(date => `orchard-road/${date}`),
    );
  });

  it('is a day like any other once it comes', async () => {
    await lookAt('2026-11-22T12:00:00+08:00');
    await machine.deliver({ businessDate: '2026-11-20' });
    const day = await desk.db.get('days', 'orchard-road/2026-11-20');
    assert.deepEqual([day?.state, day?.reasons, day?.revisions.length], ['received', [], 1]);
    assert.equal((await desk.db.get('days', 'orchard-road/2026-11-21'))?.state, 'missing');
  });

  it('is not asked of a store that has no machine yet', async () => {
    await desk.addStore('Jurong');
    const found = await lookAt('2026-11-21T12:00:00+08:00');
    assert.deepEqual(found, ['orchard-road/2026-11-20']);
  });
});
