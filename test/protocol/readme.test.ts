/**
 * The contract's page: every JSON block gets the verdict it is labelled with, and its programs run
 * against a plain broker, so that what a vendor copies works.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Aedes } from 'aedes';
import { receiptSchema } from '../../protocol/agent-relay.ts';
import { parseDaySummary } from '../../protocol/day-summary.ts';
import { PROBLEM_CODES, parseTransaction } from '../../protocol/transaction.ts';
import { type CodeBlock, codeBlocksOf } from '../support/markdown.ts';
import { needs } from '../support/tools.ts';

const run = promisify(execFile);
const blocks = codeBlocksOf('protocol/README.md');
const received: string[] = [];
let folder: string;
let env: Record<string, string>;
let stop: () => void;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillbook-readme-'));
  const broker = await Aedes.createBroker();
  broker.on('publish', packet => {
    if (packet.topic === 'pos/v1/till-1/transactions') received.push(packet.payload.toString());
  });
  const server = createServer(broker.handle);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const terminal = { TERMINAL: 'till-1', TERMINAL_PASSWORD: 'secret' };
  env = {
    PATH: process.env['PATH'] ?? '',
    AGENT_HOST: '127.0.0.1',
    AGENT_PORT: `${port}`,
    ...terminal,
  };
  stop = () => {
    broker.close();
    server.close();
  };
});

after(async () => {
  stop();
  await rm(folder, { recursive: true });
});

function block(language: string, label: string): CodeBlock {
  const found = blocks.find(one => one.language === language && one.label === label);
  assert.ok(found, `protocol/README.md has no block "${language} ${label}"`);
  return found;
}

/** What the programs say of a block, in the words of its label. */
function verdict(label: string, code: string): string {
  const value = JSON.parse(code);
  switch (label) {
    case 'summary':
      return parseDaySummary(value).ok ? 'summary' : 'no summary';
    case 'receipt':
      return receiptSchema.safeParse(value).success ? 'receipt' : 'no receipt';
    case 'problem':
      return PROBLEM_CODES.includes(value.code) && 'path' in value ? 'problem' : 'no problem';
    default: {
      const parsed = parseTransaction(Buffer.from(code));
      return parsed.ok ? 'message' : `${parsed.problem.code} ${parsed.problem.path}`;
    }
  }
}

/** The messages that came since the last time, all of them good. */
function newMessages(): unknown[] {
  const texts = received.splice(0);
  for (const text of texts) assert.ok(parseTransaction(Buffer.from(text)).ok, text);
  return texts.map(text => JSON.parse(text));
}

test('every JSON block is what it says it is', () => {
  const judged = blocks.filter(({ language }) => language === 'json');
  assert.ok(judged.length > 10);
  for (const { label, code, line } of judged) {
    assert.equal(verdict(label, code), label, `protocol/README.md:${line}`);
  }
});

test('every code a terminal can be answered is explained', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../protocol/README.md', import.meta.url)));
  for (const code of PROBLEM_CODES) assert.ok(page.includes(`\n| \`${code}\` |`), code);
});

test('the quick start publishes a good sale', needs('mosquitto_pub'), async () => {
  const { code } = block('sh', 'plain');
  await run('sh', ['-c', code.replace('-p 1883', `-p ${env['AGENT_PORT']}`)], { env });
  assert.equal(newMessages().length, 1);
});

test(
  'the shell outbox sends in order and keeps nothing that was acknowledged',
  needs('mosquitto_pub'),
  async () => {
    const outbox = await mkdtemp(join(folder, 'outbox-'));
    const sales = blocks.filter(({ label }) => label === 'message').slice(0, 2);
    for (const [i, { code }] of sales.entries()) await writeFile(join(outbox, `${i}.json`), code);
    await run('sh', ['-c', block('sh', 'outbox').code, 'send-outbox', outbox], { env });
    assert.deepEqual(
      newMessages(),
      sales.map(({ code }) => JSON.parse(code)),
    );
    assert.deepEqual(await readdir(outbox), []);
    await run('sh', ['-c', block('sh', 'outbox').code, 'send-outbox', outbox], { env });
  },
);

test('the shell outbox keeps what nobody acknowledged', needs('mosquitto_pub'), async () => {
  const outbox = await mkdtemp(join(folder, 'outbox-'));
  await writeFile(join(outbox, '1.json'), '{}');
  const away = { ...env, AGENT_PORT: '1' };
  await assert.rejects(run('sh', ['-c', block('sh', 'outbox').code, 'x', outbox], { env: away }));
  assert.deepEqual(await readdir(outbox), ['1.json']);
});

test(
  'the Python program sends a sale, numbers the next one, and keeps what fails',
  needs('paho-mqtt'),
  async () => {
    const program = join(folder, 'till.py');
    await writeFile(program, block('python', '').code);
    const till = (fields: object) =>
      run('/usr/bin/python3', [program], {
        env: { ...env, OUTBOX: join(folder, 'db'), ...fields },
      });
    await till({});
    await assert.rejects(till({ AGENT_PORT: '1' }));
    await till({});
    const numbers = newMessages().map(message => (message as { sequence: number }).sequence);
    assert.deepEqual(numbers, [1, 2, 3]);
  },
);

test('the verifier believes a signed summary and no other', async () => {
  const script = join(folder, 'verify.mjs');
  await writeFile(script, block('js', 'verify').code);
  const file = (name: string) =>
    fileURLToPath(new URL(`../../../test/vectors/signed/${name}`, import.meta.url));
  const verifyBy = (jws: string, key: string) =>
    run(process.execPath, [script, file(jws), file(key)]);
  const { stdout } = await verifyBy('day-1.jws', 'agent-public.jwk.json');
  assert.match(stdout, /digest [\w-]{43}/);
  await assert.rejects(verifyBy('day-1.jws', 'relay-public.jwk.json'), /NOT signed/);
  await assert.rejects(verifyBy('bad/one-cent-changed.jws', 'agent-public.jwk.json'), /NOT signed/);
  await assert.rejects(verifyBy('bad/wrong-typ.jws', 'agent-public.jwk.json'), /NOT signed/);
});
