/**
 * Reads a chained file back after a start. Every line that proves itself is kept; a last line
 * without newline and proof is torn (it was never acknowledged), any other wrong bytes are damage.
 * Both are moved to `<name>.damaged` first. What is not known to be on disk is written anew: after
 * a failed sync the page cache may show what the disk does not hold.
 */
import { dirname } from 'node:path';
import { type ChainState, LINE_BYTES_MAX, type ProvenLine, proveLine } from './chain.ts';
import { type Disk, type DiskFile, fill, readUpTo, writeAll } from './disk.ts';
import { salvage } from './salvage.ts';

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = Buffer.from('\n');

export interface Piece {
  /** Where it begins, bytes. */
  offset: number;
  /** Without its newline. */
  bytes: Buffer;
  /** True when a newline ends it. */
  ended: boolean;
  proof: ProvenLine | undefined;
}

export interface Recovered {
  state: ChainState;
  /** Pieces of damage set aside by this call; a torn tail is none. */
  damaged: number;
  torn: boolean;
  /** Lines whose `prev` is not the line before them. */
  breaks: number;
}

/** @param from what is known already: nothing before `from.size` is read */
export async function recoverChain(
  disk: Disk,
  path: string,
  from: ChainState,
  onLine: (offset: number, line: Buffer) => void,
): Promise<Recovered> {
  const file = await disk.open(path);
  try {
    const wrong: Piece[] = [];
    let needsNewline = false;
    for await (const pieces of scan(file, from.size)) {
      for (const piece of pieces) {
        if (piece.proof === undefined) wrong.push({ ...piece, bytes: Buffer.from(piece.bytes) });
        else if (!piece.ended) needsNewline = true;
      }
    }
    if (needsNewline) await writeAll(file, NEWLINE, await file.size());
    const [tail] = wrong;
    const torn = wrong.length === 1 && tail !== undefined && isTorn(tail);
    if (torn) await cutTail(disk, path, file, tail);
    else if (wrong.length > 0) await rebuild(disk, path, file, wrong);
    const rebuilt = wrong.length > 0 && !torn;
    const kept = rebuilt ? await disk.open(path) : file;
    try {
      const { state, breaks } = await readKept(kept, from, onLine);
      await writeAnew(kept, from.size);
      return { state, breaks, torn, damaged: torn ? 0 : wrong.length };
    } finally {
      if (rebuilt) await kept.close();
    }
  } finally {
    await file.close();
  }
}

/** A whole line whose newline went bad is none: it was acknowledged. */
function isTorn({ ended, bytes }: Piece): boolean {
  return !ended && salvage(bytes).length === 0;
}

/** The lines of a file from an offset, chunk by chunk; the bytes are only good until the next. */
export async function* scan(file: DiskFile, from: number): AsyncGenerator<Piece[]> {
  let buffer = Buffer.allocUnsafe(2 * CHUNK_BYTES);
  /** Bytes at the buffer's start that belong to a line whose end was not read yet. */
  let held = 0;
  let offset = from;
  for (let position = from; ; ) {
    if (buffer.length < held + CHUNK_BYTES) buffer = Buffer.concat([buffer], 2 * buffer.length);
    const count = await fill(file, buffer.subarray(held, held + CHUNK_BYTES), position);
    position += count;
    const last = count < CHUNK_BYTES;
    const bytes = buffer.subarray(0, held + count);
    const pieces: Piece[] = [];
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      const line = bytes.subarray(start, end);
      pieces.push({ offset: offset + start, bytes: line, ended: true, proof: proveLine(line) });
      start = end + 1;
    }
    if (start < bytes.length && (last || bytes.length - start > LINE_BYTES_MAX)) {
      const line = bytes.subarray(start);
      pieces.push({ offset: offset + start, bytes: line, ended: !last, proof: proveLine(line) });
      start = bytes.length;
    }
    yield pieces;
    if (last) return;
    offset += start;
    held = bytes.copy(buffer, 0, start);
  }
}

async function readKept(
  file: DiskFile,
  from: ChainState,
  onLine: (offset: number, line: Buffer) => void,
): Promise<{ state: ChainState; breaks: number }> {
  let { size, head, entries } = from;
  let breaks = 0;
  for await (const pieces of scan(file, from.size)) {
    for (const { offset, bytes, proof } of pieces) {
      if (proof === undefined) throw new Error(`an unproven line was kept at ${offset}`);
      if (proof.prev !== head) breaks += 1;
      head = proof.hash;
      entries += 1;
      size = offset + bytes.length + 1;
      onLine(offset, bytes);
    }
  }
  return { state: { size, head, entries }, breaks };
}

async function cutTail(disk: Disk, path: string, file: DiskFile, tail: Piece): Promise<void> {
  await setAside(disk, path, [tail], 'torn');
  await file.truncate(tail.offset);
  await file.datasync();
}

/** The file without its wrong pieces, put in place of the old one. */
async function rebuild(
  disk: Disk,
  path: string,
  file: DiskFile,
  wrong: readonly Piece[],
): Promise<void> {
  await setAside(disk, path, wrong, 'damaged');
  const wrongAt = new Set(wrong.map(piece => piece.offset));
  const temporary = `${path}.tmp`;
  await disk.remove(temporary);
  const kept = await disk.open(temporary);
  try {
    let size = 0;
    for await (const pieces of scan(file, 0)) {
      const lines = pieces.flatMap(piece =>
        wrongAt.has(piece.offset) ? salvage(piece.bytes) : [piece.bytes],
      );
      const bytes = Buffer.concat(lines.flatMap(line => [line, NEWLINE]));
      await writeAll(kept, bytes, size);
      size += bytes.length;
    }
    await kept.datasync();
  } finally {
    await kept.close();
  }
  await disk.rename(temporary, path);
  await disk.syncFolder(dirname(path));
}

/** Copies pieces to `<name>.damaged`; they are durably there when it resolves. */
export async function setAside(
  disk: Disk,
  path: string,
  pieces: readonly Piece[],
  what: 'torn' | 'damaged',
): Promise<void> {
  const asidePath = path.replace(/\.ndjson$/, '.damaged');
  const aside = await disk.open(asidePath);
  try {
    const bytes = pieces.flatMap(piece => [
      Buffer.from(`# ${what}: ${placeOf(piece)}\n`),
      piece.bytes,
      NEWLINE,
    ]);
    await writeAll(aside, Buffer.concat(bytes), await aside.size());
    await aside.datasync();
  } finally {
    await aside.close();
  }
  await disk.syncFolder(dirname(asidePath));
}

/** The places of damage that `<name>.damaged` tells of, each once. */
export async function damagedPlaces(disk: Disk, path: string): Promise<Set<string>> {
  const file = await disk.openToRead(path.replace(/\.ndjson$/, '.damaged'));
  if (file === undefined) return new Set();
  try {
    const bytes = await readUpTo(file, await file.size(), 0);
    const notes = bytes.toString('latin1').matchAll(/^# damaged: (\d+ bytes at \d+)$/gm);
    return new Set([...notes].map(([, place]) => String(place)));
  } finally {
    await file.close();
  }
}

export function placeOf({ bytes, offset }: Piece): string {
  return `${bytes.length} bytes at ${offset}`;
}

/** Makes the pages dirty again with their own bytes, then syncs them. */
async function writeAnew(file: DiskFile, from: number): Promise<void> {
  let position = from;
  for (;;) {
    const chunk = await readUpTo(file, CHUNK_BYTES, position);
    if (chunk.length === 0) break;
    await writeAll(file, chunk, position);
    position += chunk.length;
  }
  if (position > from) await file.datasync();
}
