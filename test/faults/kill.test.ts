/**
 * SIGKILL at random moments while tills sell: the agent is a real process with everything it has,
 * and starts again on the same folder. Nothing acknowledged may be lost, doubled or altered.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '../support/agent.ts';
import { randomFrom } from '../support/random.ts';
import { howOften, SEED } from './runs.ts';
import { FaultyShop } from './shop.ts';
import { ClientRecord, Till } from './tills.ts';
import { inspect } from './verifier.ts';

const PROCESS = fileURLToPath(new URL('./hasty-shop.js', import.meta.url));
const KILLS = howOften('TILLBOOK_KILLS', 6);
const MOMENT_MAX_MS = 400;

test(`${KILLS} kills: every acknowledged sale is in one total (seed ${SEED})`, async t => {
  const random = randomFrom(SEED);
  const shop = await FaultyShop.open(t, 4);
  for (let kills = 0; kills < KILLS; kills += 1) {
    await shop.start();
    const selling = shop.sell(() => false, 1 + Math.floor(random() * 30));
    const closing = random() < 0.3 ? shop.close().catch(() => undefined) : undefined;
    await wait(random() * MOMENT_MAX_MS);
    await shop.kill();
    await Promise.all([selling, closing]);
  }
  assert.ok(shop.record.acknowledged.size > KILLS, 'next to nothing was sold: it proves nothing');
  await shop.endWell();
});

test(`a kill while it starts changes nothing (seed ${SEED})`, async t => {
  const random = randomFrom(SEED + 1);
  const shop = await FaultyShop.open(t, 2);
  await shop.start();
  await shop.sellSome(50, 10);
  for (let kills = 0; kills < Math.max(2, KILLS / 4); kills += 1) {
    await shop.kill();
    const moment = (0.1 + random() * 0.6).toFixed(2);
    const starting = shop.start({ wrap: ['timeout', '-s', 'KILL', moment] });
    // It dies before it listens, or soon after.
    await starting.then(({ ended }) => ended).catch(() => undefined);
    await shop.start();
    await shop.sellSome(20, 10);
  }
  await shop.endWell();
});

test('canary: a shop that acknowledges before the disk is found out', async t => {
  const dataDir = await tempFolder(t);
  const record = new ClientRecord();
  const tills = ['till-1', 'till-2'].map(id => new Till(record, id, 'x'));
  for (let kills = 0; kills < 3; kills += 1) await sellOnHasty(t, dataDir, tills);
  assert.ok(record.acknowledged.size > 0, 'nothing was sold: it proves nothing');
  const { lost } = await inspect(dataDir, record);
  assert.notDeepEqual(lost, []);
});

/** Sells on an agent that says yes 30 ms before it stores, and kills it. */
async function sellOnHasty(t: TestContext, dataDir: string, tills: Till[]): Promise<void> {
  const child = fork(PROCESS, [dataDir], { execArgv: [] });
  t.after(() => child.kill('SIGKILL'));
  const [message] = (await once(child, 'message')) as [{ port: number }];
  const broker = `mqtt://127.0.0.1:${message.port}`;
  const selling = tills.map(till => till.sell(broker, { window: 10, enough: () => false }));
  await wait(300);
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await Promise.all([gone, ...selling]);
}
