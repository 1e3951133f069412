/**
 * `npm run bench`: acknowledged sales per second, latencies and memory of the agent, in the same run
 * as bare aedes and Mosquitto + SQLite, and how long a start takes. Prints ratios and writes
 * test/bench/RESULTS.md. A measurement, not a test: nothing here passes or fails.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Processes } from '../../deploy/demo/processes.ts';
import {
  agent,
  bareAedes,
  type Contender,
  fetchSqlite,
  residentMiB,
  startMosquitto,
} from './contenders.ts';
import { measureStarts, type StartResult } from './start-up.ts';

const SHAPES = [
  [1, 1],
  [1, 100],
  [4, 1],
  [4, 100],
  [16, 1],
  [16, 100],
] as const;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const MESSAGES_WIDE = Number(process.env['BENCH_MESSAGES'] ?? 40_000);
const MESSAGES_NARROW = 4_000;

interface Figures {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  residentMiB: number;
}
type Results = Map<string, Map<string, Figures>>;

const folder = await mkdtemp(join(tmpdir(), 'tillbook-bench-'));
const processes = new Processes(folder);
const results: Results = new Map();
const rounds = new Map<string, Figures[]>();
let run = 0;
try {
  const sqlite = await fetchSqlite(join(tmpdir(), 'tillbook-bench-sqlite'));
  const contenders = [
    await bareAedes(processes),
    await agent(processes, join(folder, 'agent'), 16),
  ];
  const mosquitto = await startMosquitto(processes, folder);
  for (const [connections, window] of SHAPES) {
    const shape = `${connections} × ${window}`;
    for (let round = 0; round < ROUNDS; round += 1) {
      // In turn, so that a machine that grows slow grows slow for all.
      for (const contender of contenders) {
        keep(shape, contender.name, await load(contender, connections, window));
      }
      keep(shape, 'Mosquitto + SQLite', await loadSqlite(mosquitto, sqlite, connections, window));
    }
    show(shape);
  }
} finally {
  await processes.stop();
}
const starts = await measureStarts(folder);
await rm(folder, { recursive: true, force: true });
const target = new URL('../../../test/bench/RESULTS.md', import.meta.url);
await writeFile(target, report(starts));
console.log(report(starts));

function messagesFor(connections: number, window: number): number {
  return window > 1 ? MESSAGES_WIDE : MESSAGES_NARROW * Math.min(connections, 4);
}

async function load(contender: Contender, connections: number, window: number): Promise<Figures> {
  run += 1;
  const total = messagesFor(connections, window);
  const secrets = JSON.stringify(contender.passwords);
  const args = [contender.address, connections, window, total, secrets, `run${run}`].map(String);
  const output = await processes.run('test/bench/load.js', args, {});
  const figures = JSON.parse(output) as Omit<Figures, 'residentMiB'>;
  return { ...figures, residentMiB: await residentMiB(contender.pids) };
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
  const figures = JSON.parse(line) as Omit<Figures, 'residentMiB'>;
  const pids = [mosquitto.pid, subscriber.child.pid ?? 0];
  const memory = await residentMiB(pids).catch(() => Number.NaN); // It may have ended already.
  return { ...figures, residentMiB: memory };
}

/** The median round by throughput stays. */
function keep(shape: string, name: string, figures: Figures): void {
  const all = [...(rounds.get(`${shape} ${name}`) ?? []), figures];
  rounds.set(`${shape} ${name}`, all);
  const sorted = [...all].sort((a, b) => a.perSecond - b.perSecond);
  const median = sorted[Math.floor(sorted.length / 2)] ?? figures;
  const row = results.get(shape) ?? new Map<string, Figures>();
  row.set(name, median);
  results.set(shape, row);
}

function show(shape: string): void {
  for (const [name, figures] of results.get(shape) ?? []) console.log(shape, name, figures);
}

function report(starts: readonly StartResult[]): string {
  const lines = [
    '# Bench results',
    '',
    `Made by \`npm run bench\`; medians of ${ROUNDS} rounds, all contenders in turn in one run.`,
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}. The load`,
    'shares the processors with what it measures. "×" is connections × messages in flight each.',
    '',
    '| shape | contender | sales/s | p50 ms | p99 ms | memory MiB | sales/s vs bare | p99 vs bare | sales/s vs SQLite |',
    '|---|---|---:|---:|---:|---:|---:|---:|---:|',
  ];
  for (const [shape, row] of results) {
    const bare = row.get('bare aedes, nothing stored');
    const sqlite = row.get('Mosquitto + SQLite');
    for (const [name, f] of row) {
      const ratio = (a: number, b: number | undefined) => (b ? (a / b).toFixed(2) : '');
      const cells = [shape, name, Math.round(f.perSecond), f.p50Ms.toFixed(2), f.p99Ms.toFixed(2)];
      const ratios = [
        ratio(f.perSecond, bare?.perSecond),
        ratio(f.p99Ms, bare?.p99Ms),
        ratio(f.perSecond, sqlite?.perSecond),
      ];
      lines.push(`| ${[...cells, Math.round(f.residentMiB), ...ratios].join(' | ')} |`);
    }
  }
  lines.push('', '| sales in the open day | ready after s | memory MiB |', '|---:|---:|---:|');
  for (const { sales, seconds, memoryMiB } of starts) {
    lines.push(`| ${sales} | ${seconds.toFixed(2)} | ${Math.round(memoryMiB)} |`);
  }
  return `${lines.join('\n')}\n`;
}
