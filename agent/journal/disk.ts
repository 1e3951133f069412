/**
 * The disk as a port. What the journal asks of a file system is this small list, so that tests can
 * put a disk under it that tears, forgets and fills up. The real one is plain Node; errors of both
 * are told apart here: a full disk heals by itself, everything else ends the agent.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, isAppError, messageOf } from '../../protocol/errors.ts';

export interface DiskFile {
  /** Writes at a byte offset; gives the bytes written, which may be fewer than asked. */
  write(bytes: Buffer, position: number): Promise<number>;
  /** Reads from a byte offset; 0 at the end of the file. */
  read(into: Buffer, position: number): Promise<number>;
  /** Returns when the content and its length would survive the plug (fdatasync). */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export interface Disk {
  /** Opens for reading and writing; makes the file when it is missing. */
  open(path: string): Promise<DiskFile>;
  /** Opens for reading only; undefined when there is no such file. */
  openToRead(path: string): Promise<DiskFile | undefined>;
  /** Makes the folder and those above it, each durably entered in its parent. */
  makeFolder(path: string): Promise<void>;
  /** Names in a folder, sorted; none when it is missing. */
  list(folder: string): Promise<string[]>;
  /** Returns when the names in the folder would survive the plug. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; nothing happens when it is missing. */
  remove(path: string): Promise<void>;
  /** Bytes that an ordinary user may still write there, and the size of the whole. */
  space(folder: string): Promise<{ freeBytes: number; totalBytes: number }>;
}

export const systemDisk: Disk = {
  open: async path => fileOf(await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)),
  openToRead: async path => {
    try {
      return fileOf(await open(path, 'r'));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  makeFolder: async path => {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    if (made === undefined) return;
    for (let child = path; child.length >= made.length; child = dirname(child)) {
      await syncFolder(dirname(child));
    }
  },
  list: async folder => {
    try {
      return (await readdir(folder)).sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  },
  syncFolder,
  rename,
  remove: path => rm(path, { force: true }),
  space: async folder => {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  },
};

function fileOf(handle: FileHandle): DiskFile {
  return {
    write: async (bytes, position) =>
      (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    datasync: () => handle.datasync(),
    truncate: length => handle.truncate(length),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows cannot open a folder; NTFS journals names.
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes all bytes at the offset, however many calls it takes; throws the disk's own error. */
export async function writeAll(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const count = await file.write(bytes.subarray(written), position + written);
    if (count === 0) throw new AppError('disk-error', 'the disk took no bytes of a write');
    written += count;
  }
}

/** Reads exactly `length` bytes from the offset, fewer only at the end of the file. */
export async function readUpTo(file: DiskFile, length: number, position: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, await fill(file, bytes, position));
}

/** Fills the buffer from the offset; gives the bytes read, fewer only at the end of the file. */
export async function fill(file: DiskFile, into: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const count = await file.read(into.subarray(filled), position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** Replaces a file by these parts, one after another: temporary file, sync, rename, folder sync. */
export async function replaceFile(
  disk: Disk,
  path: string,
  parts: readonly Buffer[],
): Promise<void> {
  const temporary = `${path}.tmp`;
  await disk.remove(temporary);
  const file = await disk.open(temporary);
  try {
    let position = 0;
    for (const part of parts) {
      await writeAll(file, part, position);
      position += part.length;
    }
    await file.datasync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  await disk.syncFolder(dirname(path));
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** Trouble of this process, not of the disk: it passes when files are closed again. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** Any error of a disk call as one of ours: `disk-full` (heals by itself) or `disk-error`. */
export function diskError(error: unknown, doing: string): AppError {
  if (isAppError(error)) return error;
  const code = codeOf(error);
  if (FULL.has(code)) {
    return new AppError('disk-full', `no room ${doing}: ${messageOf(error)}`, {
      hint: 'Free disk space; sales are taken again by themselves.',
      retryable: true,
      cause: error,
    });
  }
  return new AppError('disk-error', `the disk failed ${doing}: ${messageOf(error)}`, {
    hint: 'Check the disk (dmesg, smartctl); the agent starts again by itself.',
    retryable: PASSING.has(code),
    cause: error,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
