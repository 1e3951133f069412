/** The agent is killed at random moments while terminals sell; nothing acknowledged may be lost. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '../support/agent.ts';
import { randomFrom } from '../support/random.ts';
import { assertNoFaults, SalesRecord } from '../support/sold.ts';

const PROCESS = fileURLToPath(new URL('../support/shop-process.js', import.meta.url));
const KILLS = Number(process.env['TILLBOOK_KILLS'] ?? 8);
const SEED = Number(process.env['TILLBOOK_SEED'] ?? Date.now() % 100_000);

async function startShop(
  t: TestContext,
  dataDir: string,
  mode: string,
): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(PROCESS, [dataDir, mode], { execArgv: [] });
  t.after(() => child.kill('SIGKILL'));
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return { child, port: message.port };
}

/** Sells on four terminals and kills the shop, again and again. */
async function sellUnderKills(t: TestContext, kills: number, mode = ''): Promise<string[]> {
  const dataDir = await tempFolder(t);
  const random = randomFrom(SEED);
  const record = new SalesRecord();
  for (let kill = 0; kill < kills; kill += 1) {
    const { child, port } = await startShop(t, dataDir, mode);
    const until = Date.now() + 3000;
    const selling = ['till-1', 'till-2', 'till-3', 'till-4'].map(terminal =>
      record.sell(port, terminal, 1 + Math.floor(random() * 30), until),
    );
    await new Promise(resolve => setTimeout(resolve, 50 + random() * 250));
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await Promise.all([gone, ...selling]);
  }
  assert.ok(record.acknowledged.size > 0, 'nothing was sold: the run proves nothing');
  return await record.findFaults(dataDir);
}

test(`every acknowledged sale is stored once over ${KILLS} kills (seed ${SEED})`, async t => {
  assertNoFaults(await sellUnderKills(t, KILLS), SEED);
});

test('canary: an agent that acknowledges before the disk loses sales and is found out', async t => {
  const faults = await sellUnderKills(t, 4, 'early');
  assert.ok(faults.some(fault => fault.includes('is lost')));
});
