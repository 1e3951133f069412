/**
 * `npm run bench`: acknowledged sales per second, latencies, processor time and memory of the agent,
 * in the same run as bare aedes and Mosquitto + SQLite; what the disk alone costs; where the time
 * goes; how long a start takes. Writes its part of RESULTS.md. A measurement, not a test: about five
 * minutes. BENCH_ROUNDS, BENCH_MESSAGES and BENCH_START_SIZES make it smaller.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Processes } from '../../deploy/demo/processes.ts';
import {
  agent,
  bareAedes,
  type Contender,
  fetchSqlite,
  processorMs,
  residentMiB,
  startMosquitto,
} from './contenders.ts';
import { measureDisk } from './disk-floor.ts';
import {
  AGENT,
  AGENT_IN_MEMORY,
  BARE,
  type Figures,
  NARROW,
  report,
  SQLITE,
} from './intake-report.ts';
import { writeSection } from './results.ts';
import { measureStages } from './stages.ts';
import { measureStarts } from './start-up.ts';

const SHAPES = [
  [1, 1],
  [1, 100],
  [4, 1],
  [4, 100],
  [16, 1],
  [16, 100],
] as const;
const TILLS = 16;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
/** The p99 of short rounds is mostly chance, and a target hangs on it. */
const ROUNDS_NARROW = 3 * ROUNDS;
const MESSAGES_WIDE = Number(process.env['BENCH_MESSAGES'] ?? 40_000);
const MESSAGES_NARROW = MESSAGES_WIDE / 10;
/** A file system without a disk: what it is faster there is the disk's share. */
const MEMORY_FOLDER = '/dev/shm';

type Latencies = Pick<Figures, 'perSecond' | 'p50Ms' | 'p99Ms' | 'warmP99Ms'>;

const folder = await mkdtemp(join(tmpdir(), 'tillbook-bench-'));
const memoryFolder = existsSync(MEMORY_FOLDER)
  ? await mkdtemp(join(MEMORY_FOLDER, 'tillbook-bench-'))
  : undefined;
const processes = new Processes(folder);
const rounds = new Map<string, Map<string, Figures[]>>();
let run = 0;
try {
  await measureShapes();
  const stages = await measureStages(processes, folder, MESSAGES_WIDE);
  const disk = await measureDisk(folder);
  await processes.stop();
  const starts = await measureStarts(folder);
  console.log(await writeSection(report({ rounds, disk, stages, starts })));
} finally {
  await processes.stop();
  await rm(folder, { recursive: true, force: true });
  if (memoryFolder !== undefined) await rm(memoryFolder, { recursive: true, force: true });
}

async function measureShapes(): Promise<void> {
  const sqlite = await fetchSqlite(join(tmpdir(), 'tillbook-bench-sqlite'));
  const contenders = [
    { ...(await bareAedes(processes)), name: BARE },
    await agent(processes, join(folder, 'agent'), TILLS, AGENT),
  ];
  if (memoryFolder !== undefined) {
    contenders.push(await agent(processes, join(memoryFolder, 'agent'), TILLS, AGENT_IN_MEMORY));
  }
  const mosquitto = await startMosquitto(processes, folder);
  for (const [connections, window] of SHAPES) {
    const shape = `${connections} × ${window}`;
    const row = new Map<string, Figures[]>();
    rounds.set(shape, row);
    const keep = (name: string, figures: Figures) => {
      row.set(name, [...(row.get(name) ?? []), figures]);
      console.log(shape, name, figures);
    };
    const count = shape === NARROW ? ROUNDS_NARROW : ROUNDS;
    for (let round = 0; round < count; round += 1) {
      // In turn, so that a machine that grows slow grows slow for all.
      for (const contender of contenders) {
        keep(contender.name, await load(contender, connections, window));
      }
      keep(SQLITE, await loadSqlite(mosquitto, sqlite, connections, window));
    }
  }
}

function messagesFor(connections: number, window: number): number {
  return window > 1 ? MESSAGES_WIDE : MESSAGES_NARROW * Math.min(connections, 4);
}

async function load(contender: Contender, connections: number, window: number): Promise<Figures> {
  run += 1;
  const total = messagesFor(connections, window);
  const secrets = JSON.stringify(contender.passwords);
  const args = [contender.address, connections, window, total, secrets, `run${run}`].map(String);
  const beforeMs = await processorMs(contender.pids);
  const output = await processes.run('test/bench/load.js', args, {});
  const processorUs = (((await processorMs(contender.pids)) - beforeMs) * 1000) / total;
  const figures = JSON.parse(output) as Latencies;
  return { ...figures, processorUs, residentMiB: await residentMiB(contender.pids) };
}

/** Counted when it is committed: Mosquitto's own PUBACK says nothing about a disk. */
async function loadSqlite(
  mosquitto: { address: string; pid: number },
  modules: string,
  connections: number,
  window: number,
): Promise<Figures> {
  const perConnection = Math.floor(messagesFor(connections, window) / 4 / connections);
  const total = perConnection * connections;
  const file = join(folder, `sales-${run}.db`);
  const args = [mosquitto.address, file, String(total), modules];
  const subscriber = await processes.start('sqlite', 'test/bench/sqlite-subscriber.js', args, {});
  const lines = createInterface({ input: subscriber.child.stdout as NodeJS.ReadableStream });
  const done = once(lines, 'line') as Promise<[string]>;
  run += 1;
  const shape = [mosquitto.address, connections, window, total, '{}', `run${run}`].map(String);
  await processes.run('test/bench/load.js', shape, {});
  const [line] = await done;
  const figures = JSON.parse(line) as Omit<Latencies, 'warmP99Ms'>;
  const pids = [mosquitto.pid, subscriber.child.pid ?? 0];
  const memory = await residentMiB(pids).catch(() => Number.NaN); // It may have ended already.
  const unknown = { warmP99Ms: Number.NaN, processorUs: Number.NaN };
  return { ...figures, ...unknown, residentMiB: memory };
}
