/** The agent's process itself in trouble: frozen, out of files, started many times on one folder. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { agentEnv, startAgent } from '../support/agent-process.ts';
import { LINUX } from './runs.ts';
import { FaultyShop, waitFor } from './shop.ts';

const STARTS = 5;
const FILES_USUAL = 4096;

test('an agent that was frozen goes on where it was', async t => {
  const shop = await FaultyShop.open(t, 3);
  const { child } = await shop.start();
  let over = false;
  const selling = shop.sell(() => over, 5);
  for (let times = 0; times < 3; times += 1) {
    await wait(200);
    child.kill('SIGSTOP');
    await wait(500);
    child.kill('SIGCONT');
  }
  const before = shop.record.acknowledged.size;
  await waitFor('it sells on', async () => shop.record.acknowledged.size > before || undefined);
  over = true;
  await selling;
  await shop.endWell();
});

test('an agent that is out of files refuses what it cannot store, and heals', LINUX, async t => {
  const shop = await FaultyShop.open(t, 3);
  const { child } = await shop.start();
  await shop.sellSome(30, 5);
  const open = readdirSync(`/proc/${child.pid}/fd`).length;
  limitFiles(child.pid, open - 4);
  const until = Date.now() + 1500;
  const selling = shop.sell(() => Date.now() > until, 5);
  await wait(1500);
  limitFiles(child.pid, FILES_USUAL);
  await selling;
  await shop.sellSome(30, 5);
  await shop.endWell();
});

function limitFiles(pid: number | undefined, soft: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]);
}

test(`of ${STARTS} agents started at once one gets the folder, the others say who has it`, async t => {
  const shop = await FaultyShop.open(t, 2);
  await shop.start();
  await shop.sellSome(20, 5);
  await shop.kill(); // Its lock stays behind and has to be taken over.
  const env = agentEnv(shop.folder, { AGENT_CLOSE_GRACE_MINUTES: '0' });
  const started = await Promise.allSettled(
    Array.from({ length: STARTS }, () => startAgent(t, env)),
  );
  const running = started.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
  const [winner] = running;
  assert.equal(running.length, 1);
  for (const one of started) {
    if (one.status === 'rejected') assert.match(String(one.reason), /ended with 73.*in use by/s);
  }
  shop.agent = winner;
  await assert.rejects(startAgent(t, env), new RegExp(`73[\\s\\S]*process ${winner?.child.pid}`));
  await shop.sellSome(20, 5);
  await shop.endWell();
});

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
