/**
 * The checkpoint: what the agent had made of the journal at one moment, so that a start reads only
 * what came after. Only a saving of time: without it, or with a damaged one, a full replay gives
 * the same. One file: a line of JSON, one line per date, the id index as bytes, a checksum.
 */
import { createHash, hash as digestOf } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DayState } from '../day/day-book.ts';
import type { ChainState } from './chain.ts';
import { type Disk, readUpTo, replaceFile } from './disk.ts';
import type { NumbersRow } from './numbers.ts';

const VERSION = 1;
const DIGEST_BYTES = 32;
const DIGEST_STEP_BYTES = 512 * 1024;
const NEWLINE = Buffer.from('\n');

interface Header {
  version: number;
  /** Of the id index. */
  seed: number;
  /** Journal dates in the order of their file numbers. */
  numberedDates: readonly string[];
  files: [date: string, state: ChainState & { damaged: number }][];
  numbers: NumbersRow[];
  /** Lines of dates that follow. */
  days: number;
}

export interface Checkpoint extends Omit<Header, 'version' | 'days'> {
  /** JSON texts of `DayState`, one per date. */
  days: readonly string[];
  /** `IdIndex.dump()`; ids from behind `files` may be among them. */
  index: Iterable<Uint32Array>;
}

export interface LoadedCheckpoint extends Omit<Checkpoint, 'days' | 'index'> {
  days: DayState[];
  index: Uint32Array;
}

/** @throws the disk's error; the checkpoint before stays as it was */
export async function writeCheckpoint(disk: Disk, path: string, from: Checkpoint): Promise<void> {
  const { days, index, ...rest } = from;
  const header: Header = { version: VERSION, ...rest, days: days.length };
  const text = Buffer.from(`${[JSON.stringify(header), ...days].join('\n')}\n`);
  const hash = createHash('sha256');
  const parts: Buffer[] = [text];
  // A millisecond at a time: sales come in between.
  for (let at = 0; at < text.length; at += DIGEST_STEP_BYTES) {
    hash.update(text.subarray(at, at + DIGEST_STEP_BYTES));
    await nextTurn();
  }
  for (const { buffer, byteOffset, byteLength } of index) {
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    hash.update(bytes);
    parts.push(bytes);
    await nextTurn();
  }
  await replaceFile(disk, path, [...parts, hash.digest()]);
}

/** Undefined when there is none, or none that is whole. @throws the disk's error */
export async function readCheckpoint(
  disk: Disk,
  path: string,
): Promise<LoadedCheckpoint | undefined> {
  const file = await disk.openToRead(path);
  if (file === undefined) return undefined;
  try {
    return parse(await readUpTo(file, await file.size(), 0));
  } finally {
    await file.close();
  }
}

function parse(bytes: Buffer): LoadedCheckpoint | undefined {
  const end = bytes.length - DIGEST_BYTES;
  if (end <= 0) return undefined;
  const digest = digestOf('sha256', bytes.subarray(0, end), 'buffer');
  if (!digest.equals(bytes.subarray(end))) return undefined;
  let at = 0;
  const nextLine = (): unknown => {
    const stop = bytes.indexOf(NEWLINE, at);
    const line = bytes.toString('utf8', at, stop);
    at = stop + 1;
    return JSON.parse(line);
  };
  const { version, days: dayCount, ...rest } = nextLine() as Header;
  if (version !== VERSION) return undefined;
  const days = Array.from({ length: dayCount }, () => nextLine() as DayState);
  // Copied: the words must begin at a multiple of four bytes.
  const index = new Uint32Array(new Uint8Array(bytes.subarray(at, end)).buffer);
  return { ...rest, days, index };
}
