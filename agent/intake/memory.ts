/**
 * What the agent knows of the journal in memory: id index, numbers, day book. Restored at a start
 * from the checkpoint and the journal's lines after it; captured again now and then.
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { type AppError, isAppError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import { type DaySources, RunningDayBook } from '../day/day-book.ts';
import { type LoadedCheckpoint, readCheckpoint, writeCheckpoint } from '../journal/checkpoint.ts';
import { type Disk, diskError } from '../journal/disk.ts';
import { type Entry, isVoidable, type JournalRecord } from '../journal/entry.ts';
import { IdIndex, type Place } from '../journal/id-index.ts';
import { Journal } from '../journal/journal.ts';
import { Numbers } from '../journal/numbers.ts';
import type { EarlierFile } from './earlier.ts';

export interface Memory {
  journal: Journal;
  index: IdIndex;
  dayBook: RunningDayBook;
  /** Lines that were read since the checkpoint. */
  replayed: number;
  /** Dates whose lines before that were believed, not read. */
  believed: readonly string[];
}

export interface MemoryOptions {
  disk: Disk;
  dataDir: string;
  log: Logger;
  quarantined: (date: string) => number;
  onBroken: (error: AppError) => void;
  /** What is left of journals that were deleted after their time. */
  earlier: EarlierFile;
}

/** @throws AppError `disk-error` */
export async function restoreMemory(options: MemoryOptions): Promise<Memory> {
  const { disk, dataDir, log, earlier } = options;
  const checkpoint = await readCheckpoint(disk, checkpointPath(dataDir));
  const folder = join(dataDir, 'journal');
  const journal = new Journal(
    { disk, folder, onBroken: options.onBroken },
    checkpoint?.numberedDates,
  );
  const fits = checkpoint !== undefined && (await journal.endsAt(checkpoint.files));
  if (checkpoint !== undefined && !fits) {
    log.error('the journal does not end where the checkpoint says: it is read again as a whole');
  }
  const memory = fits
    ? fromCheckpoint(options, journal, checkpoint)
    : emptyMemory(options, new Journal({ disk, folder, onBroken: options.onBroken }));
  for (const row of earlier.data.terminals) memory.dayBook.numbers.adopt(row);
  await replay(memory, log, new Map(fits ? checkpoint.files : []));
  return memory;
}

/** Writes down what is known and on disk now. @throws the disk's error */
export async function keepMemory(disk: Disk, dataDir: string, memory: Memory): Promise<void> {
  const { journal, index, dayBook } = memory;
  await writeCheckpoint(disk, checkpointPath(dataDir), {
    seed: index.seed,
    numberedDates: journal.numberedDates(),
    files: journal
      .dates()
      .map(date => [date, { ...journal.state(date), damaged: journal.damaged(date) }]),
    numbers: dayBook.numbers.toJSON(),
    days: dayBook.states(),
    index: index.dump(),
  });
}

function checkpointPath(dataDir: string): string {
  return join(dataDir, 'checkpoint');
}

function emptyMemory(options: MemoryOptions, journal: Journal): Memory {
  const days = options.earlier.data.days.map(({ state }) => state);
  const dayBook = new RunningDayBook(sourcesOf(options, journal), new Numbers(), days);
  return { journal, dayBook, index: new IdIndex(randomInt(2 ** 32)), replayed: 0, believed: [] };
}

function fromCheckpoint(
  options: MemoryOptions,
  journal: Journal,
  { seed, index, numbers, days, files }: LoadedCheckpoint,
): Memory {
  const sizes = new Map(files.map(([date, { size }]) => [date, size]));
  // Behind a file's size: taken while the checkpoint was being written, and read again from the file.
  const isWithin = ({ file, offset }: Place) =>
    offset < (sizes.get(journal.dateOfFile(file) ?? '') ?? 0);
  const book = new RunningDayBook(sourcesOf(options, journal), new Numbers(numbers), days);
  const loaded = IdIndex.load(seed, index, isWithin);
  return { journal, dayBook: book, index: loaded, replayed: 0, believed: [...sizes.keys()] };
}

function sourcesOf({ quarantined }: MemoryOptions, journal: Journal): DaySources {
  return {
    quarantined,
    damaged: date => journal.damaged(date),
    head: date => journal.state(date).head,
  };
}

/** Adds what the files hold beyond the checkpoint; voids wait until every target is known. */
async function replay(
  memory: Memory,
  log: Logger,
  known: Parameters<Journal['replay']>[0],
): Promise<void> {
  const { journal, index, dayBook } = memory;
  const voids: { date: string; record: JournalRecord }[] = [];
  const reports = await journal.replay(known, (date, offset, record) => {
    const { terminal, transaction, receivedAt } = record;
    index.add(transaction.id, { file: journal.fileNumber(date), offset });
    if (transaction.type === 'void' && transaction.training !== true) voids.push({ date, record });
    else dayBook.add({ date, receivedAt, terminal, transaction }, Date.parse(receivedAt));
  });
  for (const { date, record } of voids) await replayVoid(memory, date, record);
  for (const { date, damaged, torn, entries } of reports) {
    memory.replayed += entries;
    if (torn) log.warn({ date }, 'a torn last line was cut off the journal');
    if (damaged > 0) log.error({ date, damaged }, 'the journal is damaged; intact lines are kept');
  }
}

async function replayVoid(memory: Memory, date: string, record: JournalRecord): Promise<void> {
  const { index, dayBook } = memory;
  const { terminal, transaction, receivedAt } = record;
  const found = await findTarget(memory, record);
  if (found === undefined) {
    // Its target was damaged: there is no money to take back, but the number is taken.
    dayBook.numbers.add(terminal, transaction.epoch, transaction.sequence);
    return;
  }
  index.setVoided(found.record.transaction.id, found.place);
  dayBook.add(entryOf(date, record, found.record), Date.parse(receivedAt));
}

/** The record that a void reverses, if this is one. @throws AppError `disk-error` */
export async function findTarget(
  { journal, index }: Pick<Memory, 'journal' | 'index'>,
  { transaction }: JournalRecord,
): Promise<{ record: JournalRecord; place: Place } | undefined> {
  if (transaction.type !== 'void') return undefined;
  return await findById({ journal, index }, transaction.voids);
}

/** The record with this id, read from disk; a damaged one is none. @throws AppError `disk-error` */
export async function findById(
  { journal, index }: Pick<Memory, 'journal' | 'index'>,
  id: string,
): Promise<{ record: JournalRecord; place: Place } | undefined> {
  for (const place of index.find(id)) {
    const date = journal.dateOfFile(place.file);
    if (date === undefined) continue;
    const record = await journal.read(date, place.offset).catch(passDamage);
    if (record?.transaction.id === id) return { record, place };
  }
  return undefined;
}

/** What is damaged cannot be compared: its number is still taken, so nothing counts twice. */
function passDamage(error: unknown): undefined {
  if (!isAppError(error, 'damaged')) throw diskError(error, 'reading the journal');
}

export function entryOf(
  date: string,
  { receivedAt, terminal, transaction }: JournalRecord,
  target: JournalRecord | undefined,
): Entry {
  const entry: Entry = { date, receivedAt, terminal, transaction };
  if (target !== undefined && isVoidable(target.transaction)) entry.target = target.transaction;
  return entry;
}
