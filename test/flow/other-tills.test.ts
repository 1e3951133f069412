/**
 * Tills that are not ours, on the real agent, over plain MQTT and over TLS with the certificate that
 * it made itself: mosquitto's clients with the lines of protocol/README.md, and Python's paho-mqtt.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Environment, Processes, type Program } from '../../deploy/demo/processes.ts';
import { agentEnv } from '../support/agent-process.ts';
import { codeBlocksOf } from '../support/markdown.ts';
import { findTool, needs } from '../support/tools.ts';

const run = promisify(execFile);
const blocks = codeBlocksOf('protocol/README.md');
const MESSAGES = blocks.filter(({ label }) => label === 'message').map(({ code }) => code);
const [SALE = '', SECOND = ''] = MESSAGES;
const BROKEN = blocks.find(({ label }) => label === 'unbalanced tenders')?.code ?? '';

let folder = '';
let processes: Processes;
let agent: Program;
let env: Environment;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillbook-tills-'));
  processes = new Processes(folder);
  const settings = agentEnv(join(folder, 'agent'), { AGENT_MQTTS_PORT: '0' });
  agent = await processes.start('agent', 'agent/main.js', ['run'], settings as Environment);
  env = { PATH: process.env['PATH'] ?? '', AGENT_HOST: '127.0.0.1' };
});
after(async () => {
  await processes.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Seen {
  transactions: number;
  duplicates: number;
  quarantined: number;
  qos0: number;
  retained: number;
}

const portOf = (name: 'mqtt' | 'mqtts') => new URL(String(agent.listening[name])).port;
const command = (...args: string[]) =>
  processes.run('agent/main.js', args, agentEnv(join(folder, 'agent')) as Environment);

async function addTill(id: string): Promise<Environment> {
  const { password } = JSON.parse(await command('terminal', 'add', id, '--json'));
  return { ...env, TERMINAL: id, TERMINAL_PASSWORD: password };
}

/** What the agent says of all tills together, and of this one. */
async function seen(till: string): Promise<Seen> {
  const status = JSON.parse(await command('status', '--json'));
  const row = status.terminals.find(({ id }: { id: string }) => id === till);
  const days = status.days as { transactions: number }[];
  return {
    transactions: days.reduce((sum, day) => sum + day.transactions, 0),
    duplicates: status.today.duplicates,
    quarantined: status.quarantine.length,
    ...{ qos0: row?.qos0 ?? 0, retained: row?.retained ?? 0 },
  };
}

/** A block of the page for another till and its port, in a folder with what it reads. */
async function shell(
  label: string,
  till: Environment,
  port: string,
  sale = SALE,
  cert = join(folder, 'agent', 'tls.crt'),
): Promise<string> {
  const block = blocks.find(one => one.language === 'sh' && one.label === label);
  assert.ok(block, `protocol/README.md has no block "sh ${label}"`);
  const cwd = await mkdtemp(join(folder, 'till-'));
  await writeFile(join(cwd, 'sale.json'), sale);
  await copyFile(cert, join(cwd, 'agent-ca.pem'));
  const code = block.code
    .replace(/-p \d+/, `-p ${port}`)
    .replaceAll('till-1', `${till['TERMINAL']}`);
  const { stdout } = await run('sh', ['-c', code], { cwd, env: till });
  return stdout;
}

/** What QoS 0 sends is stored a moment after its client has gone. */
async function until<T>(look: () => Promise<T>, wanted: (found: T) => boolean): Promise<T> {
  const end = Date.now() + 5000;
  let found = await look();
  while (!wanted(found) && Date.now() < end) found = await look();
  return found;
}

/** A message of the page as another till's own: ids are unique in the store. */
function asOf(till: Environment, message: string, changes: object = {}): string {
  const value = JSON.parse(message);
  return JSON.stringify({ ...value, id: `${till['TERMINAL']}-${value.sequence}`, ...changes });
}

const shellTools = needs('mosquitto_pub', 'mosquitto_rr', 'mosquitto_sub');

test('mosquitto_pub: a sale in plain, the same over TLS is a duplicate', shellTools, async () => {
  const till = await addTill('shell-1');
  await shell('plain', till, portOf('mqtt'));
  const first = await seen('shell-1');
  await shell('tls', till, portOf('mqtts'));
  const second = await seen('shell-1');
  assert.equal(first.transactions, 1);
  assert.deepEqual(second, { ...first, duplicates: first.duplicates + 1 });
});

test(
  'mosquitto_pub: without the certificate of this agent nothing is sent',
  shellTools,
  async () => {
    const till = await addTill('shell-2');
    const before = await seen('shell-1');
    const cert = '/etc/ssl/certs/ca-certificates.crt';
    await assert.rejects(shell('tls', till, portOf('mqtts'), asOf(till, SALE), cert));
    assert.deepEqual(await seen('shell-1'), before);
  },
);

test(
  'the shell outbox: sales in their order, in plain; what is sent is gone',
  shellTools,
  async () => {
    const till = { ...(await addTill('shell-3')), AGENT_PORT: portOf('mqtt') };
    const outbox = await mkdtemp(join(folder, 'outbox-'));
    for (const [n, message] of [SALE, SECOND].entries()) {
      await writeFile(join(outbox, `${n}.json`), asOf(till, message));
    }
    const before = await seen('shell-3');
    const code = blocks.find(({ label }) => label === 'outbox')?.code ?? '';
    await run('sh', ['-c', code, 'send-outbox', outbox], { env: till });
    assert.equal((await seen('shell-3')).transactions, before.transactions + 2);
    assert.deepEqual(await readdir(outbox), []);
  },
);

test('mosquitto_rr: a broken message is answered, the mended one is not', shellTools, async () => {
  const till = await addTill('shell-4');
  const answer = await shell('problems', till, portOf('mqtt'), asOf(till, BROKEN));
  const { id, sequence, code, path } = JSON.parse(answer);
  assert.deepEqual([id, sequence, code, path], ['shell-4-11', 11, 'unbalanced', 'tenders']);
  const broken = await seen('shell-4');
  const mended = asOf(till, BROKEN, { tenders: [{ method: 'cash', amount: 1100 }] });
  await assert.rejects(shell('problems', till, portOf('mqtt'), mended), /Timed out/);
  const now = await seen('shell-4');
  assert.equal(now.transactions, broken.transactions + 1);
  assert.equal(now.quarantined, broken.quarantined - 1);
});

test(
  'mosquitto_pub: QoS 0 and retained sales are stored, and the till is flagged',
  shellTools,
  async () => {
    const till = await addTill('shell-5');
    const before = await seen('shell-5');
    const who = ['-i', 'shell-5', '-u', 'shell-5', '-P', till['TERMINAL_PASSWORD'] ?? ''];
    const where = ['-h', '127.0.0.1', '-p', portOf('mqtt'), '-V', 'mqttv311'];
    const topic = ['-t', 'pos/v1/shell-5/transactions'];
    for (const [message, how] of [
      [SALE, ['-q', '0']],
      [SECOND, ['-q', '1', '-r']],
    ] as const) {
      const sale = ['-m', asOf(till, message)];
      await run(findTool('mosquitto_pub') ?? '', [...where, ...who, ...topic, ...sale, ...how]);
    }
    const now = await until(
      () => seen('shell-5'),
      ({ transactions }) => transactions >= before.transactions + 2,
    );
    assert.deepEqual([now.qos0, now.retained], [1, 1]);
  },
);

test("mosquitto_sub: a till reads its own problems and nobody else's", shellTools, async () => {
  const till = await addTill('shell-6');
  const who = ['-i', 'shell-6', '-u', 'shell-6', '-P', till['TERMINAL_PASSWORD'] ?? ''];
  const where = ['-h', '127.0.0.1', '-p', portOf('mqtt'), '-V', 'mqttv311', '-q', '1', '-W', '1'];
  const listen = (topic: string) =>
    run(findTool('mosquitto_sub') ?? '', [...where, ...who, '-t', topic]);
  await assert.rejects(listen('pos/v1/shell-6/problems'), { code: 27, stderr: 'Timed out\n' });
  for (const topic of ['pos/v1/shell-1/problems', 'pos/v1/+/problems', '#', '$SYS/#']) {
    assert.match((await listen(topic)).stderr, /denied/, topic);
  }
});

test("paho-mqtt: the page's program in plain and over TLS", needs('paho-mqtt'), async () => {
  const till = await addTill('python-1');
  const program = blocks.find(({ language }) => language === 'python')?.code ?? '';
  const secure = program.replace(/# Over TLS: (client\.tls_set\("agent-ca\.pem"\)).*/, '$1');
  assert.notEqual(secure, program);
  const cwd = await mkdtemp(join(folder, 'till-'));
  await copyFile(join(folder, 'agent', 'tls.crt'), join(cwd, 'agent-ca.pem'));
  const before = await seen('python-1');
  for (const [code, port] of [
    [program, portOf('mqtt')],
    [secure, portOf('mqtts')],
  ] as const) {
    await writeFile(join(cwd, 'till.py'), code);
    await run('/usr/bin/python3', ['till.py'], { cwd, env: { ...till, AGENT_PORT: port } });
  }
  assert.deepEqual(await seen('python-1'), { ...before, transactions: before.transactions + 2 });
});

const PAHO_CHECK = `
import os, sys, threading, paho.mqtt.client as mqtt
till, problem, ready = os.environ["TERMINAL"], threading.Event(), threading.Event()
options = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*options, client_id=till, clean_session=True)
client.username_pw_set(till, os.environ["TERMINAL_PASSWORD"])
client.tls_set("agent-ca.pem")
client.on_message = lambda c, d, message: (print(message.payload.decode()), problem.set())
client.on_subscribe = lambda *ignored: ready.set()
client.on_connect = lambda c, *ignored: c.subscribe(f"pos/v1/{till}/problems", qos=1)
client.connect("127.0.0.1", int(os.environ["AGENT_PORT"]))
client.loop_start()
ready.wait(30)
for text, qos, retain in zip(sys.argv[1:], [1, 1, 1, 0, 1], [False, False, False, False, True]):
    client.publish(f"pos/v1/{till}/transactions", text, qos=qos, retain=retain).wait_for_publish(30)
problem.wait(30)
client.disconnect()
client.loop_stop()
`;

test(
  'paho-mqtt over TLS: sale, duplicate, broken, QoS 0, retained',
  needs('paho-mqtt'),
  async () => {
    const till = { ...(await addTill('python-2')), AGENT_PORT: portOf('mqtts') };
    const cwd = await mkdtemp(join(folder, 'till-'));
    await copyFile(join(folder, 'agent', 'tls.crt'), join(cwd, 'agent-ca.pem'));
    await writeFile(join(cwd, 'check.py'), PAHO_CHECK);
    const before = await seen('python-2');
    const [first, second] = [asOf(till, SALE), asOf(till, SECOND)];
    const third = asOf(till, SALE, { sequence: 3, id: 'python-2-3' });
    const messages = [first, first, asOf(till, BROKEN), second, third];
    const { stdout } = await run('/usr/bin/python3', ['check.py', ...messages], { cwd, env: till });
    assert.equal(JSON.parse(stdout).code, 'unbalanced');
    assert.deepEqual(await seen('python-2'), {
      ...{ transactions: before.transactions + 3, duplicates: before.duplicates + 1 },
      ...{ quarantined: before.quarantined + 1, qos0: 1, retained: 1 },
    });
  },
);
