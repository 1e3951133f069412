/**
 * SIGKILL at random moments while tills sell: the agent is a real process with everything it has,
 * and starts again on the same folder. Nothing acknowledged may be lost, doubled or altered.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { randomFrom } from '../support/random.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { howOften, SEED } from './runs.ts';
import { FaultyShop } from './shop.ts';

const KILLS = howOften('TILLBOOK_KILLS', 6);
const MOMENT_MAX_MS = 400;

async function killAtRandom(t: TestContext, broken: Broken, times: number): Promise<void> {
  const random = randomFrom(SEED);
  const shop = await FaultyShop.open(t, 4, { broken });
  for (let kills = 0; kills < times; kills += 1) {
    await shop.start();
    const selling = shop.sell(() => false, 1 + Math.floor(random() * 30));
    const closing = random() < 0.3 ? shop.close().catch(() => undefined) : undefined;
    await wait(random() * MOMENT_MAX_MS);
    await shop.kill();
    await Promise.all([selling, closing]);
  }
  assert.ok(shop.record.acknowledged.size > times, 'next to nothing was sold: it proves nothing');
  await shop.endWell();
}

test(`${KILLS} kills: every acknowledged sale is in one total (seed ${SEED})`, async t => {
  await killAtRandom(t, WHOLE, KILLS);
});

canary('kill', {}, (t, broken) => killAtRandom(t, broken, 3));

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
