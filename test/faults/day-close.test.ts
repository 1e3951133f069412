/**
 * The agent dies at every step of the day close, the delivery and its own start: every day is still
 * signed once, in one chain, and the relay never sees two summaries under one number. With
 * TILLBOOK_STEP=1 every single step is tried.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { digestOf } from '../../protocol/signing.ts';
import { agentEnv, runAgent, startAgent } from '../support/agent-process.ts';
import { openTestCore, testClock, until } from '../support/core.ts';
import { type FakeRelay, startFakeRelay } from '../support/fake-relay.ts';
import { needs } from '../support/tools.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';

const MAIN = fileURLToPath(new URL('../../agent/main.js', import.meta.url));
/** Every how manieth step is tried; 1 at night. */
const STEP = Number(process.env['TILLBOOK_STEP'] ?? 5);
/** More than a start with its closes and receipts needs. */
const STEPS_MAX = 60;
const STRACED_WITHIN_MS = 30_000;
const RECEIPT_WITHIN_MS = 500;
const HOUR_MS = 3_600_000;

/** A shop that was switched off 40 hours ago with sales of a day that is due since. */
async function shopWithDueDays(t: TestContext, relay: FakeRelay): Promise<string> {
  const clock = testClock(new Date(Date.now() - 40 * HOUR_MS).toISOString());
  const core = await openTestCore(t, { clock, relay });
  for (const sequence of [1, 2, 3]) await core.sell(sequence);
  await core.stop();
  return core.dataDir;
}

/** Runs the agent until the given call kills it; false when it lived to deliver a day. */
async function dieAt(
  env: NodeJS.ProcessEnv,
  { calls, step, relay }: { calls: string; step: number; relay: FakeRelay },
): Promise<boolean> {
  const inject = ['-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=${step}`];
  const child = spawn(
    'strace',
    ['-f', '-qq', '-o', '/dev/null', ...inject, process.execPath, MAIN, 'run'],
    { env: { ...env, UV_THREADPOOL_SIZE: '1' }, stdio: 'ignore' },
  );
  let gone = false;
  child.once('exit', () => {
    gone = true;
  });
  await until(() => gone || relay.heartbeats.length > 0, STRACED_WITHIN_MS);
  await until(() => gone || relay.received.length > 0, STRACED_WITHIN_MS);
  // The receipt is written after the relay has received.
  if (!gone) await sleep(RECEIPT_WITHIN_MS);
  const died = gone;
  if (!gone) await killOwner(String(env['AGENT_DATA_DIR']));
  await until(() => gone, STRACED_WITHIN_MS);
  return died;
}

/** The agent itself, not the strace around it. */
async function killOwner(dataDir: string): Promise<void> {
  const { pid } = JSON.parse(await readFile(join(dataDir, 'lock'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
}

/** One digest per number, without gaps, in order, each following the one before. */
function assertOneChain({ received }: FakeRelay): void {
  const digests = new Map<number, Set<string>>();
  for (const { compact, summary } of received) {
    const known = digests.get(summary.number) ?? new Set();
    digests.set(summary.number, known.add(digestOf(compact)));
  }
  for (const [number, found] of digests) assert.equal(found.size, 1, `number ${number} is forked`);
  assert.deepEqual(
    [...digests.keys()],
    [...digests.keys()].map((_, index) => index + 1),
  );
  for (const { summary } of received.slice(1)) {
    const before = digests.get(summary.number - 1) ?? new Set(['']);
    assert.ok(before.has(summary.previous), `number ${summary.number} hangs in the air`);
  }
}

/** True when the step was reached. */
async function closeAfterDeath(
  t: TestContext,
  broken: Broken,
  calls: string,
  step: number,
): Promise<boolean> {
  const relay = await startFakeRelay(t);
  const dataDir = await shopWithDueDays(t, relay);
  const env = agentEnv(dataDir, { AGENT_CLOSE_GRACE_MINUTES: '0', ...broken });
  const died = await dieAt(env, { calls, step, relay });
  const agent = await startAgent(t, env);
  await until(() => relay.received.length > 0, STRACED_WITHIN_MS);
  assert.equal((await runAgent(env, 'verify')).code, 0, `${calls}, step ${step}`);
  assert.equal(await agent.stop(), 0);
  assertOneChain(relay);
  assert.deepEqual(relay.received[0]?.summary.counts, { sale: 3 });
  const files = await readdir(join(dataDir, 'summaries'));
  const names = files.filter(name => !/^\d{4}-\d\d-\d\d\.1\.jws$/.test(name));
  assert.deepEqual(names, []);
  await relay.stop();
  return died;
}

async function dieAtEvery(t: TestContext, broken: Broken, calls: string, every: number) {
  let deaths = 0;
  for (let step = 1; step <= STEPS_MAX; step += every) {
    if (!(await closeAfterDeath(t, broken, calls, step))) break;
    deaths += 1;
  }
  assert.ok(deaths > 0, `no ${calls} was ever reached: the run proves nothing`);
}

for (const calls of ['rename', 'fdatasync', 'fsync']) {
  test(`death at a ${calls} leaves one chain of days`, needs('strace'), t =>
    dieAtEvery(t, WHOLE, calls, STEP),
  );
}

canary('day-close', needs('strace'), (t, broken) => dieAtEvery(t, broken, 'rename', 1));
