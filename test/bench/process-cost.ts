/** What a process has used so far, from proc(5): processor time and the most memory it ever held. */
import { readFile } from 'node:fs/promises';

/** USER_HZ: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time, in user and kernel, of the processes together. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold spaces: utime and stime are 12th and 13th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** The most resident memory that each held, added up, MiB (VmHWM). */
export async function peakMiB(pids: readonly number[]): Promise<number> {
  let total = 0;
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    total += Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
  }
  return total / 1024;
}
