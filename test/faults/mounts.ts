/**
 * File systems of a test's own, to be filled up or unplugged: an ext4 on a loop device, a tmpfs.
 * They need root on Linux; a test says `mounting(…)` and is skipped by name without it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { tempFolder } from '../support/agent.ts';
import { findTool, needs, type ToolName, toolsAreRequired } from '../support/tools.ts';

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
