/** Every command of the README, in its order, as a newcomer would type it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { compiled, type Environment, freePort, Processes } from '../../deploy/demo/processes.ts';
import { codeBlocksOf } from '../support/markdown.ts';
import { findTool, needs } from '../support/tools.ts';
import { coffee } from './till.ts';

const run = promisify(execFile);
const PASSWORD = 'a password of some length\n';

describe('the README', () => {
  let folder = '';
  let processes: Processes;
  let env: Environment = {};
  /** What a person copies from one command's output into the next. */
  const copied: Record<string, string> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tillbook-readme-'));
    processes = new Processes(folder);
    env = {
      RELAY_DATA_DIR: join(folder, 'relay'),
      RELAY_PORT: String(await freePort()),
      AGENT_DATA_DIR: join(folder, 'agent'),
      AGENT_MQTT_PORT: String(await freePort()),
      AGENT_HTTP_HOST: '127.0.0.1',
      AGENT_HTTP_PORT: '0',
    };
  });
  after(async () => {
    await processes.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('has a demo that ends with books that agree', async () => {
    // The package's script builds first; the tests run what is built already.
    const { stdout } = await run(process.execPath, [compiled('deploy/demo/main.js'), '--once']);
    assert.match(stdout, /agree to the cent/);
  });

  it('has commands for relay and agent that work in the order in which they stand', async () => {
    const commands = commandsOf('README.md').filter(line => line.startsWith('npm run '));
    const mine = commands.filter(line => /^npm run (relay|agent)/.test(line));
    assert.ok(mine.length >= 6, commands.join('\n'));
    for (const line of mine) await type(line);
    assert.match(copied['SECRET'] ?? '', /^[A-Za-z0-9_-]{20,}$/);
  });

  it('has a sale by mosquitto_pub that is on disk', needs('mosquitto_pub'), async () => {
    const lines = commandsOf('README.md');
    const line = lines.find(text => text.startsWith('mosquitto_pub '));
    assert.ok(line !== undefined);
    const sale = join(folder, 'sale.json');
    await writeFile(sale, coffee('till-1', 1, new Date().toISOString()).payload);
    const args = line
      .replace('1883', env['AGENT_MQTT_PORT'] ?? '')
      .replace('SECRET', copied['SECRET'] ?? '')
      .replace('sale.json', sale)
      .split(/\s+/)
      .slice(1);
    await run(findTool('mosquitto_pub') ?? '', args);
    const status = JSON.parse(await processes.run('agent/main.js', ['status', '--json'], env));
    assert.equal(status.today.transactions, 1);
  });

  /** `npm run agent -- …` as the program itself; what runs for ever is started. */
  async function type(line: string): Promise<void> {
    const [, program = '', rest = ''] = /^npm run (agent|relay)(?: -- (.*))?$/.exec(line) ?? [];
    const script = `${program}/main.js`;
    if (rest === '') {
      await processes.start(program, script, [], env);
      return;
    }
    const relay = `http://127.0.0.1:${env['RELAY_PORT']}`;
    const typed = rest
      .replace('https://relay.example.com', relay)
      .replace('CODE', copied['CODE'] ?? '');
    const args = [...typed.matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, word]) => quoted ?? word ?? '',
    );
    const output = await processes.run(script, args, env, PASSWORD);
    const code = /\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b/.exec(output)?.[0];
    if (code !== undefined) copied['CODE'] = code;
    if (rest.startsWith('terminal add')) copied['SECRET'] = secretIn(output);
  }
});

function secretIn(output: string): string {
  return /-P '?([A-Za-z0-9_-]+)/.exec(output)?.[1] ?? '';
}

/** The lines of its shell blocks; a backslash joins two. */
function commandsOf(file: string): string[] {
  return codeBlocksOf(file)
    .filter(block => block.language === 'sh')
    .flatMap(block => block.code.replaceAll('\\\n', ' ').split('\n'))
    .map(line => line.replace(/\s+#.*$/, '').trim())
    .filter(line => line !== '');
}
