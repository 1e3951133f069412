/** SIGKILL of the till at random moments, and of the agent: nothing that was recorded is lost. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from '../../../agent/terminal-kit/terminal.ts';
import { journalLines, tempFolder } from '../../support/agent.ts';
import { agentEnv, runAgent, startAgent } from '../../support/agent-process.ts';

const TILL = fileURLToPath(new URL('killed-till.js', import.meta.url));
const KILLS = 10;
const LIVES_MAX_MS = 250;

/** Ids that the till said were recorded before it was killed at a random moment. */
async function sellUntilKilled(url: string, password: string, folder: string): Promise<string[]> {
  const child = spawn(process.execPath, [TILL, url, password, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', chunk => {
    said += String(chunk);
  });
  const exited = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), exited]);
  await wait(Math.random() * LIVES_MAX_MS);
  child.kill('SIGKILL');
  await exited;
  return said.split('\n').slice(0, -1);
}

test('nothing that record() said was recorded is lost or doubled', async t => {
  const dataDir = await tempFolder(t);
  const env = agentEnv(dataDir);
  const folder = join(await tempFolder(t), 'outbox');
  const added = await runAgent(env, 'terminal', 'add', 'till-1', '--json');
  const { password } = JSON.parse(added.stdout) as { password: string };
  let agent = await startAgent(t, env);
  const port = new URL(agent.mqtt).port;
  const recorded: string[] = [];
  for (let kills = 0; kills < KILLS; kills += 1) {
    recorded.push(...(await sellUntilKilled(agent.mqtt, password, folder)));
    if (kills % 4 !== 1) continue;
    await agent.stop('SIGKILL');
    recorded.push(...(await sellUntilKilled(agent.mqtt, password, folder)));
    agent = await startAgent(t, { ...env, AGENT_MQTT_PORT: port });
  }
  const till = await connect({ url: agent.mqtt, terminal: 'till-1', password, folder });
  assert.equal(till.damagedLines, 0);
  assert.equal(await till.flush(20_000), true);
  await till.close();
  const status = JSON.parse((await runAgent(env, 'status', '--json')).stdout);
  const lines = await journalLines(dataDir, status.businessDate);
  const stored = lines.map(({ transaction }) => transaction.id);
  assert.ok(recorded.length > KILLS, `${recorded.length} recorded`);
  const ids = new Set(stored);
  assert.deepEqual(
    recorded.filter(id => !ids.has(id)),
    [],
  );
  assert.equal(ids.size, stored.length);
  assert.equal(status.today.transactions, stored.length);
  assert.equal(status.today.quarantined, 0);
  assert.deepEqual(status.terminals[0].missing, []);
});
