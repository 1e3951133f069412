/** A till with the kit and the real broker, intake and disk of a shop. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ownCertificate, readCertificate } from '../../../agent/broker/tls.ts';
import { systemClock } from '../../../agent/clock.ts';
import { writeLine } from '../../../agent/terminal-kit/outbox-lines.ts';
import {
  connect,
  type Disconnected,
  type Problem,
  type Terminal,
} from '../../../agent/terminal-kit/terminal.ts';
import { type RunningShop, runShop, tempFolder } from '../../support/agent.ts';

const coffee = (amount = 500) => ({
  type: 'sale' as const,
  lines: [{ kind: 'item' as const, amount }],
  tenders: [{ method: 'cash', amount }],
});

interface Till {
  till: Terminal;
  problems: Problem[];
}

async function open(t: TestContext, port: number, password: string, folder: string): Promise<Till> {
  const url = `mqtt://127.0.0.1:${port}`;
  const till = await connect({
    ...{ url, terminal: 'till-1', password, folder, currency: 'SGD' },
    ...{ retryMs: 20, answerWithinMs: 500 },
  });
  t.after(() => till.close(0));
  const problems: Problem[] = [];
  till.on('problem', problem => problems.push(problem));
  return { till, problems };
}

function writeHead(folder: string, head: { terminal: string; epoch: number; next: number }) {
  return writeFile(join(folder, 'outbox.ndjson'), writeLine({ kind: 'head', ...head }));
}

async function passwordIn(shop: RunningShop): Promise<string> {
  return (await shop.terminals.add('till-1')).password;
}

function acceptedIn(shop: RunningShop): string[] {
  const ids: string[] = [];
  shop.shop.onAccepted(({ transaction }) => ids.push(transaction.id));
  return ids;
}

test('what was recorded while nobody was there is delivered in order when the agent comes', async t => {
  const folder = await tempFolder(t);
  const shop = await runShop(t);
  const password = await passwordIn(shop);
  const away = await open(t, 1, password, folder);
  for (const amount of [500, 600]) await away.till.record(coffee(amount));
  await away.till.close(0);
  const { till } = await open(t, shop.port, password, folder);
  const delivered: number[] = [];
  till.on('delivered', ({ sequence }) => delivered.push(sequence));
  await till.record(coffee(700));
  assert.equal(await till.flush(5000), true);
  assert.deepEqual(delivered, [1, 2, 3]);
  assert.equal(till.waiting, 0);
});

test('one kit after another counts on where the last one stopped', async t => {
  const folder = await tempFolder(t);
  const shop = await runShop(t);
  const password = await passwordIn(shop);
  const ids = acceptedIn(shop);
  const recorded: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const { till } = await open(t, shop.port, password, folder);
    recorded.push((await till.record(coffee())).id);
    await till.close();
    assert.deepEqual(ids, recorded);
  }
});

test('a broken receipt comes back as a problem; the corrected one takes its place', async t => {
  const shop = await runShop(t);
  const { till, problems } = await open(t, shop.port, await passwordIn(shop), await tempFolder(t));
  const ids = acceptedIn(shop);
  const said = new Promise<Problem>(done => till.on('problem', done));
  const broken = await till.record({ ...coffee(), tenders: [] });
  await said;
  const [problem] = problems;
  assert.equal(problem?.code, 'unbalanced');
  assert.equal(problem?.id, broken.id);
  const mended = await till.record(coffee(), { corrects: problem as Problem });
  assert.deepEqual(mended, broken);
  assert.equal(await till.flush(5000), true);
  assert.deepEqual(ids, [broken.id]);
});

test('a till whose numbers another has used gets out of the way with a new epoch', async t => {
  const shop = await runShop(t);
  const password = await passwordIn(shop);
  const { till: first } = await open(t, shop.port, password, await tempFolder(t));
  const used = await first.record(coffee(500));
  await first.close();
  // A folder as if it had been copied before that receipt.
  const folder = await tempFolder(t);
  await writeHead(folder, { terminal: 'till-1', epoch: used.epoch, next: 1 });
  const { till, problems } = await open(t, shop.port, password, folder);
  const said = new Promise<Problem>(done => till.on('problem', done));
  await till.record(coffee(900));
  await said;
  assert.equal(problems[0]?.code, 'conflict-number');
  const moved = await till.record(coffee(900), { corrects: problems[0] as Problem });
  assert.deepEqual([moved.epoch, moved.sequence], [used.epoch + 1, 1]);
  assert.equal(await till.flush(5000), true);
  assert.equal(problems.length, 1);
});

test('a wrong password is said, and receipts are recorded all the same', async t => {
  const shop = await runShop(t);
  await passwordIn(shop);
  const { till } = await open(t, shop.port, 'wrong', await tempFolder(t));
  const why = await new Promise<Disconnected>(done => till.on('disconnected', done));
  assert.equal(why.code, 'refused');
  assert.ok(why.retryInMs > 0);
  await till.record(coffee());
  assert.equal(till.waiting, 1);
  await till.close(0);
  await assert.rejects(till.record(coffee()), { code: 'not-allowed' });
});

test('a connection that swallows everything is given up and made anew', async t => {
  const shop = await runShop(t);
  const deaf = createServer();
  const sockets = new Set<Socket>();
  deaf.on('connection', socket => {
    sockets.add(socket);
    const agent = createConnection(shop.port, '127.0.0.1');
    sockets.add(agent);
    agent.on('error', () => undefined).pipe(socket.on('error', () => undefined));
    // The first connection passes on nothing that looks like a receipt.
    const silent = sockets.size === 2;
    socket.on('data', data => (silent && data.includes('lines')) || agent.write(data));
    socket.on('close', () => agent.destroy());
  });
  await new Promise<void>(done => deaf.listen(0, '127.0.0.1', done));
  t.after(() => {
    deaf.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = deaf.address() as AddressInfo;
  const { till } = await open(t, port, await passwordIn(shop), await tempFolder(t));
  const lost = new Promise<Disconnected>(done => till.on('disconnected', done));
  await till.record(coffee());
  assert.equal((await lost).code, 'lost');
  assert.equal(await till.flush(5000), true);
});

test("over TLS with the agent's own certificate it delivers, with another it keeps everything", async t => {
  const dataDir = await tempFolder(t);
  const certificate = await readCertificate(await ownCertificate(dataDir, systemClock));
  const shop = await runShop(t, { dataDir, broker: { tls: { port: 0, ...certificate } } });
  const other = await readCertificate(await ownCertificate(await tempFolder(t), systemClock));
  const options = {
    ...{ url: shop.broker.tlsAddress ?? '', terminal: 'till-1', currency: 'SGD', retryMs: 20 },
    ...{ password: await passwordIn(shop), folder: await tempFolder(t) },
  };
  const wary = await connect({ ...options, ca: other.cert });
  const why = new Promise<Disconnected>(done => wary.on('disconnected', done));
  await wary.record(coffee());
  assert.match((await why).message, /certificate/i);
  await wary.close(0);
  const till = await connect({ ...options, ca: certificate.cert });
  t.after(() => till.close(0));
  assert.equal(till.waiting, 1);
  assert.equal(await till.flush(5000), true);
});
