/**
 * The demo's programs as processes of their own: started, waited for until they listen, asked
 * through their commands, stopped together. Their logs go to files in the demo's folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const START_MAX_MS = 20_000;
const STOP_MAX_MS = 10_000;

export type Environment = Record<string, string>;
/** The `"event":"listening"` line of a program: addresses by name. */
export type Listening = Record<string, unknown>;

export interface Program {
  name: string;
  child: ChildProcess;
  listening: Listening;
}

/** `agent/main.js` → its path among the compiled files; an absolute path stays. */
export function compiled(path: string): string {
  if (isAbsolute(path)) return path;
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

export class Processes {
  readonly #folder: string;
  readonly #running: ChildProcess[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a program and waits for its `listening` line. */
  async start(name: string, script: string, args: string[], env: Environment): Promise<Program> {
    const child = this.#spawn(script, args, env);
    const log = createWriteStream(this.logOf(name), { flags: 'a' });
    child.stderr?.pipe(log);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const listening = new Promise<Listening>(done => {
      lines.on('line', line => {
        log.write(`${line}\n`);
        const event = parseJson(line);
        if (event?.['event'] === 'listening') done(event);
      });
    });
    const failed = new Promise<never>((_, fail) => {
      child.once('exit', code => fail(new Error(`${name} ended with ${code} before it listened`)));
      setTimeout(() => fail(new Error(`${name} did not start in time`)), START_MAX_MS).unref();
    });
    return { name, child, listening: await Promise.race([listening, failed]) };
  }

  /** Starts a helper process whose JSON lines are read by the caller; resolves with its `done`. */
  async play(script: string, args: string[], env: Environment, onEvent: EventReader) {
    const child = this.#spawn(script, args, env);
    child.stderr?.pipe(createWriteStream(this.logOf('tills'), { flags: 'a' }));
    await new Promise<void>((done, fail) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
        const event = parseJson(line);
        if (event?.['done'] === true) done();
        else if (event !== undefined) onEvent(event);
      });
      const words = `${args[1]} ended before its day was done; see ${this.logOf('tills')}`;
      child.once('exit', () => fail(new Error(words)));
    });
  }

  /** Runs a command to its end and gives its output. @throws Error with what it said */
  async run(script: string, args: string[], env: Environment, input?: string): Promise<string> {
    const child = this.#spawn(script, args, env);
    let output = '';
    let errors = '';
    child.stdout?.on('data', chunk => {
      output += chunk;
    });
    child.stderr?.on('data', chunk => {
      errors += chunk;
    });
    child.stdin?.end(input ?? '');
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${errors}${output}`);
    return output;
  }

  /** Kills every program without a chance to tidy up. */
  async kill(): Promise<void> {
    for (const child of this.#alive()) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  }

  /** Starts a program that is not ours, without waiting for anything. */
  startTool(program: string, args: string[]): ChildProcess {
    const child = spawn(program, args, { stdio: 'ignore' });
    this.#running.push(child);
    return child;
  }

  /** Asks every program to end and kills what does not. */
  async stop(): Promise<void> {
    await Promise.all(
      this.#alive().map(async child => {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
        await exited;
        clearTimeout(timer);
      }),
    );
  }

  logOf(name: string): string {
    return join(this.#folder, `${name}.log`);
  }

  /** The last lines of a program's log. */
  async tail(name: string): Promise<string> {
    const text = await readFile(this.logOf(name), 'utf8');
    return text.trimEnd().split('\n').slice(-8).join('\n');
  }

  #alive(): ChildProcess[] {
    return this.#running.filter(child => child.exitCode === null && child.signalCode === null);
  }

  #spawn(script: string, args: string[], env: Environment): ChildProcess {
    const path = compiled(script);
    // What is installed may be a program of its own that finds Node by itself.
    const [program, first] = /\.m?js$/.test(path) ? [process.execPath, [path]] : [path, []];
    const child = spawn(program, [...first, ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: 'pipe',
    });
    this.#running.push(child);
    return child;
  }
}

type EventReader = (event: Record<string, unknown>) => void;

/** A port that is free now: the relay's public address must be known before it starts. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function parseJson(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined; // Readable log lines and warnings of Node: not for the demo.
  }
}
