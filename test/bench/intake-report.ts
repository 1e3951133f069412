/** What the intake bench measured as its part of RESULTS.md: tables, ratios, and each target. */
import type { DiskFloor } from './disk-floor.ts';
import { quantile, type Section, type Target, table } from './results.ts';
import type { StageTimes } from './stages.ts';
import type { StartResult } from './start-up.ts';

export const BARE = 'bare aedes, nothing stored';
export const AGENT = 'Tillbook agent';
export const AGENT_IN_MEMORY = 'Tillbook agent, data in memory';
export const SQLITE = 'Mosquitto + SQLite';

export interface Figures {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Of the second half of the round; NaN where it was not measured. */
  warmP99Ms: number;
  /** Of all its threads, a sale; NaN where it was not measured. */
  processorUs: number;
  residentMiB: number;
}

export interface Measured {
  /** By shape (`16 × 100`), then by contender: each round. */
  rounds: ReadonlyMap<string, ReadonlyMap<string, Figures[]>>;
  disk: DiskFloor;
  stages: StageTimes;
  starts: readonly StartResult[];
}

const WIDE = '16 × 100';
export const NARROW = '16 × 1';
const BARE_SHARE_MIN = 0.5;
const SQLITE_TIMES_MIN = 4;
const P99_TIMES_MAX = 2;
const READY_SECONDS_MAX = 2;
const READY_MIB_MAX = 200;

export function report(measured: Measured): Section {
  return {
    part: 'intake',
    title: 'Taking sales',
    command: 'npm run bench',
    targets: [...loadTargets(measured), ...startTargets(measured.starts)],
    body: [
      'Each figure is the median of its rounds, all contenders in turn. "×" is connections × messages',
      'in flight each. Processor time is that of all threads of the contender, memory what it held',
      'after the round. Mosquitto + SQLite counts a sale when it is committed.',
      '',
      shapesTable(measured.rounds),
      '',
      ...warmWords(measured.rounds),
      '',
      ...diskWords(measured),
      '',
      ...stageWords(measured.stages),
      '',
      startsTable(measured.starts),
    ].join('\n'),
  };
}

/** The median of the ratios of each round (or another quantile): who is slow in it is so for both. */
function ratio(
  rounds: Measured['rounds'],
  shape: string,
  [name, other]: readonly [string, string],
  figure: keyof Figures,
  share = 0.5,
): number {
  const of = (contender: string) => rounds.get(shape)?.get(contender) ?? [];
  const others = of(other);
  const ratios = of(name).map(
    (figures, i) => figures[figure] / (others[i]?.[figure] ?? Number.NaN),
  );
  return quantile(ratios, share);
}

function median(figures: readonly Figures[], of: keyof Figures): number {
  return quantile(
    figures.map(round => round[of]),
    0.5,
  );
}

function loadTargets({ rounds }: Measured): Target[] {
  const share = ratio(rounds, WIDE, [AGENT, BARE], 'perSecond');
  const times = ratio(rounds, WIDE, [AGENT, SQLITE], 'perSecond');
  const slower = (share: number) => ratio(rounds, NARROW, [AGENT, BARE], 'p99Ms', share);
  const [low, middle, high] = [slower(0.25), slower(0.5), slower(0.75)];
  return [
    {
      target: `durable intake at ${WIDE} is at least ${BARE_SHARE_MIN} × bare aedes that stores nothing`,
      measured: `${share.toFixed(2)} ×`,
      reached: share >= BARE_SHARE_MIN,
    },
    {
      target: `and at least ${SQLITE_TIMES_MIN} × Mosquitto + SQLite`,
      measured: `${times.toFixed(1)} ×`,
      reached: times >= SQLITE_TIMES_MIN,
    },
    {
      target: `p99 at ${NARROW} is at most ${P99_TIMES_MAX} × bare aedes`,
      measured: `${middle.toFixed(1)} × (half of the rounds: ${low.toFixed(1)} to ${high.toFixed(1)} ×)`,
      reached: middle <= P99_TIMES_MAX,
    },
  ];
}

function startTargets(starts: readonly StartResult[]): Target[] {
  return starts.map(({ sales, seconds, memoryMiB }) => ({
    target: `with ${sales.toLocaleString('en')} sales in the open day ready within ${READY_SECONDS_MAX} s, in less than ${READY_MIB_MAX} MiB`,
    measured: `${seconds.toFixed(2)} s, ${Math.round(memoryMiB)} MiB`,
    reached: seconds <= READY_SECONDS_MAX && memoryMiB < READY_MIB_MAX,
  }));
}

function shapesTable(rounds: Measured['rounds']): string {
  const head = ['shape', 'contender', 'sales/s', 'p50 ms', 'p99 ms', 'processor µs', 'memory MiB'];
  const rows: (string | number)[][] = [];
  for (const [shape, contenders] of rounds) {
    for (const [name, figures] of contenders) {
      const fixed = (of: keyof Figures, digits: number) => known(median(figures, of), digits);
      const times = (other: string, of: keyof Figures) =>
        name === other ? '' : known(ratio(rounds, shape, [name, other], of), 2);
      rows.push([
        ...[shape, name, fixed('perSecond', 0), fixed('p50Ms', 2), fixed('p99Ms', 2)],
        ...[fixed('processorUs', 1), fixed('residentMiB', 0)],
        ...[times(BARE, 'perSecond'), times(BARE, 'p99Ms'), times(SQLITE, 'perSecond')],
      ]);
    }
  }
  return table([...head, 'sales/s ÷ bare', 'p99 ÷ bare', 'sales/s ÷ SQLite'], rows, 2);
}

function known(value: number, digits: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(digits);
}

/** The load compiles itself in the first part of a round, on the processors that it measures. */
function warmWords(rounds: Measured['rounds']): string[] {
  const of = (name: string) => median(rounds.get(NARROW)?.get(name) ?? [], 'warmP99Ms').toFixed(2);
  const slower = ratio(rounds, NARROW, [AGENT, BARE], 'warmP99Ms');
  return [
    'A round begins with a load whose own code is still being compiled, on the same processors: of all',
    `contenders alike the slowest messages are the first. In the second half of the rounds p99 at ${NARROW}`,
    `is ${of(BARE)} ms for bare aedes and ${of(AGENT)} ms for the agent, ${slower.toFixed(1)} ×.`,
  ];
}

function diskWords({ rounds, disk }: Measured): string[] {
  const bare = median(rounds.get(NARROW)?.get(BARE) ?? [], 'p99Ms');
  const floor = disk.p99Ms / bare;
  const words = [
    `The disk alone: appending and syncing sixteen sales takes ${disk.p50Ms.toFixed(2)} ms (p50),`,
    `${disk.p99Ms.toFixed(2)} ms (p99): ${floor.toFixed(1)} × the p99 of bare aedes at ${NARROW}.`,
  ];
  if (floor > P99_TIMES_MAX) {
    words.push(
      `So no program that syncs before it acknowledges can reach ${P99_TIMES_MAX} × here.`,
    );
  }
  const inMemory = ratio(rounds, NARROW, [AGENT_IN_MEMORY, BARE], 'p99Ms');
  if (!Number.isNaN(inMemory)) {
    words.push(
      `With its data in memory (no disk) the agent's p99 is ${inMemory.toFixed(1)} × bare's.`,
    );
  }
  return words;
}

function stageWords({ stages, perSecond }: StageTimes): string[] {
  const total = [...stages.values()].reduce((sum, us) => sum + us, 0);
  const rows = [...stages].map(([stage, us]) => [
    stage,
    us.toFixed(1),
    `${((us / total) * 100).toFixed(0)} %`,
  ]);
  return [
    `Where the time of the agent's main thread goes at ${WIDE}, by samples of Node's profiler, which`,
    `itself costs time (${Math.round(perSecond)} sales/s while it ran):`,
    '',
    table(['stage', 'µs a sale', 'share'], rows),
  ];
}

function startsTable(starts: readonly StartResult[]): string {
  const rows = starts.map(({ sales, seconds, memoryMiB }) => [
    sales,
    seconds.toFixed(2),
    Math.round(memoryMiB),
  ]);
  return table(['sales in the open day', 'ready after s', 'memory MiB'], rows);
}
