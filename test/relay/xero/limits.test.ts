/** Xero's limits are kept by ourselves: no call of ours is ever refused for being one too many. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { isAppError } from '../../../protocol/errors.ts';
import { AT_ONCE_MAX, createLimiter, PEOPLE_DAY_SHARE } from '../../../relay/xero/limits.ts';
import { connect, makeRig } from '../../support/posting.ts';

const LEFT = (day: number, minute = 59) => ({
  'x-daylimit-remaining': String(day),
  'x-minlimit-remaining': String(minute),
});

test('at most 60 calls in any minute and 5 at once', async t => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  t.after(() => mock.timers.reset());
  const limiter = createLimiter(Date.now);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const call = async () => {
    started.push(Date.now());
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>(done => setTimeout(done, 100));
    running -= 1;
  };
  const all = Array.from({ length: 150 }, () => limiter.run('org', 'poster', call));
  let done = false;
  void Promise.all(all).then(() => {
    done = true;
  });
  while (!done) {
    mock.timers.tick(50);
    for (let i = 0; i < 5; i += 1) await Promise.resolve();
    await new Promise(turn => setImmediate(turn));
  }
  assert.equal(most, AT_ONCE_MAX);
  for (const at of started) {
    assert.ok(started.filter(other => other >= at && other < at + 60_000).length <= 60);
  }
});

test('a person goes before the queue, and has calls left when the queue has used its share', async () => {
  const limiter = createLimiter(Date.now);
  await limiter.run('org', 'poster', async report => report(LEFT(PEOPLE_DAY_SHARE)));
  const posting = limiter.run('org', 'poster', async () => 'posted');
  await assert.rejects(posting, error => {
    return isAppError(error, 'xero-rate-limit') && (error.retryAfterMs ?? 0) > 60_000;
  });
  assert.equal(await limiter.run('org', 'person', async () => 'answered'), 'answered');
  assert.equal(await limiter.run('other', 'poster', async () => 'posted'), 'posted');
});

test('Retry-After of hours is the poster’s to sleep through', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  const answer = { kind: 'rate-limit', problem: 'day', retryAfterSeconds: 7200 } as const;
  rig.standIn.control.fault({ path: '/Organisation$', answer });
  const ref = { connection: 'connection-1', organisation: rig.organisation };
  const read = () => rig.xero.readChart(ref);
  await assert.rejects(read(), error => {
    return isAppError(error, 'xero-rate-limit') && (error.retryAfterMs ?? 0) > 7_100_000;
  });
  await assert.rejects(read(), error => isAppError(error, 'xero-rate-limit'));
  rig.advance(7_201_000);
  await read();
});

test('a short Retry-After is waited out within the call', async t => {
  const rig = await makeRig(t);
  await connect(rig);
  const answer = { kind: 'rate-limit', problem: 'concurrent', retryAfterSeconds: 1 } as const;
  rig.standIn.control.fault({ path: '/Accounts$', answer });
  const chart = await rig.xero.readChart({
    connection: 'connection-1',
    organisation: rig.organisation,
  });
  assert.ok(chart.accounts.length > 20);
});
