/** Sales from a broker that the shop already has: Mosquitto, a program of its own. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import mqtt from 'mqtt';
import { startUpstream, type Upstream } from '../../agent/broker/upstream.ts';
import { systemClock } from '../../agent/clock.ts';
import type { Intake } from '../../agent/intake/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { silentLog } from '../../protocol/host/log.ts';
import { openTestShop, publish, sale, tempFolder, testCalendar } from '../support/agent.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { needs } from '../support/tools.ts';

const today = testCalendar().today();

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise(resolve => setTimeout(resolve, 20));
}

async function shopWithBroker(t: TestContext) {
  const url = await startMosquitto(t);
  const dataDir = await tempFolder(t);
  const shop = await openTestShop(dataDir);
  t.after(() => shop.stop());
  return { url, dataDir, shop };
}

function follow(url: string, dataDir: string, intake: Intake): Upstream {
  const options = { url, dataDir, intake, clock: systemClock, log: silentLog() };
  return startUpstream({ ...options, reconnectMs: 50 });
}

/** Until it takes sales; it stops with the test. */
async function subscribe(t: TestContext, upstream: Upstream): Promise<Upstream> {
  t.after(() => upstream.stop());
  await until(() => upstream.status().connected);
  return upstream;
}

async function till(t: TestContext, url: string) {
  const client = await mqtt.connectAsync(url, { clientId: 'till-1' });
  t.after(() => client.endAsync(true));
  return client;
}

const MOSQUITTO = needs('mosquitto');

test(
  'sales come from an existing broker, also those it kept while the agent was away',
  MOSQUITTO,
  async t => {
    const { url, dataDir, shop } = await shopWithBroker(t);
    const first = follow(url, dataDir, shop.intake);
    await until(() => first.status().connected);
    const client = await till(t, url);
    await publish(client, sale(1));
    await until(() => shop.dayBook.entries(today) === 1);
    await first.stop();
    await publish(client, sale(2));
    await publish(client, 'no json');
    const second = follow(url, dataDir, shop.intake);
    t.after(() => second.stop());
    await until(() => shop.dayBook.entries(today) === 2 && shop.quarantine.list().length === 1);
  },
);

test(
  'a sale that could not be stored is not acknowledged upstream and comes again',
  MOSQUITTO,
  async t => {
    const { url, dataDir, shop } = await shopWithBroker(t);
    let refusals = 3;
    const take: Intake['take'] = (...message) => {
      refusals -= 1;
      if (refusals < 0) return shop.intake.take(...message);
      return Promise.reject(new AppError('disk-full', 'no room'));
    };
    const intake: Intake = {
      take,
      try: (...message) => shop.intake.try(...message),
      setAside: (...message) => shop.intake.setAside(...message),
    };
    await subscribe(t, follow(url, dataDir, intake));
    const client = await till(t, url);
    for (const sequence of [1, 2, 3]) await publish(client, sale(sequence));
    await until(() => shop.dayBook.entries(today) === 3);
    assert.equal(refusals < 0, true);
  },
);

test(
  'a till behind an existing broker is told off for QoS 0 and for broken messages',
  MOSQUITTO,
  async t => {
    const { url, dataDir, shop } = await shopWithBroker(t);
    const upstream = await subscribe(t, follow(url, dataDir, shop.intake));
    const client = await till(t, url);
    await client.publishAsync('pos/v1/till-1/transactions', JSON.stringify(sale(1)), { qos: 0 });
    await publish(client, 'no json');
    await until(() => shop.quarantine.list().length === 1);
    const [row] = upstream.connections();
    assert.equal(shop.dayBook.entries(today), 1);
    assert.deepEqual([row?.terminal, row?.qos0, row?.retained], ['till-1', 1, 0]);
    await until(() => upstream.connections()[0]?.problems[0]?.code === 'not-json');
  },
);
