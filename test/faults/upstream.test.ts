/**
 * SIGKILL at random moments of an agent that takes its sales from a broker of the shop's own
 * (Mosquitto). The tills sell on while it is away; what that broker has acknowledged must be in the
 * journal in the end, once, in each till's order.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startMosquitto } from '../support/mosquitto.ts';
import { randomFrom } from '../support/random.ts';
import { needs } from '../support/tools.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { howOften, SEED } from './runs.ts';
import { FaultyShop } from './shop.ts';

const KILLS = howOften('TILLBOOK_KILLS', 6);
const MOMENT_MAX_MS = 400;
const AWAY_MS = 50;
/** Between two kills: a broker that stores nothing takes them faster than an agent that does. */
const SALES_MAX = 400;

async function killBehindBroker(t: TestContext, broken: Broken, times: number): Promise<void> {
  const random = randomFrom(SEED);
  const shop = await FaultyShop.open(t, 3, { broken, broker: await startMosquitto(t) });
  for (let kills = 0; kills < times; kills += 1) {
    await shop.start();
    // Until then that broker keeps nothing for it, the first time.
    await shop.waitForStatus('it is subscribed', ({ mqtt }) => mqtt.upstreamError === null);
    let over = false;
    const last = shop.record.sent.size + SALES_MAX;
    const enough = () => over || shop.record.sent.size >= last;
    const selling = shop.sell(enough, 1 + Math.floor(random() * 10));
    await wait(random() * MOMENT_MAX_MS);
    await shop.kill();
    await wait(AWAY_MS);
    over = true;
    await selling;
  }
  assert.ok(shop.record.acknowledged.size > 10 * times, 'too little was sold: it proves nothing');
  await shop.endWell();
}

test(
  `${KILLS} kills behind an existing broker: every sale comes in once (seed ${SEED})`,
  needs('mosquitto'),
  t => killBehindBroker(t, WHOLE, KILLS),
);

canary('upstream', needs('mosquitto'), (t, broken) => killBehindBroker(t, broken, 3));
