/** The relay's own dead-man's switch: heard after good rounds only, and it says nothing of itself. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../../../protocol/host/log.ts';
import {
  type DeadMansSwitch,
  startDeadMansSwitch,
} from '../../../relay/alerts/dead-mans-switch.ts';
import type { Db } from '../../../relay/db/db.ts';

const NO_DB = {} as Db;

let server: Server;
let heard: IncomingMessage[] = [];
let status = 200;
let broken: Error | undefined;
let lines = '';
let deadMan: DeadMansSwitch;

function start(heartbeatSeconds: number): DeadMansSwitch {
  const { port } = server.address() as AddressInfo;
  const note = (...said: unknown[]) => {
    lines += `${JSON.stringify(said)}\n`;
  };
  return startDeadMansSwitch({
    heartbeatUrl: `http://127.0.0.1:${port}/ping/secret-id?msg=OK`,
    ...{ heartbeatSeconds, db: NO_DB, clock: Date.now },
    log: { info: note, warn: note } as unknown as Logger,
    readiness: { check: async () => (broken === undefined ? undefined : Promise.reject(broken)) },
  });
}

beforeEach(async () => {
  [heard, status, broken, lines] = [[], 200, undefined, ''];
  server = createServer((req, res) => {
    heard.push(req);
    res.writeHead(status, { location: '/elsewhere' }).end('x'.repeat(100_000));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await deadMan.stop();
  server.closeAllConnections();
  server.close();
});

describe("the relay's dead-man's switch", () => {
  it('is heard after a good round, at most once in its time', async () => {
    deadMan = start(3600);
    for (let round = 0; round < 3; round += 1) {
      deadMan.round();
      await wait(100);
    }
    assert.deepEqual(
      heard.map(({ method, url }) => `${method} ${url}`),
      ['GET /ping/secret-id?msg=OK'],
    );
    assert.equal(heard[0]?.headers['user-agent'], 'tillbook-relay');
  });

  it('is silent after a round that failed, and while the database cannot be written', async () => {
    deadMan = start(0);
    deadMan.round(new Error('the database is away'));
    await wait(50);
    broken = new Error('the disk is full');
    deadMan.round();
    await wait(50);
    assert.equal(heard.length, 0);
    broken = undefined;
    deadMan.round();
    await wait(100);
    assert.equal(heard.length, 1);
  });

  it('tries again with the next round when nobody hears, and logs it once, without the address', async () => {
    deadMan = start(3600);
    for (status of [500, 302, 200, 200]) {
      deadMan.round();
      await wait(100);
    }
    assert.equal(heard.length, 3);
    assert.equal(lines.match(/heartbeat is not heard/g)?.length, 1);
    assert.equal(lines.match(/heartbeat is heard again/g)?.length, 1);
    assert.doesNotMatch(lines, /secret-id/);
  });
});
