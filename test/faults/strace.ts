/**
 * Faults at the border between the agent and the system: strace answers in the disk's place, or
 * kills at an exact call. `-D` lets the agent be the child itself, so that signals and exit codes
 * are its own.
 */
import { readFile } from 'node:fs/promises';

/** What changes the disk, on Node's one disk thread; its writes without a place are left out. */
export const DISK_CALLS = 'pwrite64,fdatasync,fsync,rename,unlink,ftruncate,mkdir';

/** The wrap of `startAgent` that runs it under strace. @param expressions e.g. `inject=…` */
export function straced(log: string, ...expressions: string[]): string[] {
  const calls = [...new Set(expressions.flatMap(callsOf))].join(',');
  const options = expressions.flatMap(expression => ['-e', expression]);
  return ['strace', '-f', '-D', '-qq', '-o', log, '-e', `trace=${calls}`, ...options];
}

function callsOf(expression: string): string[] {
  return (
    expression
      .replace(/^(?:inject|trace)=/, '')
      .split(':')[0]
      ?.split(',') ?? []
  );
}

/** Runs the agent with faults injected, e.g. `fdatasync:error=EIO:when=3`. */
export function injected(...faults: string[]): string[] {
  return injectedAndTold('/dev/null', ...faults);
}

/** The same; each fault is a line of the log. */
export function injectedAndTold(log: string, ...faults: string[]): string[] {
  const [strace = '', ...rest] = straced(log, ...faults.map(fault => `inject=${fault}`));
  return [strace, '--seccomp-bpf', ...rest];
}

/** How many faults the log tells of. */
export async function faultsIn(log: string): Promise<number> {
  return [...(await readFile(log, 'utf8')).matchAll(/\((?:INJECTED|DELAYED)/g)].length;
}

/**
 * Kills it at one thread's k-th call (from 1) of this kind. Without `--seccomp-bpf`: strace 6.1
 * injects no signal with it.
 */
export function killedAt(call: string, k: number): string[] {
  return straced('/dev/null', `inject=${call}:signal=KILL:when=${k}`);
}
