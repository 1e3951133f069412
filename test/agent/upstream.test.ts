/** Sales from a broker that the shop already has: Mosquitto, a program of its own. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import mqtt from 'mqtt';
import { startUpstream, type Upstream } from '../../agent/broker/upstream.ts';
import type { Intake } from '../../agent/intake/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { silentLog } from '../../protocol/host/log.ts';
import { openTestShop, publish, sale, tempFolder, testCalendar } from '../support/agent.ts';

const today = testCalendar().today();
const MOSQUITTO = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto'].find(
  path => spawnSync(path, ['-h']).error === undefined,
);
const skip = MOSQUITTO === undefined ? 'mosquitto is not installed' : false;

async function startMosquitto(t: TestContext): Promise<number> {
  const port = await freePort();
  const config = join(await tempFolder(t), 'mosquitto.conf');
  await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  const child: ChildProcess = spawn(MOSQUITTO ?? '', ['-c', config], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  await until(() => canConnect(port));
  return port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () =>
      resolve(false),
    );
    socket.once('connect', () => socket.destroy());
  });
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise(resolve => setTimeout(resolve, 20));
}

function follow(port: number, dataDir: string, intake: Intake): Upstream {
  const url = `mqtt://127.0.0.1:${port}`;
  return startUpstream({ url, dataDir, intake, log: silentLog(), reconnectMs: 50 });
}

async function till(t: TestContext, port: number) {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'till-1' });
  t.after(() => client.endAsync(true));
  return client;
}

test('sales come from an existing broker, also those it kept while the agent was away', {
  skip,
}, async t => {
  const port = await startMosquitto(t);
  const dataDir = await tempFolder(t);
  const shop = await openTestShop(dataDir);
  t.after(() => shop.stop());
  const first = follow(port, dataDir, shop.intake);
  await until(() => first.status().connected);
  const client = await till(t, port);
  await new Promise(resolve => setTimeout(resolve, 100));
  await publish(client, sale(1));
  await until(() => shop.dayBook.entries(today) === 1);
  await first.stop();
  await publish(client, sale(2));
  await publish(client, 'no json');
  const second = follow(port, dataDir, shop.intake);
  t.after(() => second.stop());
  await until(() => shop.dayBook.entries(today) === 2 && shop.quarantine.list().length === 1);
});

test('a sale that could not be stored is not acknowledged upstream and comes again', {
  skip,
}, async t => {
  const port = await startMosquitto(t);
  const dataDir = await tempFolder(t);
  const shop = await openTestShop(dataDir);
  t.after(() => shop.stop());
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
  const upstream = follow(port, dataDir, intake);
  t.after(() => upstream.stop());
  await until(() => upstream.status().connected);
  await new Promise(resolve => setTimeout(resolve, 100));
  const client = await till(t, port);
  for (const sequence of [1, 2, 3]) await publish(client, sale(sequence));
  await until(() => shop.dayBook.entries(today) === 3);
  assert.equal(refusals < 0, true);
});
