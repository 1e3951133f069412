/**
 * One process per data folder. The lock is a file that names its owner; it is let go at the end,
 * and a lock whose owner is dead (killed, or the machine restarted) is taken over at once.
 */
import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';

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

/** A lock appears whole: nobody may read one that does not name its owner yet. */
async function createLock(path: string, owner: Owner): Promise<boolean> {
  const text = JSON.stringify(owner);
  const temporary = `${path}.${owner.pid}`;
  try {
    await writeFile(temporary, text, { mode: 0o600 });
    await link(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      // FAT and some network disks have no hard links.
      await writeFile(path, text, { flag: 'wx', mode: 0o600 });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Replaces a dead owner's lock; a second file makes sure that only one process does it at a time. */
async function takeOver(path: string, me: Owner): Promise<boolean> {
  const guard = `${path}.takeover`;
  if (!(await createLock(guard, me))) {
    if (!(await removeDeadGuard(guard, me))) return false;
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

/**
 * True when the guard was left behind by a process that died in its takeover: a start after that
 * must not wait. It is moved away first, so that only one process can have it; a living one's that
 * came in between goes back.
 */
async function removeDeadGuard(guard: string, me: Owner): Promise<boolean> {
  const owner = await readOwner(guard);
  if (owner !== undefined && isAlive(owner)) return false;
  const mine = `${guard}.${me.pid}.dead`;
  try {
    await rename(guard, mine);
  } catch {
    return false; // Somebody else was faster.
  }
  const moved = await readOwner(mine);
  const dead = moved === undefined || !isAlive(moved);
  if (!dead) await link(mine, guard).catch(() => undefined);
  await rm(mine, { force: true });
  return dead;
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
