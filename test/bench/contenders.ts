/**
 * The three ways to take a sale that the intake bench compares, each as real processes: bare aedes
 * (stores nothing), the agent (validated, chained, synced), and Mosquitto with a subscriber that
 * commits each sale to SQLite. Each tells where to publish and which processes' memory counts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, type Processes } from '../../deploy/demo/processes.ts';
import { findTool } from '../support/tools.ts';

export interface Contender {
  name: string;
  address: string;
  pids: number[];
  passwords: Record<string, string>;
}

export async function bareAedes(processes: Processes): Promise<Contender> {
  const { child, listening } = await processes.start('bare', 'test/bench/bare-aedes.js', [], {});
  const address = String(listening['mqtt']);
  return { name: 'bare aedes, nothing stored', address, pids: [child.pid ?? 0], passwords: {} };
}

export async function agent(
  processes: Processes,
  folder: string,
  tills: number,
  name = 'Tillbook agent',
): Promise<Contender> {
  const env = agentEnv(folder);
  const passwords = await addTills(processes, env, tills);
  const { child, listening } = await processes.start('agent', 'agent/main.js', ['run'], env);
  const address = String(listening['mqtt']);
  return { name, address, pids: [child.pid ?? 0], passwords };
}

/** Adds `till-1` and so on; gives their passwords. */
export async function addTills(
  processes: Processes,
  env: Record<string, string>,
  tills: number,
): Promise<Record<string, string>> {
  const passwords: Record<string, string> = {};
  for (let till = 1; till <= tills; till += 1) {
    const id = `till-${till}`;
    const added = await processes.run('agent/main.js', ['terminal', 'add', id, '--json'], env);
    passwords[id] = (JSON.parse(added) as { password: string }).password;
  }
  return passwords;
}

export function agentEnv(folder: string): Record<string, string> {
  return {
    AGENT_DATA_DIR: folder,
    AGENT_MQTT_HOST: '127.0.0.1',
    AGENT_MQTT_PORT: '0',
    AGENT_HTTP_HOST: '127.0.0.1',
    AGENT_HTTP_PORT: '0',
  };
}

/** Mosquitto with its defaults but for the queue, which would drop sales silently. */
export async function startMosquitto(
  processes: Processes,
  folder: string,
): Promise<{ address: string; pid: number }> {
  const port = await freePort();
  const config = join(folder, 'mosquitto.conf');
  const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'max_queued_messages 0'];
  await writeFile(config, `${lines.join('\n')}\nmax_inflight_messages 100\n`);
  const program = findTool('mosquitto');
  if (program === undefined) throw new Error('needs mosquitto: apt install mosquitto');
  const child = processes.startTool(program, ['-c', config]);
  await new Promise(done => setTimeout(done, 500));
  return { address: `mqtt://127.0.0.1:${port}`, pid: child.pid ?? 0 };
}

/** Fetched once into a folder beside the results' cache; never a dependency of the project. */
export async function fetchSqlite(folder: string): Promise<string> {
  if (existsSync(join(folder, 'node_modules/better-sqlite3/build'))) return folder;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  console.log('Fetching better-sqlite3 for the comparison (once; may compile for a minute) …');
  execFileSync('npm', ['install', '--silent', '--prefix', folder, 'better-sqlite3@12'], {
    stdio: 'inherit',
  });
  return folder;
}

/** Resident memory of the processes together, MiB (proc(5), VmRSS). */
export async function residentMiB(pids: readonly number[]): Promise<number> {
  let total = 0;
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    total += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  }
  return total / 1024;
}

/** Processor time that the processes have used so far, ms (proc(5): utime and stime, 10 ms each). */
export async function processorMs(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10;
}
