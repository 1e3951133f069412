/**
 * Types a section of the runbook (deploy/README.md, "Operation"): its shell blocks in their order,
 * line by line into a real shell, on the machine that the block names. What the text after a block
 * says one sees (`You see` and words in code) must stand in the output.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compiled, type Environment, type Program } from '../../deploy/demo/processes.ts';
import { textOf } from '../support/markdown.ts';
import type { Stage } from '../support/stage.ts';

const RUNBOOK = 'deploy/README.md';
const LINE_MAX_MS = 30_000;

/** A machine of the runbook: one program with its settings. */
export interface Host {
  program: 'agent' | 'relay';
  env?: Environment;
}

interface Block {
  host: string;
  lines: string[];
  see: string[];
}

export class Runbook {
  /** What a person copies from one output into a later line, by the word in the text. */
  readonly words: Record<string, string> = {};
  readonly #stage: Stage;
  readonly #blocks: Block[];
  readonly #hosts: Record<string, Host>;
  readonly #running = new Map<string, Program>();

  /** @param title of the section, as its heading has it */
  constructor(stage: Stage, title: string, hosts: Record<string, Host> = {}) {
    this.#stage = stage;
    this.#blocks = blocksOf(title);
    this.#hosts = { relay: { program: 'relay' }, shop: { program: 'agent' }, ...hosts };
    if (stage.agent !== undefined) this.#running.set('shop', stage.agent);
    if (stage.relay !== undefined) this.#running.set('relay', stage.relay);
    this.words['STORE'] = stage.store;
    this.words['https://relay.example.com'] = stage.relayUrl;
  }

  /** Types the next block. @returns what was printed. @throws when a line fails, or is not seen */
  async next(input = ''): Promise<string> {
    const block = this.#blocks.shift();
    if (block === undefined) throw new Error('the section has no further block');
    let output = '';
    for (const line of block.lines) output += await this.#type(block.host, line, input);
    for (const words of block.see) assert.match(output, asPattern(words), block.lines.join('\n'));
    return output;
  }

  /** Blocks for another case; another drill types them. */
  skip(blocks: number): void {
    this.#blocks.splice(0, blocks);
  }

  /** The program that runs on one machine is meant when another name is used. */
  adopt(host: string, from: string): void {
    const program = this.#running.get(from);
    if (program !== undefined) this.#running.set(host, program);
  }

  /** Nothing of the section was left out. */
  end(): void {
    assert.deepEqual(this.#blocks, [], 'blocks that the drill did not type');
  }

  /** The folder of a machine's program. */
  dataDir(host: string): string {
    const env = this.#envOf(host);
    return env['AGENT_DATA_DIR'] ?? env['RELAY_DATA_DIR'] ?? '';
  }

  async #type(host: string, line: string, input: string): Promise<string> {
    const service = /^sudo systemctl (start|stop|restart) tillbook-(agent|relay)$/.exec(line);
    if (service !== null) {
      if (service[1] !== 'start') await this.#stop(host);
      if (service[1] !== 'stop') await this.#start(host);
      return '';
    }
    const output = await this.#shell(host, this.#replaced(host, line), input);
    this.#remember(output);
    return output;
  }

  /** The words that stand for something, and folders of a whole machine as folders of the test. */
  #replaced(host: string, line: string): string {
    let text = line;
    for (const [word, value] of Object.entries(this.words)) text = text.replaceAll(word, value);
    return text
      .replaceAll(/\/var\/lib\/tillbook-(agent|relay)/g, this.dataDir(host))
      .replaceAll(/\/mnt\//g, `${this.#stage.folder}/mnt/`);
  }

  #remember(output: string): void {
    const code = /\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b/.exec(output)?.[0];
    if (code !== undefined) this.words['CODE'] = code;
    const store = /^store (\S+)$/m.exec(output)?.[1];
    if (store !== undefined) this.words['STORE'] = store;
    const password = /^password +(\S+)$/m.exec(output)?.[1];
    if (password !== undefined) this.words['SECRET'] = password;
  }

  async #shell(host: string, line: string, input: string): Promise<string> {
    const bin = await this.#programs();
    const PATH = `${bin}:/usr/bin:/bin:/usr/sbin:/sbin:${process.env['PATH'] ?? ''}`;
    await mkdir(this.dataDir(host), { recursive: true, mode: 0o700 });
    return await new Promise((done, failed) => {
      const child = execFile(
        'bash',
        ['--norc', '-euc', line],
        { env: { ...this.#envOf(host), PATH }, timeout: LINE_MAX_MS },
        (error, stdout, stderr) => {
          const said = stdout + stderr;
          if (error === null || line.endsWith('|| true')) done(said);
          else failed(new Error(`${line}\nended with ${error.code}: ${said}`));
        },
      );
      child.stdin?.on('error', () => undefined); // It may end without reading.
      child.stdin?.end(input);
    });
  }

  /** `tillbook-agent` and `tillbook-relay` as they are found in the PATH of an installed machine. */
  async #programs(): Promise<string> {
    const bin = join(this.#stage.folder, 'bin');
    await mkdir(join(this.#stage.folder, 'mnt', 'backup'), { recursive: true });
    await mkdir(join(this.#stage.folder, 'mnt', 'safe'), { recursive: true });
    await mkdir(bin, { recursive: true });
    for (const name of ['agent', 'relay']) {
      const path = join(bin, `tillbook-${name}`);
      const main = compiled(`${name}/main.js`);
      await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
      await chmod(path, 0o755);
    }
    await writeFile(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
    return bin;
  }

  #envOf(host: string): Environment {
    const { program, env = {} } = this.#hosts[host] ?? {};
    if (program === undefined) throw new Error(`the runbook knows no machine ${host}`);
    const { agentEnv, relayEnv } = this.#stage;
    return { ...(program === 'agent' ? agentEnv : relayEnv), ...env };
  }

  async #start(host: string): Promise<void> {
    const { program, env = {} } = this.#hosts[host] ?? {};
    const stage = this.#stage;
    await (program === 'agent' ? stage.startAgent(env) : stage.startRelay(env));
    const started = program === 'agent' ? stage.agent : stage.relay;
    if (started !== undefined) this.#running.set(host, started);
  }

  async #stop(host: string): Promise<void> {
    const child = this.#running.get(host)?.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(done => child.once('exit', done));
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  }
}

/** A program that must not start: its exit code and what it said. */
export function refusedStart(
  program: 'agent' | 'relay',
  env: Environment,
): Promise<{ code: number | null; said: string }> {
  return new Promise(done => {
    const PATH = process.env['PATH'] ?? '';
    const child = spawn(process.execPath, [compiled(`${program}/main.js`), 'run'], {
      env: { PATH, ...env },
      timeout: LINE_MAX_MS,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        said += chunk;
      });
    }
    child.once('close', code => done({ code, said }));
  });
}

/** `…` stands for anything. */
function asPattern(words: string): RegExp {
  const parts = words.split('…').map(part => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(parts.join('.*'));
}

function blocksOf(title: string): Block[] {
  const text = textOf(RUNBOOK);
  const from = text.indexOf(`\n### ${title}\n`);
  assert.ok(from >= 0, `the runbook has no section "${title}"`);
  const [section = ''] = text.slice(from + 5).split(/\n##+ /);
  const parts = section.split(/^[ \d.]*```sh ([\w-]+)\n([\s\S]*?)^ *```$/m);
  const blocks: Block[] = [];
  for (let at = 1; at < parts.length; at += 3) {
    const [host = '', code = '', after = ''] = parts.slice(at, at + 3);
    const lines = code.replaceAll(/\\\n\s*/g, ' ').split('\n');
    const see = [...after.replaceAll(/\s+/g, ' ').matchAll(/[Yy]ou see `([^`]+)`/g)];
    blocks.push({
      host,
      lines: lines.map(line => line.replace(/\s+# .*$/, '').trim()).filter(line => line !== ''),
      see: see.map(([, words = '']) => words),
    });
  }
  return blocks;
}
