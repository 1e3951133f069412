/**
 * The machine's clock under a running agent: midnight comes, it was switched off over several of
 * them, it is set back, it jumps. Tills sell all the while; in the end every sale stands on its day.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { AgentStatus } from '../../agent/status/status.ts';
import { needs } from '../support/tools.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { MovedClock } from './moved-clock.ts';
import { FaultyShop } from './shop.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SALES = 12;
const TO_MIDNIGHT_MS = 15_000;
/** By its timer: the look once a minute comes later than this. */
const CLOSED_WITHIN_MS = 20_000;
/** The status is looked at anew a few times a second. */
const SAID_WITHIN_MS = 10_000;

/** A shop with sales whose clock stands an hour before its midnight. */
async function shopBeforeMidnight(t: TestContext, broken = WHOLE) {
  const clock = await MovedClock.beforeMidnight(t, HOUR_MS);
  const shop = await FaultyShop.open(t, 2, { broken, env: clock.env });
  shop.relay.timeMs = () => clock.nowMs();
  const sell = () => shop.sellSome(SALES, 2, { occurredAt: () => clock.now() });
  await shop.start();
  await sell();
  return { clock, shop, sell };
}

const closedDates = ({ relay }: FaultyShop) =>
  relay.received.map(each => each.summary.businessDate);

test('midnight comes and the day is closed within seconds', needs('libfaketime'), async t => {
  const { clock, shop, sell } = await shopBeforeMidnight(t);
  const today = clock.date();
  await shop.stop();
  await clock.pass(HOUR_MS - TO_MIDNIGHT_MS);
  await shop.start();
  const delivered = ({ days }: AgentStatus) =>
    days.some(({ date, state }) => date === today && state === 'delivered');
  await shop.waitForStatus('the day is closed', delivered, TO_MIDNIGHT_MS + CLOSED_WITHIN_MS);
  await sell();
  await shop.endWell();
  assert.deepEqual(closedDates(shop), [today, clock.date()]);
});

test(
  'switched off over three midnights, it closes each day once',
  needs('libfaketime'),
  async t => {
    const { clock, shop, sell } = await shopBeforeMidnight(t);
    const days = [0, 1, 2].map(day => clock.date(day));
    await shop.stop();
    await clock.pass(3 * DAY_MS);
    await shop.start();
    await shop.waitForStatus('three days are closed', () => shop.relay.received.length === 3);
    assert.deepEqual(closedDates(shop), days);
    await sell();
    await shop.endWell();
    assert.deepEqual(closedDates(shop), [...days, clock.date()]);
  },
);

async function jump(t: TestContext, broken: Broken): Promise<void> {
  const { clock, shop, sell } = await shopBeforeMidnight(t, broken);
  const says = (code: string) =>
    shop.waitForStatus(code, ({ headline }) => headline.code === code, SAID_WITHIN_MS);
  await clock.setWrong(-2 * HOUR_MS);
  await says('clock-behind');
  await sell();
  await clock.setWrong(5 * DAY_MS);
  await says('clock-jumped');
  await sell();
  await assert.rejects(shop.close(), /clock cannot be believed/);
  assert.deepEqual(closedDates(shop), [], 'a day was closed by a clock that is wrong');
  assert.doesNotMatch(shop.running.log(), /"event":"closed"/);
  await clock.setWrong(0);
  await sell();
  await shop.waitForStatus('it is believed again', status => status.clock.verdict === 'right');
  await shop.endWell();
  assert.deepEqual(closedDates(shop), [clock.date()]);
}

test(
  'a clock that is set back, or far ahead, is told, closes nothing and stops no sale',
  needs('libfaketime'),
  t => jump(t, WHOLE),
);

canary('clock', needs('libfaketime'), jump);
