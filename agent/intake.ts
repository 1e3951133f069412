/**
 * The shop's memory and its front door: opens the journal, the quarantine and the day book of a
 * data folder, reads back what they hold, and gives the intake through which every message comes.
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { AppError } from '../protocol/errors.ts';
import type { Logger } from '../protocol/host/log.ts';
import type { Clock } from './clock.ts';
import { type DayBook, RunningDayBook } from './day/day-book.ts';
import { Pending } from './intake/pending.ts';
import type { Intake, StoreCalendar, Verdict } from './intake/ports.ts';
import { ShopIntake } from './intake/shop-intake.ts';
import { type Disk, systemDisk } from './journal/disk.ts';
import { type Entry, isVoidable, type JournalRecord } from './journal/entry.ts';
import { IdIndex } from './journal/id-index.ts';
import { type ChainReport, Journal } from './journal/journal.ts';
import { Quarantine } from './journal/quarantine.ts';
import type { QuarantinedItem } from './journal/quarantine-line.ts';
import { Storage, type StorageStatus } from './journal/storage.ts';

const MIB = 1024 * 1024;

export interface ShopOptions {
  dataDir: string;
  clock: Clock;
  calendar: StoreCalendar;
  log: Logger;
  /** Free space below which sales are refused, MiB. */
  diskReserveMb: number;
  /** Nothing can be stored any more: the process must end (exit code 74) within 5 s. */
  onFatal: (error: AppError) => void;
  disk?: Disk;
}

/** What the rest of the agent may ask of the journal. */
export interface JournalReader {
  /** Dates with a journal file, oldest first. */
  dates(): string[];
  /** The accepted messages of a date in the order of their receipt, voids with their target. */
  entries(date: string): AsyncGenerator<Entry>;
  /** Walks the chain of a date and says where it breaks first. */
  verify(date: string): Promise<ChainReport>;
}

export interface QuarantineDesk {
  /** Open items, oldest first. */
  list(): QuarantinedItem[];
  /** @throws AppError `not-found` */
  show(number: number): Promise<{ item: QuarantinedItem; payload: Buffer }>;
  /** @throws AppError `not-found`, `conflict` when it is settled already */
  retry(number: number): Promise<Verdict>;
  /** @throws AppError `not-found`, `conflict` when it is settled already */
  dismiss(number: number): Promise<void>;
  /** Received on this date and still set aside. */
  count(date: string): number;
}

export interface Shop {
  intake: Intake;
  dayBook: DayBook;
  journal: JournalReader;
  quarantine: QuarantineDesk;
  /** Duplicates that came in since the start, by business date of receipt. */
  duplicates(date: string): number;
  storage(): StorageStatus;
  /** Called once per accepted message, after its sync. Returns how to stop listening. */
  onAccepted(listener: (entry: Entry) => void): () => void;
  stop(): Promise<void>;
}

/** @throws AppError `disk-error`, `damaged` */
export async function openShop(options: ShopOptions): Promise<Shop> {
  const parts = makeParts(options);
  const { journal, quarantine, storage, index, dayBook } = parts;
  await storage.start();
  await quarantine.replay();
  await replayJournal(options, journal, index, dayBook);
  const listeners = new Set<(entry: Entry) => void>();
  const duplicates = new Map<string, number>();
  const intake = new ShopIntake({
    ...options,
    ...parts,
    pending: new Pending(),
    onAccepted: entry => {
      for (const listener of listeners) listener(entry);
    },
    onDuplicate: () => {
      const today = options.calendar.today();
      duplicates.set(today, (duplicates.get(today) ?? 0) + 1);
    },
  });
  await intake.retryWaitingVoids();
  return {
    intake,
    dayBook,
    journal: readerOf(journal, index),
    quarantine: deskOf(quarantine, intake, options.clock),
    duplicates: date => duplicates.get(date) ?? 0,
    storage: () => storage.status,
    onAccepted: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: async () => {
      await storage.stop();
      await journal.stop();
      await quarantine.stop();
    },
  };
}

function makeParts({ dataDir, diskReserveMb, onFatal, log, disk = systemDisk }: ShopOptions) {
  const storage = new Storage({ disk, folder: dataDir, reserveBytes: diskReserveMb * MIB });
  const onBroken = (error: AppError) => {
    if (storage.status.ready || storage.refusal()?.code !== 'disk-error') {
      log.error({ err: error }, 'the disk failed: no sale is acknowledged any more');
    }
    storage.break(error);
    onFatal(error);
  };
  const journal = new Journal({ disk, folder: join(dataDir, 'journal'), onBroken });
  const quarantine = new Quarantine({ disk, folder: join(dataDir, 'quarantine'), onBroken });
  const index = new IdIndex(randomInt(2 ** 32));
  const dayBook = new RunningDayBook({
    quarantined: date => quarantine.count(date),
    damaged: date => journal.damaged(date),
    head: date => journal.state(date).head,
  });
  return { storage, journal, quarantine, index, dayBook };
}

/** Fills index and day book from the files; voids wait until every target is known. */
async function replayJournal(
  { log }: ShopOptions,
  journal: Journal,
  index: IdIndex,
  dayBook: RunningDayBook,
): Promise<void> {
  const voids: { date: string; record: JournalRecord }[] = [];
  const reports = await journal.replay(new Map(), (date, offset, record) => {
    const { terminal, transaction, receivedAt } = record;
    index.add(transaction.id, { file: journal.fileNumber(date), offset });
    if (transaction.type === 'void' && transaction.training !== true) voids.push({ date, record });
    else dayBook.add({ date, receivedAt, terminal, transaction }, Date.parse(receivedAt));
  });
  for (const { date, record } of voids) {
    const target = await findTarget(journal, index, record);
    if (target === undefined) {
      // Its target was damaged: there is no money to take back, but the number is taken.
      const { epoch, sequence } = record.transaction;
      dayBook.numbers.add(record.terminal, epoch, sequence);
      continue;
    }
    index.setVoided(target.transaction.id, target.place);
    const entry = entryOf(date, record, target);
    dayBook.add(entry, Date.parse(record.receivedAt));
  }
  for (const { date, damaged, torn } of reports) {
    if (torn) log.warn({ date }, 'a torn last line was cut off the journal');
    if (damaged > 0) log.error({ date, damaged }, 'the journal is damaged; intact lines are kept');
  }
}

interface FoundTarget {
  transaction: JournalRecord['transaction'];
  place: { file: number; offset: number };
}

async function findTarget(
  journal: Journal,
  index: IdIndex,
  { transaction }: JournalRecord,
): Promise<FoundTarget | undefined> {
  if (transaction.type !== 'void') return undefined;
  for (const place of index.find(transaction.voids)) {
    const date = journal.dateOfFile(place.file);
    if (date === undefined) continue;
    const found = await journal.read(date, place.offset);
    if (found.transaction.id === transaction.voids) {
      return { transaction: found.transaction, place };
    }
  }
  return undefined;
}

function entryOf(date: string, record: JournalRecord, target: FoundTarget | undefined): Entry {
  const { receivedAt, terminal, transaction } = record;
  const entry: Entry = { date, receivedAt, terminal, transaction };
  if (target !== undefined && isVoidable(target.transaction)) entry.target = target.transaction;
  return entry;
}

function readerOf(journal: Journal, index: IdIndex): JournalReader {
  return {
    dates: () => journal.dates(),
    verify: date => journal.verify(date),
    entries: async function* (date) {
      for await (const record of journal.records(date)) {
        yield entryOf(date, record, await findTarget(journal, index, record));
      }
    },
  };
}

function deskOf(quarantine: Quarantine, intake: ShopIntake, clock: Clock): QuarantineDesk {
  return {
    list: () => quarantine.list(),
    show: async number => ({
      item: quarantine.get(number),
      payload: await quarantine.payload(number),
    }),
    retry: number => intake.retry(number),
    dismiss: number =>
      quarantine.settle(number, 'dismissed', new Date(clock.nowMs()).toISOString()),
    count: date => quarantine.count(date),
  };
}
