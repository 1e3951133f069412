/**
 * Strangers and broken tills at the broker of a real agent while a good till sells: guessed
 * passwords, slow and oversized CONNECTs, foreign names and topics, wills. The till is served, the
 * agent's memory and files stay bounded, and the day holds what the good till sold, nothing else.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { randomFrom } from '../support/random.ts';
import { connectPacket, publishPacket } from '../support/raw-mqtt.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { LINUX, SEED } from './runs.ts';
import { FaultyShop, waitFor } from './shop.ts';
import type { Till } from './tills.ts';

const GUESSES = 1000;
const AT_ONCE = 50;
/** An agent at rest has about 120 MiB; 500 CONNECTs of 256 MB each would be 125 GB. */
const MEMORY_MAX_MIB = 400;
/** Of the 256 MB that each declares; a broker that gathers them holds more than MEMORY_MAX_MIB. */
const HUGE_BYTES = 10 << 20;
/** A CONNECT must come within 5 s. */
const SENT_AWAY_WITHIN_MS = 12_000;
/** Far more than a loaded machine needs. */
const HAPPENS_WITHIN_MS = 60_000;
const IDLE_SOCKETS = 5000;
/** At most 250 strangers beside what an agent has open. */
const FILES_MAX = 500;
const MUTANTS = 400;

/** A shop whose till sells until the test has done its worst. */
async function sellDuring(
  t: TestContext,
  broken: Broken,
  worst: (shop: FaultyShop) => Promise<void>,
): Promise<void> {
  const shop = await FaultyShop.open(t, 2, { broken });
  await shop.start();
  const [good] = shop.tills;
  let over = false;
  const selling = good?.sell(shop.running.mqtt, { window: 2, enough: () => over });
  const { acknowledged } = shop.record;
  // Among strangers that all come at once, one that has not signed in yet is a stranger, too.
  await waitFor('the good till has signed in', async () => acknowledged.size > 0 || undefined);
  const before = acknowledged.size;
  await worst(shop).finally(() => {
    over = true;
  });
  await selling;
  assert.equal(shop.running.child.exitCode, null, 'the agent ended');
  assert.equal((await fetch(`${shop.running.http}/readyz`)).status, 200);
  assert.ok(acknowledged.size > before, 'the good till was not served');
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

async function happens(client: MqttClient, event: 'connect' | 'close'): Promise<void> {
  const late = wait(HAPPENS_WITHIN_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no ${event} of ${client.options.clientId} within ${HAPPENS_WITHIN_MS} ms`);
  });
  await Promise.race([new Promise<void>(done => client.once(event, () => done())), late]);
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

async function guessPasswords(t: TestContext, broken: Broken): Promise<void> {
  await sellDuring(t, broken, async shop => {
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
}

test(`${GUESSES} guessed passwords let nobody in and stop nobody`, t => guessPasswords(t, WHOLE));

canary('any-password', {}, guessPasswords);

/** Opens so many sockets that begin with these bytes, and waits until all are sent away. */
async function openAll(t: TestContext, shop: FaultyShop, header: number[], more: number) {
  const before = await openFiles(shop);
  const sockets: Socket[] = [];
  t.after(() => sockets.map(socket => socket.destroy()));
  for (let number = 0; number < AT_ONCE; number += 1) {
    const socket = connect(portOf(shop), '127.0.0.1').on('error', () => undefined);
    socket.write(Buffer.from(header));
    push(socket, more);
    sockets.push(socket.resume());
  }
  const gone = async () => sockets.every(({ closed }) => closed) || undefined;
  await waitFor('all are sent away', gone, SENT_AWAY_WITHIN_MS);
  await waitFor('their files are closed', async () => {
    return (await openFiles(shop)) <= before + 5 || undefined;
  });
}

/** Writes so many bytes, as fast as they are taken. */
function push(socket: Socket, bytes: number): void {
  const chunk = Buffer.alloc(64 * 1024);
  let left = bytes;
  const more = () => {
    while (left > 0 && socket.write(chunk)) left -= chunk.length;
  };
  socket.on('drain', more);
  more();
}

async function connectSlowly(t: TestContext, broken: Broken): Promise<void> {
  await sellDuring(t, broken, shop => openAll(t, shop, [0x10], 0));
}

test('a slow CONNECT is not waited for', LINUX, t => connectSlowly(t, WHOLE));

canary('slow-connect', LINUX, connectSlowly);

async function declareMuch(t: TestContext, broken: Broken): Promise<void> {
  await sellDuring(t, broken, async shop => {
    await openAll(t, shop, [0x10, 0xff, 0xff, 0xff, 0x7f], HUGE_BYTES);
    const peak = await memoryMiB(shop);
    assert.ok(peak < MEMORY_MAX_MIB, `the memory grew to ${peak} MiB`);
  });
}

test('of 256 MB that a CONNECT declares none is kept', LINUX, t => declareMuch(t, WHOLE));

canary('huge-packet', LINUX, declareMuch);

async function floodWithSockets(t: TestContext, broken: Broken): Promise<void> {
  await sellDuring(t, broken, async shop => {
    const strangers: Socket[] = [];
    t.after(() => strangers.map(socket => socket.destroy()));
    let held = 0;
    for (let i = 0; i < IDLE_SOCKETS; i += 1) {
      const localAddress = `127.0.${1 + Math.floor(i / 200)}.1`;
      const socket = connect({ port: portOf(shop), host: '127.0.0.1', localAddress });
      strangers.push(socket.on('error', () => undefined));
      if (i % 250 === 249) held = Math.max(held, await openFiles(shop));
    }
    await wait(500);
    held = Math.max(held, await openFiles(shop));
    assert.ok(held < FILES_MAX, `the agent held ${held} files`);
    assert.equal(await knock(shop, {}), 'let in');
  });
}

test(`${IDLE_SOCKETS} idle strangers do not keep a till from selling`, LINUX, async t => {
  await floodWithSockets(t, WHOLE);
});

canary('idle-sockets', LINUX, floodWithSockets);

/** Some bytes are others: of the packets any, of the receipt those that make it no text any more. */
function mutate(bytes: Buffer, from: number, receiptAt: number, random: () => number): Buffer {
  const mutated = Buffer.from(bytes);
  for (let flip = 0; flip < 4; flip += 1) {
    const at = from + Math.floor(random() * (bytes.length - from) * random());
    mutated.writeUInt8(Math.floor(random() * 256) | (at < receiptAt ? 0 : 0x80), at);
  }
  return random() < 0.8 ? mutated : mutated.subarray(0, Math.floor(random() * bytes.length));
}

async function sendMutated(t: TestContext, broken: Broken): Promise<void> {
  await sellDuring(t, broken, async shop => {
    const random = randomFrom(SEED);
    const kept: number[] = [];
    const till = shop.tills[1] as Till;
    const { terminal, text } = till.ring();
    const hello = connectPacket(terminal, till.password);
    const sale = publishPacket(7, `pos/v1/${terminal}/transactions`, JSON.parse(text));
    const bytes = Buffer.concat([hello, sale]);
    for (let i = 0; i < MUTANTS; i += 1) {
      // Half of them sign in as they should. From many addresses: wrong passwords are banned.
      const from = random() < 0.5 ? 0 : hello.length;
      const localAddress = `127.0.${1 + Math.floor(i / 2)}.1`;
      const socket = connect({ port: portOf(shop), host: '127.0.0.1', localAddress });
      socket.on('error', () => undefined).resume();
      socket.setTimeout(SENT_AWAY_WITHIN_MS, () => {
        kept.push(i);
        socket.destroy();
      });
      socket.end(mutate(bytes, from, bytes.length - Buffer.byteLength(text), random));
      if (!socket.closed) await new Promise(done => socket.once('close', done));
    }
    assert.deepEqual(kept, [], `connections that were not ended; TILLBOOK_SEED=${SEED}`);
  });
}

test(`${MUTANTS} mutated packets harm nobody else (seed ${SEED})`, t => sendMutated(t, WHOLE));

canary('mutated-packets', {}, sendMutated);

async function trespass(t: TestContext, broken: Broken): Promise<void> {
  await sellDuring(t, broken, async shop => {
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
}

test('names and topics of others, wildcards, $SYS, wills and old sessions are refused', async t => {
  await trespass(t, WHOLE);
});

canary('other-names', {}, trespass);
