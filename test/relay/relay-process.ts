/** The relay as a process of its own on a folder, as an operator starts, asks and kills it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../relay/main.js', import.meta.url));

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export class RelayFolder {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  #env(more: Record<string, string>): NodeJS.ProcessEnv {
    const PATH = process.env['PATH'] ?? '';
    return { PATH, RELAY_DATA_DIR: this.folder, RELAY_PORT: '0', ...more };
  }

  /** A command; `input` is its standard input. */
  run(args: string[], input = '', more: Record<string, string> = {}): Promise<Ended> {
    return new Promise(done => {
      const child = execFile(
        process.execPath,
        [MAIN, ...args],
        { env: this.#env(more) },
        (error, stdout, stderr) =>
          done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
      child.stdin?.on('error', () => undefined); // It may end without reading.
      child.stdin?.end(input);
    });
  }

  /**
   * Starts the relay and waits until it listens.
   * @param under a program and its arguments that runs it, such as strace
   */
  async start(more: Record<string, string> = {}, under: string[] = []): Promise<RunningRelay> {
    const [program = '', ...args] = [...under, process.execPath, MAIN];
    const child = spawn(program, args, { env: this.#env(more) });
    let output = '';
    for await (const chunk of child.stdout) {
      output += chunk;
      const line = output.split('\n').find(text => text.includes('"listening"'));
      if (line !== undefined) return new RunningRelay(child, JSON.parse(line).http);
    }
    throw new Error(`the relay ended: ${output}`);
  }
}

export class RunningRelay {
  readonly child: ChildProcess;
  readonly url: string;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;

  constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
    this.ended = once(child, 'exit').then(([code]) => code as number | null);
    child.stdout?.resume();
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return await this.ended;
  }
}
