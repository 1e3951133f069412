/**
 * The journal: one chained file per business date. Comes in: accepted messages, in order. Goes out:
 * word that they are on disk; any record by its place; a whole date in order. Files of dates that
 * rest are closed again, so that years of trading cost no file handles.
 */
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { type ChainState, EMPTY_CHAIN, LINE_BYTES_MAX, NO_HASH, proveLine } from './chain.ts';
import { ChainFile, type Waiter } from './chain-file.ts';
import { type Disk, type DiskFile, readUpTo } from './disk.ts';
import { type JournalRecord, readRecord } from './entry.ts';
import { damagedPlaces, placeOf, recoverChain, scan, setAside } from './recover.ts';

/** The id index numbers files with 15 bits; what is on its way to the disk fits above this. */
const DATES_MAX = 30_000;
/** Handles of resting files that stay open. */
const OPEN_FILES_MAX = 8;
const FIRST_READ_BYTES = 4096;
const NAME = /^(\d{4}-\d{2}-\d{2})\.ndjson$/;

export interface JournalOptions {
  disk: Disk;
  folder: string;
  /** A write or sync failed for good: nothing more may be acknowledged. */
  onBroken: (error: AppError) => void;
}

export interface ReplayReport {
  date: string;
  entries: number;
  damaged: number;
  torn: boolean;
}

/** What a walk over one date's file found. */
export interface ChainReport {
  entries: number;
  head: string;
  /** Where the chain breaks first, if it does. */
  broken?: { line: number; offset: number; message: string };
}

export class Journal {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #onBroken: (error: AppError) => void;
  readonly #files = new Map<string, ChainFile>();
  readonly #damaged = new Map<string, number>();
  /** File numbers of the id index: position + 1. */
  readonly #dates: string[];
  readonly #numberOfDate: Map<string, number>;
  #lastUsed: string[] = [];

  /** @param dates the numbering of an earlier run, for the index that was kept with it */
  constructor(options: JournalOptions, dates: readonly string[] = []) {
    this.#disk = options.disk;
    this.#folder = options.folder;
    this.#onBroken = options.onBroken;
    this.#dates = [...dates];
    this.#numberOfDate = new Map(dates.map((date, i) => [date, i + 1]));
  }

  /** Reads every file back, from where `known` ends; must end before the first append. */
  async replay(
    known: ReadonlyMap<string, ChainState & { damaged: number }>,
    onRecord: (date: string, offset: number, record: JournalRecord) => void,
  ): Promise<ReplayReport[]> {
    await this.#disk.makeFolder(this.#folder);
    await this.#disk.syncFolder(this.#folder);
    const reports: ReplayReport[] = [];
    for (const name of await this.#disk.list(this.#folder)) {
      const date = NAME.exec(name)?.[1];
      if (date === undefined) continue;
      const { damaged: before, ...from } = known.get(date) ?? { ...EMPTY_CHAIN, damaged: 0 };
      const path = this.#pathOf(date);
      const { state, torn, damaged, breaks } = await recoverChain(
        this.#disk,
        path,
        from,
        (offset, line) => onRecord(date, offset, readRecord(line)),
      );
      this.#damaged.set(
        date,
        Math.max((await damagedPlaces(this.#disk, path)).size, before + breaks),
      );
      this.#files.set(date, new ChainFile(this.#disk, path, state, this.#onBroken));
      reports.push({ date, entries: state.entries - from.entries, torn, damaged });
    }
    return reports;
  }

  /** True when each of these files holds, just before that size, the line that is its head. */
  async endsAt(files: readonly (readonly [string, ChainState])[]): Promise<boolean> {
    for (const [date, { size, head }] of files) {
      const file = await this.#disk.openToRead(this.#pathOf(date));
      if (file === undefined) continue; // Deleted after its time; what it held is in the checkpoint.
      try {
        if (size > 0 && (await headBefore(file, size)) !== head) return false;
      } finally {
        await file.close();
      }
    }
    return true;
  }

  /** Dates with a file, oldest first. */
  dates(): string[] {
    return [...this.#files.keys()].sort();
  }

  /** What of a date would survive the plug. */
  state(date: string): ChainState {
    return this.#files.get(date)?.state ?? EMPTY_CHAIN;
  }

  /** Pieces of damage that were set aside on this date. */
  damaged(date: string): number {
    return this.#damaged.get(date) ?? 0;
  }

  /** The date's number in the id index, from 1. */
  fileNumber(date: string): number {
    const known = this.#numberOfDate.get(date);
    if (known !== undefined) return known;
    this.#dates.push(date);
    this.#numberOfDate.set(date, this.#dates.length);
    return this.#dates.length;
  }

  /** False for a new date when there are more than 80 years of them. */
  takesDate(date: string): boolean {
    return this.#dates.length < DATES_MAX || this.#numberOfDate.has(date);
  }

  dateOfFile(number: number): string | undefined {
    return this.#dates[number - 1];
  }

  numberedDates(): readonly string[] {
    return this.#dates;
  }

  append(date: string, body: string, waiter: Waiter): void {
    let file = this.#files.get(date);
    if (file === undefined) {
      file = new ChainFile(this.#disk, this.#pathOf(date), EMPTY_CHAIN, this.#onBroken);
      this.#files.set(date, file);
    }
    file.append(body, waiter);
    if (this.#lastUsed.at(-1) !== date) this.#touch(date);
  }

  /** @throws AppError `damaged` when no proven record begins there, `disk-error` */
  async read(date: string, offset: number): Promise<JournalRecord> {
    const file = await this.#disk.openToRead(this.#pathOf(date));
    if (file === undefined) throw noRecord(date, offset);
    try {
      for (let length = FIRST_READ_BYTES; length < 4 * LINE_BYTES_MAX; length *= 4) {
        const bytes = await readUpTo(file, length, offset);
        const end = bytes.indexOf(0x0a);
        if (end !== -1 && proveLine(bytes.subarray(0, end)) === undefined) break;
        if (end !== -1) return readRecord(bytes.subarray(0, end));
        if (bytes.length < length) break;
      }
    } finally {
      await file.close();
    }
    throw noRecord(date, offset);
  }

  /** The records of a date in their order, only those that are on disk. */
  async *records(date: string): AsyncGenerator<JournalRecord> {
    const file = await this.#disk.openToRead(this.#pathOf(date));
    if (file === undefined) return;
    const end = this.state(date).size;
    try {
      for await (const pieces of scan(file, 0)) {
        for (const { offset, bytes, proof } of pieces) {
          if (offset >= end) return;
          if (proof !== undefined) yield readRecord(bytes);
        }
      }
    } finally {
      await file.close();
    }
  }

  /** Walks the whole chain of a date and says where it breaks first. */
  verify(date: string): Promise<ChainReport> {
    return verifyChain(this.#disk, this.#pathOf(date), this.state(date).size);
  }

  /**
   * Reads again what a checkpoint vouched for, slowly. Wrong bytes are copied to `<date>.damaged`
   * and counted, but stay in their place: what they held is in the totals, and the index points
   * behind them.
   * @param goOn asked between chunks; false ends it
   * @returns pieces of damage that were not known yet
   */
  async check(date: string, goOn: () => Promise<boolean>): Promise<number> {
    const path = this.#pathOf(date);
    const end = this.state(date).size;
    const file = await this.#disk.openToRead(path);
    if (file === undefined) return 0;
    const known = await damagedPlaces(this.#disk, path);
    let found = 0;
    try {
      for await (const pieces of scan(file, 0)) {
        const wrong = pieces
          .filter(({ offset, proof }) => proof === undefined && offset < end)
          .filter(piece => !known.has(placeOf(piece)));
        if (wrong.length > 0) await setAside(this.#disk, path, wrong, 'damaged');
        found += wrong.length;
        this.#damaged.set(date, this.damaged(date) + wrong.length);
        if (!(await goOn())) break;
      }
    } finally {
      await file.close();
    }
    return found;
  }

  /** Deletes a date's file, and what was set aside from it, for ever. */
  async forget(date: string): Promise<void> {
    const file = this.#files.get(date);
    await file?.settle();
    await file?.release();
    this.#files.delete(date);
    this.#damaged.delete(date);
    this.#lastUsed = this.#lastUsed.filter(used => used !== date);
    await this.#disk.remove(this.#pathOf(date));
    await this.#disk.remove(join(this.#folder, `${date}.damaged`));
    await this.#disk.syncFolder(this.#folder);
  }

  /** Resolves when nothing is queued or in flight. */
  async settle(): Promise<void> {
    for (const file of this.#files.values()) await file.settle();
  }

  async stop(): Promise<void> {
    await this.settle();
    for (const file of this.#files.values()) await file.release();
  }

  #pathOf(date: string): string {
    return join(this.#folder, `${date}.ndjson`);
  }

  #touch(date: string): void {
    this.#lastUsed = [...this.#lastUsed.filter(used => used !== date), date];
    while (this.#lastUsed.length > OPEN_FILES_MAX) {
      const resting = this.#lastUsed.findIndex(used => this.#files.get(used)?.idle === true);
      if (resting === -1) return;
      const [name = ''] = this.#lastUsed.splice(resting, 1);
      void this.#files
        .get(name)
        ?.release()
        .catch(() => undefined); // Only a handle; data is synced.
    }
  }
}

/** Hash of the proven line that ends (with its newline) at this offset. */
export async function headBefore(file: DiskFile, end: number): Promise<string | undefined> {
  for (let length = FIRST_READ_BYTES; ; length *= 16) {
    const from = Math.max(0, end - length);
    const bytes = await readUpTo(file, end - from, from);
    if (bytes.length < end - from || bytes.at(-1) !== 0x0a) return undefined;
    const start = bytes.lastIndexOf(0x0a, -2) + 1;
    if (start > 0 || from === 0) return proveLine(bytes.subarray(start, -1))?.hash;
    if (length > LINE_BYTES_MAX) return undefined;
  }
}

function noRecord(date: string, offset: number): AppError {
  return new AppError('damaged', `journal ${date} holds no record at byte ${offset}`, {
    hint: 'Run `tillbook-agent verify` to see what is damaged.',
  });
}

/** @param end bytes that count; what is behind them is still being written */
export async function verifyChain(disk: Disk, path: string, end: number): Promise<ChainReport> {
  const file = await disk.openToRead(path);
  let head = NO_HASH;
  let entries = 0;
  let broken: ChainReport['broken'];
  if (file === undefined) return { entries, head };
  try {
    for await (const pieces of scan(file, 0)) {
      for (const { offset, proof } of pieces) {
        if (offset >= end) continue;
        if (proof !== undefined) entries += 1;
        const message =
          (proof === undefined && 'the line does not match its own hash') ||
          (proof?.prev !== head && 'the line does not follow the one before it');
        if (message) broken ??= { line: entries + (proof ? 0 : 1), offset, message };
        if (proof !== undefined) head = proof.hash;
      }
    }
  } finally {
    await file.close();
  }
  return broken === undefined ? { entries, head } : { entries, head, broken };
}
