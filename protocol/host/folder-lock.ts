/**
 * One process per data folder. The lock is a file that names its owner; it is let go at the end,
 * and a lock whose owner is dead (killed, or the machine restarted) is taken over at once.
 */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';

const TAKEOVER_MAX_MS = 10_000;

interface Owner {
  pid: number;
  /** Tells a process from a later one with the same pid. */
  started: string;
  program: string;
}

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Makes the folder if need be and locks it.
 * @throws AppError `folder-locked` (exit code 73) naming the process that holds it
 */
export async function lockFolder(folder: string, program: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'lock');
  const me: Owner = { pid: process.pid, started: startOf(process.pid) ?? '', program };
  if (!(await createLock(path, me)) && !(await takeOver(path, me))) {
    const owner = await readOwner(path);
    throw new AppError(
      'folder-locked',
      `${folder} is in use by ${owner?.program ?? 'another program'}, process ${owner?.pid ?? '?'}`,
      { hint: 'stop that process first, or give this one a folder of its own' },
    );
  }
  return { release: () => rm(path, { force: true }) };
}

/** The process that holds the folder now, if it lives. */
export async function ownerOfFolder(folder: string): Promise<{ pid: number } | undefined> {
  const owner = await readOwner(join(folder, 'lock'));
  return owner !== undefined && isAlive(owner) ? owner : undefined;
}

async function createLock(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Replaces a dead owner's lock; a second file makes sure that only one process does it at a time. */
async function takeOver(path: string, me: Owner): Promise<boolean> {
  const guard = `${path}.takeover`;
  if (!(await createLock(guard, me))) {
    const age = await stat(guard).then(
      file => Date.now() - file.mtimeMs,
      () => 0,
    );
    if (age < TAKEOVER_MAX_MS) return false;
    await rm(guard, { force: true });
    if (!(await createLock(guard, me))) return false;
  }
  try {
    const owner = await readOwner(path);
    if (owner !== undefined && isAlive(owner)) return false;
    await rm(path, { force: true });
    return await createLock(path, me);
  } finally {
    await rm(guard, { force: true });
  }
}

/** Undefined when there is no lock or it was torn by a power cut: then nobody alive wrote it. */
async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner): boolean {
  if (owner.pid === process.pid) return owner.started === (startOf(owner.pid) ?? '');
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = startOf(owner.pid);
  return started === undefined ? process.platform !== 'linux' : started === owner.started;
}

/** Boot id and start tick (proc(5), field 22); undefined for a zombie, a dead one, or not on Linux. */
function startOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${fields[19]}`;
  } catch {
    return undefined; // No /proc on this system, or no such process: the caller tells which.
  }
}
