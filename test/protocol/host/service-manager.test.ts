/** What systemd is told, and when it is told nothing. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { silentLog } from '../../../protocol/host/log.ts';
import { serviceManager, watchdogMs } from '../../../protocol/host/service-manager.ts';
import { tempFolder } from '../../support/agent.ts';
import { type NotifySocket, openNotifySocket } from '../../support/notify-socket.ts';
import { needs } from '../../support/tools.ts';

const told = needs('systemd-notify', 'python3');

async function managed(t: TestContext, isWell: () => Promise<boolean>) {
  const socket = await openNotifySocket(t, await tempFolder(t));
  const { PATH } = process.env;
  const env = { PATH, NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '300000' };
  const service = serviceManager({ env, isWell, log: silentLog() });
  t.after(() => service.stopping());
  return { service, socket };
}

test('ready, alive, and stopping are told in this order', told, async t => {
  const { service, socket } = await managed(t, async () => true);
  await service.ready();
  await socket.heard('WATCHDOG=1', 2);
  await service.stopping();
  await socket.heard('STOPPING=1');
  const count = pings(socket);
  await wait(400);
  assert.equal(socket.told[0], 'READY=1');
  assert.equal(pings(socket), count);
});

test('no ping is sent while the program cannot do its work', told, async t => {
  let well = false;
  const { service, socket } = await managed(t, async () => well);
  await service.ready();
  await wait(400);
  assert.deepEqual(socket.told, ['READY=1']);
  well = true;
  await socket.heard('WATCHDOG=1');
});

test('no ping is sent while the disk does not answer', told, async t => {
  const { service, socket } = await managed(t, () => new Promise(() => undefined));
  await service.ready();
  await wait(400);
  assert.deepEqual(socket.told, ['READY=1']);
});

test('without systemd nothing is called', async () => {
  // A PATH without any program: a call would be logged as failed.
  const log = { ...silentLog(), warn: () => assert.fail('called') } as never;
  const service = serviceManager({ env: { PATH: '/nowhere' }, isWell: async () => true, log });
  await service.ready();
  await service.stopping();
});

test('the watchdog is asked for by its time, and only of the process it names', () => {
  assert.equal(watchdogMs({ WATCHDOG_USEC: '60000000' }), 60_000);
  assert.equal(watchdogMs({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: `${process.pid}` }), 60_000);
  assert.equal(watchdogMs({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '1' }), 0);
  for (const WATCHDOG_USEC of [undefined, '', '0', '-1', 'x']) {
    assert.equal(watchdogMs(WATCHDOG_USEC === undefined ? {} : { WATCHDOG_USEC }), 0);
  }
});

function pings(socket: NotifySocket): number {
  return socket.told.filter(line => line === 'WATCHDOG=1').length;
}
