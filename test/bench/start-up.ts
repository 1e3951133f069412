/**
 * How long the agent takes until it can take a sale, with N sales in the open day, after a kill:
 * first the sales are sold for real, then the process is killed and started again.
 */
import { join } from 'node:path';
import { Processes } from '../../deploy/demo/processes.ts';
import { agent, residentMiB } from './contenders.ts';

export interface StartResult {
  sales: number;
  seconds: number;
  memoryMiB: number;
}

const SIZES = (process.env['BENCH_START_SIZES'] ?? '100000,1000000').split(',').map(Number);
const CONNECTIONS = 16;
const WINDOW = 100;

export async function measureStarts(folder: string): Promise<StartResult[]> {
  const results: StartResult[] = [];
  for (const sales of SIZES)
    results.push(await measureStart(join(folder, `start-${sales}`), sales));
  return results;
}

async function measureStart(folder: string, sales: number): Promise<StartResult> {
  const processes = new Processes(join(folder, '..'));
  try {
    const first = await agent(processes, folder, CONNECTIONS);
    const secrets = JSON.stringify(first.passwords);
    const args = [first.address, CONNECTIONS, WINDOW, sales, secrets, 'start1'].map(String);
    await processes.run('test/bench/load.js', args, {});
    await processes.kill();
    const startedAt = performance.now();
    const again = await agent(processes, folder, 0);
    const seconds = (performance.now() - startedAt) / 1000;
    return { sales, seconds, memoryMiB: await residentMiB(again.pids) };
  } finally {
    await processes.stop();
  }
}
