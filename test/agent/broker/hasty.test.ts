/**
 * Tills that do not wait for CONNACK: MQTT 3.1.1 [MQTT-3.1.4-5] lets a client send at once. Raw
 * bytes over plain TCP and TLS, in one write and in several.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { ownCertificate, readCertificate } from '../../../agent/broker/tls.ts';
import { systemClock } from '../../../agent/clock.ts';
import { type RunningShop, runShop, sale, tempFolder } from '../../support/agent.ts';
import {
  connectPacket,
  publishPacket,
  RawClient,
  subscribePacket,
} from '../../support/raw-mqtt.ts';

const ROUNDS = 150;
const [CONNACK, PUBACK, SUBACK] = [2, 4, 9];
const TOPIC = 'pos/v1/till-1/transactions';

type Manner = (client: RawClient, packets: readonly Buffer[], round: number) => Promise<void>;

const MANNERS: Record<string, Manner> = {
  'in one write': async ({ socket }, packets) => void socket.write(Buffer.concat(packets)),
  'in one write each': async ({ socket }, packets) => {
    for (const bytes of packets) socket.write(bytes);
  },
  'in writes a moment apart': async ({ socket }, packets, round) => {
    for (const bytes of packets) {
      socket.write(bytes);
      for (let turns = round % 4; turns > 0; turns -= 1) await turn();
      if (round % 5 === 4) await wait(1);
    }
  },
  'cut anywhere': async ({ socket }, packets, round) => {
    const all = Buffer.concat(packets);
    const at = 1 + ((round * 7) % (all.length - 1));
    socket.write(all.subarray(0, at));
    await turn();
    socket.write(all.subarray(at));
  },
};

async function shopWithTls(t: TestContext): Promise<{ shop: RunningShop; password: string }> {
  const dataDir = await tempFolder(t);
  const certificate = await readCertificate(await ownCertificate(dataDir, systemClock));
  const shop = await runShop(t, { dataDir, broker: { tls: { port: 0, ...certificate } } });
  const { password } = await shop.terminals.add('till-1');
  return { shop, password };
}

test('a till that sends its whole outbox with its CONNECT gets every acknowledgement, in order', async t => {
  const { shop, password } = await shopWithTls(t);
  const sales = Array.from({ length: 200 }, (_, i) => publishPacket(i + 1, TOPIC, sale(i + 1)));
  for (const url of [shop.broker.address, shop.broker.tlsAddress ?? '']) {
    const till = await RawClient.open(url);
    till.socket.write(Buffer.concat([connectPacket('till-1', password), ...sales]));
    const [connack, ...acks] = await till.receive(201);
    assert.equal(connack?.type, CONNACK);
    assert.deepEqual(
      acks.map(({ type, body }) => [type, body.readUInt16BE(0)]),
      sales.map((_, i) => [PUBACK, i + 1]),
    );
    till.socket.destroy();
  }
  assert.equal(shop.shop.dayBook.entries(shop.shop.dayBook.dates()[0] ?? ''), 200);
});

test('what comes with a wrong password is not looked at, whenever it comes', async t => {
  const { shop } = await shopWithTls(t);
  for (const url of [shop.broker.address, shop.broker.tlsAddress ?? '']) {
    for (const write of Object.values(MANNERS)) {
      const till = await RawClient.open(url);
      const packets = [connectPacket('till-1', 'guess'), publishPacket(1, TOPIC, sale(1))];
      await write(till, packets, 3);
      const answers = await till.receive(2);
      assert.deepEqual(
        answers.map(({ type, body }) => [type, body.at(-1)]),
        [[CONNACK, 4]],
      );
    }
  }
  assert.deepEqual(shop.shop.dayBook.dates(), []);
});

for (const [manner, write] of Object.entries(MANNERS)) {
  for (const way of ['plain', 'tls'] as const) {
    test(`a till that subscribes and sells before CONNACK, ${manner}, ${way}`, async t => {
      const { shop, password } = await shopWithTls(t);
      const url = way === 'plain' ? shop.broker.address : (shop.broker.tlsAddress ?? '');
      for (let round = 1; round <= ROUNDS; round += 1) {
        const till = await RawClient.open(url);
        const packets = [
          connectPacket('till-1', password),
          subscribePacket(1, 'pos/v1/till-1/problems'),
          publishPacket(2, TOPIC, sale(round)),
        ];
        await write(till, packets, round);
        const answers = (await till.receive(3)).map(({ type, body }) => [type, body.at(-1)]);
        till.socket.destroy();
        assert.deepEqual(answers.shift(), [CONNACK, 0], `round ${round}: signed in`);
        assert.deepEqual(
          answers.sort(),
          [
            [PUBACK, 2],
            [SUBACK, 1],
          ],
          `round ${round}`,
        );
        assert.equal(shop.shop.dayBook.dates().length, 1);
      }
      assert.equal(shop.shop.dayBook.entries(shop.shop.dayBook.dates()[0] ?? ''), ROUNDS);
    });
  }
}
