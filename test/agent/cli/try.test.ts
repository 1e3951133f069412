/**
 * `tillbook-agent try` against the published vectors: it gives each file the verdict and the path
 * that the vectors claim, while the agent runs and while it is down, and stores nothing.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '../../support/agent.ts';
import { agentEnv, runAgent, startAgent } from '../../support/agent-process.ts';

const MESSAGES = fileURLToPath(new URL('../../../../test/vectors/messages', import.meta.url));
const expected = JSON.parse(readFileSync(join(MESSAGES, 'bad.expected.json'), 'utf8')) as Record<
  string,
  { code: string; path: string }
>;
/** What nobody sold before cannot be voided: that one depends on the shop's memory. */
const NEEDS_MEMORY = 'void.json';

interface Tried {
  kind: string;
  problem?: { code: string; path: string };
}

interface Effort {
  /** Takes one file of so many: each is a program to start. */
  every: number;
  /** Commands at once; without the agent each holds the folder for itself. */
  atOnce: number;
}

async function tryAll(
  env: NodeJS.ProcessEnv,
  folder: 'good' | 'bad',
  { every, atOnce }: Effort,
): Promise<Map<string, Tried>> {
  const names = readdirSync(join(MESSAGES, folder)).filter((_, n) => n % every === 0);
  const found = new Map<string, Tried>();
  const next = async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const ran = await runAgent(env, 'try', join(MESSAGES, folder, name), '--json');
      const tried = JSON.parse(ran.stdout) as Tried;
      assert.equal(ran.code, tried.kind === 'quarantined' ? 1 : 0, `${name}: ${ran.stderr}`);
      found.set(name, tried);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  return found;
}

async function checkAll(env: NodeJS.ProcessEnv, effort: Effort): Promise<void> {
  for (const [name, { kind, problem }] of await tryAll(env, 'good', effort)) {
    if (name === NEEDS_MEMORY) assert.equal(problem?.code, 'void-target');
    else assert.equal(kind, 'accepted', name);
  }
  for (const [name, { problem }] of await tryAll(env, 'bad', effort)) {
    assert.deepEqual({ code: problem?.code, path: problem?.path }, expected[name], name);
  }
}

test('try gives every vector its verdict while the agent runs, and stores nothing', async t => {
  const env = agentEnv(await tempFolder(t));
  const agent = await startAgent(t, env);
  await checkAll(env, { every: 1, atOnce: 4 });
  const status = JSON.parse((await runAgent(env, 'status', '--json')).stdout);
  assert.deepEqual([status.today.transactions, status.quarantine, status.days.length], [0, [], 1]);
  await agent.stop();
});

test('try gives the same verdicts while the agent is down', async t => {
  await checkAll(agentEnv(await tempFolder(t)), { every: 3, atOnce: 1 });
});
