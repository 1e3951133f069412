/**
 * A shop process under faults: system calls that fail, are slow or kill it (strace), and file
 * systems of its own that fill up or lose power.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempFolder } from './agent.ts';
import { findTool, needs, type ToolName, toolsAreRequired } from './tools.ts';

const PROCESS = fileURLToPath(new URL('./shop-process.js', import.meta.url));

export interface ShopProcess {
  /** 0 when it ended before it listened. */
  port: number;
  /** Of the shop itself, not of strace. */
  pid: number;
  exited: Promise<number | null>;
  /** Nothing happens when it is gone already. */
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts the shop of `shop-process.ts`.
 * @param inject strace's injections, e.g. `fdatasync:error=EIO:when=3`; one thread counts them
 */
export async function startShop(
  t: TestContext,
  dataDir: string,
  inject: readonly string[] = [],
  mode = '',
): Promise<ShopProcess> {
  const node = [process.execPath, PROCESS, dataDir, mode];
  const calls = inject.map(one => one.split(':')[0]).join(',');
  const strace = [
    ...[findTool('strace') ?? 'strace', '-f', '-qq', '--seccomp-bpf', '-o', '/dev/null'],
    ...['-e', `trace=${calls}`, ...inject.flatMap(one => ['-e', `inject=${one}`])],
  ];
  const [command = '', ...args] = inject.length === 0 ? node : [...strace, ...node];
  const child = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, UV_THREADPOOL_SIZE: inject.length === 0 ? '4' : '1' },
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const none = { port: 0, pid: 0 };
  const listening = once(child, 'message').then(([message]) => message as typeof none);
  const { port, pid } = await Promise.race([listening, exited.then(() => none)]);
  // strace passes no signal on, and what it watches outlives it.
  const kill = (signal: NodeJS.Signals) => {
    if (pid > 0 && child.exitCode === null && child.signalCode === null) killIfThere(pid, signal);
  };
  t.after(() => kill('SIGKILL'));
  return { port, pid, exited, kill };
}

function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended a moment ago.
  }
}

/**
 * Options for a test that mounts file systems and needs these tools: skipped with the reason.
 * @throws Error where all tools are required
 */
export function mounting(...tools: ToolName[]): { skip?: string } {
  if (process.platform === 'linux' && process.getuid?.() === 0) return needs(...tools);
  const reason = 'needs root on Linux to mount a file system';
  if (toolsAreRequired()) throw new Error(reason);
  return { skip: reason };
}

/** A file system in a file, mounted; unmounted with the test. */
export interface LoopDisk {
  folder: string;
  /** As if the plug were pulled: from now on nothing is written and every call fails. */
  losePower(): void;
  /** Mounts what the disk really holds; nobody may hold a file on it any more. */
  plugIn(): void;
}

export async function loopDisk(t: TestContext): Promise<LoopDisk> {
  const folder = await mountPoint(t);
  const image = join(await tempFolder(t), 'image');
  run('truncate', '-s', '64M', image);
  run(findTool('mkfs.ext4') ?? 'mkfs.ext4', '-q', '-F', image);
  run('mount', '-o', 'loop', image, folder);
  return {
    folder,
    losePower: () => {
      run(findTool('xfs_io') ?? 'xfs_io', '-x', '-c', 'shutdown', folder);
    },
    plugIn: () => {
      run('umount', folder);
      run('mount', '-o', 'loop', image, folder);
    },
  };
}

/** A small file system in memory, to be filled. */
export async function smallDisk(t: TestContext, size: string): Promise<string> {
  const folder = await mountPoint(t);
  run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder);
  return folder;
}

/** An empty folder; what is mounted there goes first when the test ends. */
async function mountPoint(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-disk-'));
  t.after(async () => {
    spawnSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}
