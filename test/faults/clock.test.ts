/** The machine's clock under a running agent: midnight comes, the clock is set back, it jumps. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { AgentStatus } from '../../agent/status/status.ts';
import { tempFolder } from '../support/agent.ts';
import { type AgentProcess, agentEnv, runAgent, startAgent } from '../support/agent-process.ts';
import { openTestCore, testClock, until } from '../support/core.ts';
import { startFakeRelay } from '../support/fake-relay.ts';
import { findTool, needs } from '../support/tools.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';

const HOUR_MS = 3_600_000;

interface MovedAgent extends AgentProcess {
  /** Sets the agent's clock to so many seconds beside the machine's. */
  moveClock(seconds: number): Promise<void>;
  status(): Promise<AgentStatus>;
  env: NodeJS.ProcessEnv;
}

/** A shop with one sale whose clock stands `beforeMidnightS` seconds before its midnight. */
async function shopBeforeMidnight(
  t: TestContext,
  beforeMidnightS: number,
  broken = WHOLE,
): Promise<MovedAgent> {
  const relay = await startFakeRelay(t);
  const nowMs = Date.now();
  const local = nowMs + 8 * HOUR_MS;
  const toMidnightS = Math.floor((24 * HOUR_MS - (local % (24 * HOUR_MS))) / 1000);
  const offsetS = toMidnightS - beforeMidnightS;
  const clock = testClock(new Date(nowMs + (offsetS - 60) * 1000).toISOString());
  const core = await openTestCore(t, { clock, relay });
  await core.sell(1);
  await core.stop();
  const file = join(await tempFolder(t), 'clock');
  const moveClock = (seconds: number) => writeFile(file, `${seconds < 0 ? '' : '+'}${seconds}s\n`);
  await moveClock(offsetS);
  const env = agentEnv(core.dataDir, { AGENT_CLOSE_GRACE_MINUTES: '0', ...broken });
  const agent = await startAgent(t, {
    ...env,
    LD_PRELOAD: findTool('libfaketime') ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  });
  const status = async () => {
    const { body } = await request(`${agent.http}/status.json`);
    return (await body.json()) as AgentStatus;
  };
  return { ...agent, env, status, moveClock: seconds => moveClock(offsetS + seconds) };
}

/** The status is looked at anew a few times a second. */
async function headlineSoon(agent: MovedAgent): Promise<string> {
  await sleep(500);
  return (await agent.status()).headline.code;
}

test('midnight comes and the day is closed within seconds', needs('libfaketime'), async t => {
  const agent = await shopBeforeMidnight(t, 6);
  const { businessDate } = await agent.status();
  await until(() => agent.log().includes('"event":"closed"'), 20_000);
  assert.ok(agent.log().includes(`"date":"${businessDate}"`));
  assert.equal(await agent.stop(), 0);
});

async function jump(t: TestContext, broken: Broken): Promise<void> {
  const agent = await shopBeforeMidnight(t, 3600, broken);
  await agent.moveClock(-7200);
  assert.equal(await headlineSoon(agent), 'clock-behind');
  await agent.moveClock(5 * 24 * 3600);
  assert.equal(await headlineSoon(agent), 'clock-jumped');
  const refused = await runAgent(agent.env, 'close');
  assert.match(refused.stderr, /clock cannot be believed/);
  assert.ok(!agent.log().includes('"event":"closed"'));
  await agent.moveClock(0);
  assert.notEqual((await agent.status()).clock.verdict, 'behind-records');
  assert.equal(await agent.stop(), 0);
}

test(
  'a clock that is set back, or far ahead, is told at once and closes nothing',
  needs('libfaketime'),
  t => jump(t, WHOLE),
);

canary('clock', needs('libfaketime'), jump);
