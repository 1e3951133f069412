/**
 * Strangers and broken tills at the broker of a real agent while a good till sells: guessed
 * passwords, slow and oversized CONNECTs, foreign names and topics, wills. The till is served, the
 * agent's memory and files stay bounded, and the day holds what the good till sold, nothing else.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { LINUX } from './runs.ts';
import { FaultyShop, waitFor } from './shop.ts';

const GUESSES = 1000;
const AT_ONCE = 50;
/** An agent at rest has about 120 MiB; 500 CONNECTs of 256 MB each would be 125 GB. */
const MEMORY_MAX_MIB = 400;

/** A shop whose till sells until the test has done its worst. */
async function sellDuring(
  t: TestContext,
  worst: (shop: FaultyShop) => Promise<void>,
): Promise<void> {
  const shop = await FaultyShop.open(t, 2);
  await shop.start();
  const [good] = shop.tills;
  let over = false;
  const selling = good?.sell(shop.running.mqtt, { window: 2, enough: () => over });
  await worst(shop).finally(() => {
    over = true;
  });
  await selling;
  assert.ok(shop.record.acknowledged.size > 0, 'the good till was not served');
  await shop.endWell();
}

const portOf = ({ running }: FaultyShop) => Number(new URL(running.mqtt).port);

async function memoryMiB({ running }: FaultyShop): Promise<number> {
  const status = await readFile(`/proc/${running.child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

async function openFiles({ running }: FaultyShop): Promise<number> {
  return (await readdir(`/proc/${running.child.pid}/fd`)).length;
}

/** A client with changes to what a good till would say. */
function dial({ running, tills }: FaultyShop, changes: IClientOptions = {}): MqttClient {
  const [, { id, password } = { id: '', password: '' }] = tills;
  const good = { clientId: id, username: id, password, protocolVersion: 4 as const };
  const client = mqtt.connect(running.mqtt, { ...good, reconnectPeriod: 0, ...changes });
  client.on('error', () => undefined); // What the broker says to strangers; `close` follows.
  return client;
}

function happens(client: MqttClient, event: 'connect' | 'close'): Promise<void> {
  return new Promise(done => client.once(event, () => done()));
}

/** How a sign-in ends. */
async function knock(shop: FaultyShop, changes: IClientOptions): Promise<'let in' | 'refused'> {
  const client = dial(shop, changes);
  const result = await Promise.race([
    happens(client, 'connect').then(() => 'let in' as const),
    happens(client, 'close').then(() => 'refused' as const),
  ]);
  await client.endAsync(true);
  return result;
}

test(`${GUESSES} guessed passwords let nobody in and stop nobody`, async t => {
  await sellDuring(t, async shop => {
    let tries = 0;
    const guess = async () => {
      while (tries < GUESSES) {
        tries += 1;
        assert.equal(await knock(shop, { password: `guess ${tries}` }), 'refused');
      }
    };
    await Promise.all(Array.from({ length: 10 }, guess));
    assert.equal(await knock(shop, { username: '', clientId: 'anybody' }), 'refused');
  });
});

test('a slow CONNECT is not waited for, and 256 MB are never buffered', LINUX, async t => {
  await sellDuring(t, async shop => {
    const before = await openFiles(shop);
    const sockets: Socket[] = [];
    t.after(() => sockets.map(socket => socket.destroy()));
    for (let number = 0; number < AT_ONCE; number += 1) {
      const socket = connect(portOf(shop), '127.0.0.1').on('error', () => undefined);
      // A fixed header alone, or one that declares 268,435,455 bytes and sends a few.
      socket.write(Buffer.from(number % 2 === 0 ? [0x10] : [0x10, 0xff, 0xff, 0xff, 0x7f]));
      if (number % 2 === 1) socket.write(Buffer.alloc(64 * 1024));
      socket.resume();
      sockets.push(socket);
    }
    await waitFor('all are sent away', async () => {
      return sockets.every(({ closed }) => closed) || undefined;
    });
    await waitFor('their files are closed', async () => {
      return (await openFiles(shop)) <= before + 5 || undefined;
    });
    assert.ok((await memoryMiB(shop)) < MEMORY_MAX_MIB, `${await memoryMiB(shop)} MiB`);
  });
});

test('names and topics of others, wildcards, $SYS, wills and old sessions are refused', async t => {
  await sellDuring(t, async shop => {
    const { password = '' } = shop.tills[1] ?? {};
    assert.equal(await knock(shop, { clientId: 'till-1' }), 'refused');
    assert.equal(await knock(shop, { clientId: 'till-1', username: 'till-1' }), 'refused');
    const will = {
      topic: 'pos/v1/till-1/transactions',
      payload: Buffer.from('{}'),
      qos: 1 as const,
    };
    assert.equal(await knock(shop, { will: { ...will, retain: true } }), 'refused');
    assert.equal(await knock(shop, { clean: false }), 'refused');
    assert.equal(await knock(shop, { password }), 'let in');
    const deep = `pos/v1/till-2/${'a/'.repeat(200)}transactions`;
    const topics = ['pos/v1/till-1/transactions', '$SYS/x', 'pos/v1/till-1/problems', deep];
    for (const topic of [...topics, 'x'.repeat(65_535)]) {
      const client = dial(shop);
      await happens(client, 'connect');
      client.publish(topic, '{}', { qos: 1 }, () => undefined);
      await happens(client, 'close');
    }
    for (const topic of ['#', '+/v1/+/transactions', '$SYS/#', 'pos/v1/till-1/problems']) {
      const client = dial(shop);
      await happens(client, 'connect');
      const closed = happens(client, 'close').then(() => 'refused');
      const granted = client.subscribeAsync(topic, { qos: 1 }).then(
        rows => (rows.every(row => row.qos === 128) ? 'refused' : `granted ${topic}`),
        () => 'refused',
      );
      assert.equal(await Promise.race([closed, granted]), 'refused');
      await client.endAsync(true);
    }
  });
});
