/** Who may connect to the shop's broker and what they may do there; over real sockets. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { ownCertificate, readCertificate } from '../../agent/broker/tls.ts';
import { systemClock } from '../../agent/clock.ts';
import { publish, runShop, sale, tempFolder, testCalendar } from '../support/agent.ts';

const today = testCalendar().today();

/** Connects and says what became of it: `connected` or the reason. */
async function tryConnect(port: number, options: IClientOptions): Promise<string> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...options });
  const outcome = await new Promise<string>(resolve => {
    client.once('connect', () => resolve('connected'));
    client.once('error', error => resolve(error.message));
    client.once('close', () => resolve('closed'));
  });
  await client.endAsync(true);
  return outcome;
}

async function closes(client: MqttClient, act: () => void): Promise<void> {
  client.on('error', () => undefined);
  const gone = new Promise<void>(resolve => client.once('close', () => resolve()));
  act();
  await gone;
}

test('only a known terminal with its own name, password and a clean session gets in', async t => {
  const { terminals, port } = await runShop(t);
  const { password } = await terminals.add('till-1');
  await terminals.add('till-2');
  const good = { clientId: 'till-1', username: 'till-1', password };
  const will = { topic: 'pos/v1/till-1/transactions', payload: Buffer.from('{}') };
  assert.equal(await tryConnect(port, good), 'connected');
  assert.match(await tryConnect(port, { ...good, password: 'guess' }), /Bad username or password/);
  assert.match(await tryConnect(port, { clientId: 'till-1' }), /Identifier rejected/);
  assert.match(await tryConnect(port, { ...good, clientId: 'till-2' }), /Identifier rejected/);
  assert.match(await tryConnect(port, { ...good, clean: false }), /Not authorized/);
  assert.match(await tryConnect(port, { ...good, will }), /Not authorized/);
  assert.notEqual(await tryConnect(port, { ...good, protocolVersion: 5 }), 'connected');
  await terminals.rotate('till-1');
  assert.match(await tryConnect(port, good), /Bad username or password/);
});

test('a terminal that is removed is cut off at once', async t => {
  const { terminal, terminals } = await runShop(t);
  const till = await terminal('till-1');
  await closes(till, () => void terminals.remove('till-1'));
  assert.deepEqual(terminals.list(), []);
});

test('a password that failed ten times is not listened to for a minute, others are', async t => {
  let nowMs = Date.now();
  const { terminals, port } = await runShop(t, { broker: { clock: { nowMs: () => nowMs } } });
  const { password } = await terminals.add('till-1');
  const other = await terminals.add('till-2');
  const till = { clientId: 'till-1', username: 'till-1' };
  for (let i = 0; i < 10; i += 1) await tryConnect(port, { ...till, password: 'guess' });
  assert.match(await tryConnect(port, { ...till, password }), /Not authorized/);
  const { id, password: otherPassword } = other;
  const second = { clientId: id, username: id, password: otherPassword };
  assert.equal(await tryConnect(port, second), 'connected');
  nowMs += 61_000;
  assert.equal(await tryConnect(port, { ...till, password }), 'connected');
});

test('a publish to any topic but its own transactions closes the connection', async t => {
  const { terminal, broker } = await runShop(t);
  for (const topic of ['pos/v1/till-2/transactions', '$SYS/x', 'pos/v1/till-1/problems']) {
    const till = await terminal('till-1');
    await closes(till, () => void till.publish(topic, '{}', { qos: 1 }));
  }
  const [row] = broker.connections();
  assert.match(row?.problems.map(problem => problem.code).join() ?? '', /publish/);
});

test('a terminal reads its own problems and nothing else', async t => {
  const { terminal } = await runShop(t);
  const till = await terminal('till-1');
  for (const topic of ['#', 'pos/v1/+/problems', 'pos/v1/till-2/problems', '$SYS/#']) {
    const granted = await till.subscribeAsync(topic).catch((error: Error) => error.message);
    assert.match(JSON.stringify(granted), /128|Unspecified error|Subscribe error/, topic);
  }
  await till.subscribeAsync('pos/v1/till-1/problems', { qos: 1 });
  const answer = new Promise<[Buffer, { qos: number; retain: boolean }]>(resolve =>
    till.once('message', (_topic, payload, packet) => resolve([payload, packet])),
  );
  await publish(till, sale(1, { tenders: [] }));
  const [payload, packet] = await answer;
  const problem = JSON.parse(payload.toString()) as Record<string, unknown>;
  assert.deepEqual([problem['id'], problem['sequence']], ['sale-1', 1]);
  assert.deepEqual([problem['code'], problem['path']], ['unbalanced', 'tenders']);
  assert.deepEqual([packet.qos, packet.retain], [1, false]);
});

test('broken messages of every kind are acknowledged, kept whole and counted', async t => {
  const { terminal, shop } = await runShop(t);
  const till = await terminal('till-1');
  const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
  const twice = '{"id":"a","id":"b"}';
  const broken = ['', 'no json', deep, twice, Buffer.from([0xff, 0xfe]), '"\\ud800"', '1e999'];
  for (const payload of broken) await publish(till, payload);
  await publish(till, Buffer.alloc(200 * 1024, 'x'));
  const codes = shop.quarantine.list().map(item => item.code);
  const json = ['not-json', 'not-json', 'too-deep', 'not-json', 'not-utf8', 'not-json'];
  assert.deepEqual(codes, [...json, 'schema', 'too-large']);
  const kept = await shop.quarantine.show(5);
  assert.deepEqual(kept.payload, Buffer.from([0xff, 0xfe]));
  assert.equal(shop.dayBook.snapshot(today).quarantined, 8);
});

test('a packet above 256 KiB closes the connection and is said on the status page', async t => {
  const { terminal, broker } = await runShop(t);
  const till = await terminal('till-1');
  const topic = 'pos/v1/till-1/transactions';
  await closes(till, () => void till.publish(topic, Buffer.alloc(300 * 1024), { qos: 1 }));
  assert.equal(broker.connections()[0]?.problems[0]?.code, 'too-large');
});

test('a stranger who declares 256 MB, or says no CONNECT, is cut off before it is buffered', async t => {
  const { port } = await runShop(t);
  for (const bytes of [
    [0x10, 0xff, 0xff, 0xff, 0x7f],
    [0x30, 0x02, 0x00, 0x00],
    [0x10, 0xff, 0xff, 0xff, 0xff, 0xff],
  ]) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.write(Buffer.from(bytes));
    socket.resume();
    await once(socket, 'close');
  }
});

test('QoS 0 and retained sales are stored too, and the terminal is flagged', async t => {
  const { terminal, shop, broker } = await runShop(t);
  const till = await terminal('till-1');
  await publish(till, sale(1), 0);
  const topic = 'pos/v1/till-1/transactions';
  await till.publishAsync(topic, JSON.stringify(sale(2)), { qos: 1, retain: true });
  await publish(till, sale(3), 2);
  assert.equal(shop.dayBook.entries(today), 3);
  const { qos0, retained } = broker.connections()[0] ?? {};
  assert.deepEqual([qos0, retained], [1, 1]);
});

test('two hundred idle strangers at one address do not keep a terminal out', async t => {
  const { port, terminals } = await runShop(t);
  const { id, password } = await terminals.add('till-1');
  const strangers = Array.from({ length: 200 }, () =>
    connect(port, '127.0.0.1').on('error', () => undefined),
  );
  t.after(() => strangers.map(socket => socket.destroy()));
  await Promise.all(strangers.map(socket => once(socket, 'connect')));
  assert.equal(await tryConnect(port, { clientId: id, username: id, password }), 'connected');
});

test('MQTT over TLS works with the certificate the shop made for itself', async t => {
  const dataDir = await tempFolder(t);
  const files = await ownCertificate(dataDir, systemClock);
  const certificate = await readCertificate(files);
  assert.deepEqual(await readCertificate(await ownCertificate(dataDir, systemClock)), certificate);
  assert.match(
    new X509Certificate(certificate.cert).subjectAltName ?? '',
    /localhost.*127\.0\.0\.1/,
  );
  const { broker, terminals } = await runShop(t, {
    dataDir,
    broker: { tls: { port: 0, ...certificate } },
  });
  const { id, password } = await terminals.add('till-1');
  const till = await mqtt.connectAsync(broker.tlsAddress ?? '', {
    ...{ clientId: id, username: id, password, ca: certificate.cert, reconnectPeriod: 0 },
  });
  await publish(till, sale(1));
  await till.endAsync();
});
