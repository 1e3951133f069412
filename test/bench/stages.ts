/**
 * Where the agent's time goes: a run under the profiler, each sample given to the stage of the sale
 * in whose code it was taken, or which called the library or the system call that it was taken in.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';
import { join } from 'node:path';
import type { Processes } from '../../deploy/demo/processes.ts';
import { addTills, agentEnv } from './contenders.ts';

const TILLS = 16;
const WINDOW = 100;
/** Sold before the profiler starts, so that what is measured is compiled and warm. */
const WARM_UP = 20_000;

export const STAGES = [
  'socket and aedes',
  'parse and validate',
  'judge and count',
  'hash and chain',
  'write and sync',
  'garbage collection',
  'other',
] as const;
export type Stage = (typeof STAGES)[number];

/** The first that fits a frame's file names its stage; frames of no stage ask their caller. */
const RULES: readonly [RegExp, Stage][] = [
  [
    /\/protocol\/(transaction|strict-json|quick-check|schema-words)\.js$|\/zod\//,
    'parse and validate',
  ],
  [/\/agent\/journal\/(chain|batch)\.js$/, 'hash and chain'],
  [/\/agent\/journal\/(chain-file|disk|checkpoint|storage)\.js$/, 'write and sync'],
  [
    /\/agent\/(intake|day|journal|status)\/|\/agent\/(open-core|intake)\.js$|\/protocol\//,
    'judge and count',
  ],
  [
    /\/agent\/broker\/|\/(aedes|mqtt-packet|bl|debug|mqemitter)[^/]*\/|^node:(net|stream|events)/,
    'socket and aedes',
  ],
];

export interface StageTimes {
  /** Of the main thread, in µs a sale; slower than without the profiler. */
  stages: Map<Stage, number>;
  perSecond: number;
}

/** Sells `sales` at 16 × 100 to an agent under the profiler. */
export async function measureStages(
  processes: Processes,
  folder: string,
  sales: number,
): Promise<StageTimes> {
  const profile = join(folder, 'profile.json');
  const env = { ...agentEnv(join(folder, 'profiled')), BENCH_PROFILE: profile };
  const passwords = JSON.stringify(await addTills(processes, env, TILLS));
  const { child, listening } = await processes.start(
    'profiled',
    'test/bench/profiled-agent.js',
    ['run'],
    env,
  );
  const load = async (total: number, run: string) => {
    const args = [listening['mqtt'], TILLS, WINDOW, total, passwords, run].map(String);
    const output = await processes.run('test/bench/load.js', args, {});
    return (JSON.parse(output) as { perSecond: number }).perSecond;
  };
  await load(WARM_UP, 'run1');
  child.kill('SIGUSR2');
  const perSecond = await load(sales, 'run2');
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  return { stages: stagesOf(JSON.parse(await readFile(profile, 'utf8')), sales), perSecond };
}

/** @param sales how many there were while the profiler ran */
export function stagesOf(profile: Profiler.Profile, sales: number): Map<Stage, number> {
  const stageOfNode = new Map<number, Stage | undefined>();
  const nodes = new Map(profile.nodes.map(node => [node.id, node]));
  const walk = (id: number, caller: Stage) => {
    const node = nodes.get(id);
    if (node === undefined) return;
    const own = stageOf(node.callFrame, caller);
    stageOfNode.set(id, node.callFrame.functionName === '(idle)' ? undefined : own);
    for (const child of node.children ?? []) walk(child, own);
  };
  walk(profile.nodes[0]?.id ?? 1, 'other');
  const times = new Map<Stage, number>(STAGES.map(stage => [stage, 0]));
  for (const [i, id] of (profile.samples ?? []).entries()) {
    const stage = stageOfNode.get(id);
    const us = profile.timeDeltas?.[i] ?? 0;
    if (stage !== undefined) times.set(stage, (times.get(stage) ?? 0) + us / sales);
  }
  return times;
}

function stageOf(
  { functionName, url }: { functionName: string; url: string },
  caller: Stage,
): Stage {
  if (functionName === '(garbage collector)') return 'garbage collection';
  return RULES.find(([files]) => files.test(url))?.[1] ?? caller;
}
