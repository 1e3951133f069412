/** The agent's process itself in trouble: frozen, out of files, started many times on one folder. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { agentEnv, startAgent } from '../support/agent-process.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { LINUX } from './runs.ts';
import { FaultyShop, waitFor } from './shop.ts';

const STARTS = 5;
const FILES_USUAL = 4096;
const DAY_MS = 86_400_000;
/** Tills come again at once when they are refused: long enough for some tries. */
const PATIENCE_MS = 1500;

/** Frozen while tills sell; some lose patience, hang up and come again with what they have. */
async function freeze(t: TestContext, broken: Broken): Promise<void> {
  const shop = await FaultyShop.open(t, 3, { broken });
  const { child } = await shop.start();
  for (const patient of [false, true, false]) {
    let over = false;
    const selling = shop.sell(() => over, 5);
    await wait(200);
    child.kill('SIGSTOP');
    await wait(300);
    if (!patient) for (const till of shop.tills) till.hangUp();
    const before = shop.record.acknowledged.size;
    child.kill('SIGCONT');
    await waitFor('it sells on', async () => {
      return !patient || shop.record.acknowledged.size > before || undefined;
    });
    over = true;
    await selling;
    await shop.sellSome(5);
  }
  await shop.endWell();
}

test('an agent that was frozen goes on where it was', t => freeze(t, WHOLE));

canary('frozen', {}, freeze);

/** No file can be opened any more when a new day begins at the tills: a file of its own. */
async function runOutOfFiles(t: TestContext, broken: Broken): Promise<void> {
  const shop = await FaultyShop.open(t, 3, { broken });
  const { child } = await shop.start();
  let occurredAt = new Date(Date.now() - DAY_MS).toISOString();
  const selling = shop.sell(() => false, 5, { occurredAt: () => occurredAt });
  await waitFor('the tills sell', async () => shop.record.acknowledged.size > 30 || undefined);
  limitFiles(child.pid, readdirSync(`/proc/${child.pid}/fd`).length - 4);
  occurredAt = new Date().toISOString();
  await Promise.race([selling, wait(PATIENCE_MS)]);
  for (const till of shop.tills) till.hangUp();
  await selling;
  limitFiles(child.pid, FILES_USUAL);
  await shop.endWell();
}

test('an agent that is out of files refuses what it cannot store, and heals', LINUX, async t => {
  await runOutOfFiles(t, WHOLE);
});

canary('out-of-files', LINUX, runOutOfFiles);

function limitFiles(pid: number | undefined, soft: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]);
}

async function startManyAtOnce(t: TestContext, broken: Broken): Promise<void> {
  const shop = await FaultyShop.open(t, 2, { broken });
  await shop.start();
  await shop.sellSome(20, 5);
  await shop.kill(); // Its lock stays behind and has to be taken over.
  const env = agentEnv(shop.folder, { AGENT_CLOSE_GRACE_MINUTES: '0', ...broken });
  const started = await Promise.allSettled(
    Array.from({ length: STARTS }, () => startAgent(t, env)),
  );
  const running = started.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
  const [winner, ...others] = running;
  shop.agent = winner;
  await Promise.all(others.map(agent => agent.stop('SIGKILL')));
  assert.equal(running.length, 1, `${running.length} agents have the folder`);
  for (const one of started) {
    if (one.status === 'rejected') assert.match(String(one.reason), /ended with 73.*in use by/s);
  }
  await assert.rejects(startAgent(t, env), new RegExp(`73[\\s\\S]*process ${winner?.child.pid}`));
  await shop.sellSome(20, 5);
  await shop.endWell();
}

test(`of ${STARTS} agents started at once one gets the folder, the others say who has it`, async t => {
  await startManyAtOnce(t, WHOLE);
});

canary('two-agents', {}, startManyAtOnce);

test('a death in the middle of taking over the folder does not hold up the next start', async t => {
  const shop = await FaultyShop.open(t, 2);
  await shop.start();
  await shop.sellSome(20, 5);
  await shop.kill();
  const left = await readFile(join(shop.folder, 'lock'), 'utf8');
  await writeFile(join(shop.folder, 'lock.takeover'), left);
  await shop.start();
  await shop.endWell();
});
