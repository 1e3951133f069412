/** The agent as a process, and its commands, for tests of the command line and of life and death. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../agent/main.js', import.meta.url));
const START_WITHIN_MS = 60_000;

export interface AgentProcess {
  child: ChildProcess;
  mqtt: string;
  /** Over TLS, where `AGENT_MQTTS_PORT` is set. */
  mqtts?: string;
  http: string;
  /** Everything it logged so far. */
  log(): string;
  /** Its exit code, once it has ended; null after a signal. */
  ended: Promise<number | null>;
  /** Sends the signal and gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

type Listening = Pick<AgentProcess, 'mqtt' | 'mqtts' | 'http'>;

export function agentEnv(dataDir: string, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return {
    ...{ PATH, HOME },
    AGENT_DATA_DIR: dataDir,
    AGENT_TIMEZONE: 'Asia/Singapore',
    AGENT_MQTT_HOST: '127.0.0.1',
    AGENT_MQTT_PORT: '0',
    AGENT_HTTP_HOST: '127.0.0.1',
    AGENT_HTTP_PORT: '0',
    AGENT_DISK_RESERVE_MB: '1',
    ...more,
  };
}

/** @param wrap a program and its arguments that runs the agent: `strace`, `prlimit`, … */
export async function startAgent(
  t: TestContext,
  env: NodeJS.ProcessEnv,
  wrap: readonly string[] = [],
): Promise<AgentProcess> {
  const [program = '', ...args] = [...wrap, process.execPath, MAIN, 'run'];
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', chunk => {
    log += String(chunk);
  });
  const exited = new Promise<number | null>(done => child.once('exit', code => done(code)));
  const listening = await new Promise<Listening>((done, failed) => {
    const late = () => failed(new Error(`the agent did not start in time:\n${log}`));
    const timer = setTimeout(late, START_WITHIN_MS);
    createInterface({ input: child.stdout }).on('line', line => {
      log += `${line}\n`;
      if (!line.includes('"event":"listening"')) return;
      clearTimeout(timer);
      done(JSON.parse(line) as Listening);
    });
    void exited.then(code => {
      clearTimeout(timer);
      failed(new Error(`the agent ended with ${code}:\n${log}`));
    });
  });
  return {
    child,
    ...listening,
    log: () => log,
    ended: exited,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return await exited;
    },
  };
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs one command of the agent. */
export function runAgent(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> {
  return new Promise(done => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}
