/** The whole agent under faults: a failing disk, no files left, frozen, strangers by the thousand. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectTerminal, publish, sale, tempFolder } from '../support/agent.ts';
import { agentEnv, runAgent, startAgent } from '../support/agent-process.ts';
import { randomFrom } from '../support/random.ts';
import { findTool, needs } from '../support/tools.ts';
import { SEED } from './runs.ts';

const MAIN = fileURLToPath(new URL('../../agent/main.js', import.meta.url));

/** An agent with one known terminal. */
async function prepare(t: TestContext) {
  const env = agentEnv(await tempFolder(t));
  const { stdout } = await runAgent(env, 'terminal', 'add', 'till-1', '--json');
  const { password } = JSON.parse(stdout) as { password: string };
  return { env, password };
}

const portOf = (mqtt: string) => Number(new URL(mqtt).port);

async function listening(child: ChildProcess): Promise<{ mqtt: string; http: string }> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (line.includes('"event":"listening"')) return JSON.parse(line);
  }
  throw new Error('the agent ended before it listened');
}

test(
  'when the disk fails the agent says so, acknowledges nothing and ends with 74',
  needs('strace'),
  async t => {
    const { env, password } = await prepare(t);
    const strace = ['-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', '-e', 'trace=fdatasync'];
    const args = [...strace, '-e', 'inject=fdatasync:error=EIO:when=30+', process.execPath, MAIN];
    const child = spawn(findTool('strace') ?? '', args, {
      env: { ...env, UV_THREADPOOL_SIZE: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { mqtt, http } = await listening(child);
    child.stdout?.resume();
    const exited = once(child, 'exit');
    const till = await connectTerminal(portOf(mqtt), 'till-1', password);
    till.on('error', () => undefined);
    let acknowledged = 0;
    const sell = async () => {
      for (let i = 1; ; i += 1) {
        await publish(till, sale(i));
        acknowledged = i;
      }
    };
    const closed = new Promise<void>(resolve => till.once('close', () => resolve()));
    await Promise.race([sell().catch(() => undefined), closed]);
    const failedAt = Date.now();
    assert.equal((await fetch(`${http}/readyz`)).status, 503);
    const [code] = (await exited) as [number];
    assert.equal(code, 74);
    assert.ok(Date.now() - failedAt < 5000);
    const again = await startAgent(t, env);
    const status = (await (await fetch(`${again.http}/status.json`)).json()) as {
      today: { transactions: number };
    };
    assert.ok(status.today.transactions >= acknowledged && acknowledged > 0);
    await again.stop();
  },
);

test('five thousand idle strangers do not keep a till from selling', async t => {
  const { env, password } = await prepare(t);
  const agent = await startAgent(t, env);
  const port = portOf(agent.mqtt);
  const strangers: Socket[] = [];
  t.after(() => strangers.map(socket => socket.destroy()));
  for (let i = 0; i < 5000; i += 1) {
    const localAddress = `127.0.${1 + Math.floor(i / 200)}.1`;
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    strangers.push(socket.on('error', () => undefined));
    if (i % 250 === 0) await new Promise(resolve => setTimeout(resolve, 10));
  }
  const till = await connectTerminal(port, 'till-1', password);
  await publish(till, sale(1));
  await till.endAsync();
  assert.equal((await fetch(`${agent.http}/readyz`)).status, 200);
  assert.equal(await agent.stop(), 0);
});

/** MQTT 3.1.1 packets by hand: a client library would not send broken ones. */
function packet(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return Buffer.concat([Buffer.from([type, ...size]), body]);
}

function field(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length >> 8, text.length & 0xff]), Buffer.from(text)]);
}

function connectPacket(id: string, password: string): Buffer {
  const header = [field('MQTT'), Buffer.from([4, 0xc2, 0, 60])];
  return packet(0x10, ...header, field(id), field(id), field(password));
}

test(`mutated packets harm nobody else (seed ${SEED})`, async t => {
  const { env, password } = await prepare(t);
  const agent = await startAgent(t, env);
  const port = portOf(agent.mqtt);
  const random = randomFrom(SEED);
  const hello = connectPacket('till-1', password);
  for (let i = 0; i < 400; i += 1) {
    const topic = field('pos/v1/till-1/transactions');
    const message = Buffer.from(JSON.stringify(sale(1000 + i)));
    const bytes = Buffer.concat([hello, packet(0x32, topic, Buffer.from([0, 7]), message)]);
    // Half of the runs sign in as they should and go wrong after that.
    const from = random() < 0.5 ? 0 : hello.length;
    for (let flip = 0; flip < 4; flip += 1) {
      const at = from + Math.floor(random() * (bytes.length - from) * random());
      bytes.writeUInt8(Math.floor(random() * 256), at);
    }
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.end(random() < 0.8 ? bytes : bytes.subarray(0, Math.floor(random() * bytes.length)));
    socket.resume();
    await once(socket, 'close');
  }
  // Its password was tried with flipped bits: it may be banned at this address for a minute.
  const other = await runAgent(env, 'terminal', 'add', 'till-2', '--json');
  const second = JSON.parse(other.stdout) as { password: string };
  const till = await connectTerminal(port, 'till-2', second.password);
  await publish(till, sale(1));
  await till.endAsync();
  assert.equal(await agent.stop(), 0);
});

test('an agent that was frozen goes on; one that has no files left heals', async t => {
  const { env, password } = await prepare(t);
  const agent = await startAgent(t, env);
  const till = await connectTerminal(portOf(agent.mqtt), 'till-1', password);
  agent.child.kill('SIGSTOP');
  const waiting = publish(till, sale(1));
  await new Promise(resolve => setTimeout(resolve, 300));
  agent.child.kill('SIGCONT');
  await waiting;
  const { pid } = agent.child;
  const limitFiles = (soft: number) =>
    assert.equal(spawnSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]).status, 0);
  limitFiles(10);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString();
  const late = sale(2, { occurredAt: yesterday });
  const refused = publish(till, late).then(
    () => 'taken',
    () => 'refused',
  );
  const closed = new Promise<string>(resolve => till.once('close', () => resolve('refused')));
  assert.equal(await Promise.race([refused, closed]), 'refused');
  limitFiles(4096);
  const healed = await connectTerminal(portOf(agent.mqtt), 'till-1', password);
  await publish(healed, late);
  await healed.endAsync();
  await till.endAsync(true);
  assert.equal(await agent.stop(), 0);
});
