/**
 * Files that survive the plug: whole content under a temporary name, byte count checked, synced,
 * renamed over the old one, folder synced. Readers see the old content or the new, never a part.
 * (Pillai et al., OSDI 2014, "All File Systems Are Not Created Equal": rename alone is no promise.)
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../errors.ts';

export interface DurableWriteOptions {
  /** Permissions of the new file; only its owner may read it by default. */
  mode?: number;
}

/** Writes the whole file; when this resolves it is on disk. @throws AppError disk-full, disk-error */
export async function writeFileDurably(
  path: string,
  content: string | Buffer,
  options: DurableWriteOptions = {},
): Promise<void> {
  const temporary = await writeTemporary(path, content, options.mode ?? 0o600);
  try {
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw diskError(path, cause);
  }
}

/** Content synced under a name of its own beside `path`, to be renamed by the caller. */
export async function writeTemporary(
  path: string,
  content: string | Buffer,
  mode: number,
): Promise<string> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await writeAll(file, Buffer.from(content as string));
      await file.datasync();
    } finally {
      await file.close();
    }
    return temporary;
  } catch (cause) {
    await rm(temporary, { force: true });
    throw diskError(path, cause);
  }
}

/** Makes a rename or a new name in the folder durable. Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file's text; undefined when there is no such file. */
export async function readTextIfAny(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw diskError(path, error);
  }
}

/** `write` may take less than it was given (signal, full disk): goes on until all is taken. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written);
    if (bytesWritten === 0) throw Object.assign(new Error('nothing written'), { code: 'ENOSPC' });
    written += bytesWritten;
  }
}

/** Trouble of this process, not of the disk. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** An error of the file system in our words. */
export function diskError(path: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('disk-full', `the disk is full: ${path} cannot be written`, {
      hint: 'free some space on this disk; the work goes on by itself then',
      retryable: true,
      cause,
    });
  }
  if (PASSING.has(code)) {
    return new AppError('disk-error', `${path}: ${code}`, {
      hint: 'this process or machine has too many files open; it passes when they are closed',
      retryable: true,
      cause,
    });
  }
  const hint =
    code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
      ? 'give the user that runs this program the right to write there'
      : 'check the disk (dmesg, smartctl) and its cables';
  return new AppError('disk-error', `${path}: ${code}`, { hint, cause });
}
