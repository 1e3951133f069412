/** Trouble at the close passes or ends the agent; it is never swallowed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDayClock } from '../../../agent/day/day-clock.ts';
import { openTestCore, until } from '../../support/core.ts';
import { startFakeRelay } from '../../support/fake-relay.ts';

test('a close without a free file is tried again, and the day is closed once', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  core.clock.add(86_400_000);
  const { signed } = core;
  const add = signed.add.bind(signed);
  let tries = 0;
  signed.add = async () => {
    tries += 1;
    throw Object.assign(new Error('EMFILE: open'), { code: 'EMFILE', syscall: 'open' });
  };
  const loop = startDayClock(core);
  core.loops.push(loop);
  await until(() => tries > 0);
  signed.add = add;
  loop.wake();
  await until(() => signed.all().length > 0);
  assert.deepEqual(
    signed.all().map(({ date, entries }) => [date, entries]),
    [['2026-11-22', 1]],
  );
});
