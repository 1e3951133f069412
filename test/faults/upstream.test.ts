/**
 * SIGKILL, in the middle of sales, of an agent that takes its sales from a broker of the shop's own
 * (Mosquitto). The tills sell on while it is away; what that broker has acknowledged must be in the
 * journal in the end, once, in each till's order.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startMosquitto } from '../support/mosquitto.ts';
import { randomFrom } from '../support/random.ts';
import { needs } from '../support/tools.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { howOften, SEED } from './runs.ts';
import { FaultyShop } from './shop.ts';

const KILLS = howOften('TILLBOOK_KILLS', 6);
/** Between two kills; a broker that stores nothing takes them faster than an agent that does. */
const SALES_MAX = 400;
/** Sold while the agent is away. */
const SALES_AWAY = 100;

/** The tills sell on; the agent dies when they have rung up so many receipts. */
async function killAmidSales(shop: FaultyShop, last: number, window: number): Promise<void> {
  const { sent } = shop.record;
  let reached: () => void = () => undefined;
  const inTheMiddle = new Promise<void>(done => {
    reached = done;
  });
  const enough = () => {
    if (sent.size >= last) reached();
    return sent.size >= last + SALES_AWAY;
  };
  const selling = shop.sell(enough, window);
  await inTheMiddle;
  await shop.kill();
  await selling;
}

async function killBehindBroker(t: TestContext, broken: Broken, times: number): Promise<void> {
  const random = randomFrom(SEED);
  const shop = await FaultyShop.open(t, 3, { broken, broker: await startMosquitto(t) });
  for (let kills = 0; kills < times; kills += 1) {
    await shop.start();
    // Until then that broker keeps nothing for it, the first time.
    await shop.waitForStatus('it is subscribed', ({ mqtt }) => mqtt.upstreamError === null);
    const last = shop.record.sent.size + Math.floor(random() * SALES_MAX);
    await killAmidSales(shop, last, 1 + Math.floor(random() * 10));
  }
  assert.ok(shop.record.acknowledged.size > 10 * times, 'too little was sold: it proves nothing');
  await shop.endWell();
}

test(
  `${KILLS} kills behind an existing broker: every sale comes in once (seed ${SEED})`,
  needs('mosquitto'),
  t => killBehindBroker(t, WHOLE, KILLS),
);

canary('upstream', needs('mosquitto'), (t, broken) => killBehindBroker(t, broken, 8));
