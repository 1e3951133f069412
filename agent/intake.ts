/**
 * The shop's memory and its front door: opens the journal, the quarantine and the day book of a
 * data folder, reads back what they hold, and gives the intake through which every message comes.
 */
import { join } from 'node:path';
import { AppError } from '../protocol/errors.ts';
import type { Logger } from '../protocol/host/log.ts';
import type { Clock } from './clock.ts';
import type { DayBook } from './day/day-book.ts';
import { startAudit } from './intake/audit.ts';
import { openEarlier } from './intake/earlier.ts';
import { forgetJournal } from './intake/forget-journal.ts';
import { Keeper } from './intake/keeper.ts';
import { entryOf, findTarget, type Memory, restoreMemory } from './intake/memory.ts';
import { Pending } from './intake/pending.ts';
import type { Intake, StoreCalendar, Verdict } from './intake/ports.ts';
import { ShopIntake } from './intake/shop-intake.ts';
import { type Disk, systemDisk } from './journal/disk.ts';
import type { Entry } from './journal/entry.ts';
import type { ChainReport } from './journal/journal.ts';
import { earlierFrom } from './journal/numbers.ts';
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
  /** What the relay knows of the machine before this one: its numbers are taken. */
  knownNumbers?: readonly KnownNumbers[];
}

/** A terminal's numbers up to `last`, all of them taken except the runs in `missing`. */
export interface KnownNumbers {
  terminal: string;
  epoch: number;
  last: number;
  missing: readonly [first: number, last: number][];
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
  /** Takes the numbers that another machine has used; again changes nothing. */
  adoptNumbers(known: readonly KnownNumbers[]): void;
  /** Deletes a date's journal: only after its receipt and its retention. Numbers stay taken. */
  forget(date: string): Promise<void>;
  stop(): Promise<void>;
}

/** @throws AppError `disk-error`, `damaged` */
export async function openShop(options: ShopOptions): Promise<Shop> {
  const { dataDir, log, onFatal, calendar, disk = systemDisk } = options;
  const reserveBytes = options.diskReserveMb * MIB;
  const storage = new Storage({ disk, folder: dataDir, reserveBytes });
  const onBroken = (error: AppError) => {
    log.error({ err: error }, 'the disk failed: no sale is acknowledged any more');
    storage.break(error);
    onFatal(error);
  };
  await disk.makeFolder(dataDir);
  const quarantine = new Quarantine({ disk, folder: join(dataDir, 'quarantine'), onBroken });
  await quarantine.replay();
  const quarantined = (date: string) => quarantine.count(date);
  const earlier = await openEarlier(disk, dataDir, log);
  const memory = await restoreMemory({ disk, dataDir, log, quarantined, onBroken, earlier });
  await storage.start();
  const { journal, dayBook } = memory;
  const keeper = new Keeper({ disk, dataDir, log, memory });
  const adoptNumbers = (known: readonly KnownNumbers[]) => {
    for (const row of known) dayBook.numbers.adopt(earlierFrom(row));
  };
  adoptNumbers(options.knownNumbers ?? []);
  const listeners = new Set<(entry: Entry) => void>();
  const duplicates = new Map<string, number>();
  const intake = new ShopIntake({
    ...{ clock: options.clock, calendar, storage, quarantine, ...memory, pending: new Pending() },
    onAccepted: entry => {
      keeper.count();
      for (const listener of listeners) listener(entry);
    },
    onDuplicate: () => {
      const today = calendar.today();
      duplicates.set(today, (duplicates.get(today) ?? 0) + 1);
    },
  });
  await intake.retryWaitingVoids();
  const auditor = startAudit(memory, calendar, log);
  return {
    intake,
    dayBook,
    journal: readerOf(memory),
    quarantine: deskOf(quarantine, intake, options.clock),
    duplicates: date => duplicates.get(date) ?? 0,
    storage: () => storage.status,
    onAccepted: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    adoptNumbers,
    forget: date => forgetJournal(date, memory, earlier, keeper),
    stop: async () => {
      await auditor.stop();
      await storage.stop();
      await journal.stop();
      await quarantine.stop();
      await keeper.stop();
    },
  };
}

function readerOf(memory: Memory): JournalReader {
  const { journal } = memory;
  return {
    dates: () => journal.dates(),
    verify: date => journal.verify(date),
    entries: async function* (date) {
      for await (const record of journal.records(date)) {
        yield entryOf(date, record, (await findTarget(memory, record))?.record);
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
    dismiss: async number => {
      const { outcome } = quarantine.get(number);
      if (outcome !== undefined) {
        throw new AppError('conflict', `number ${number} is settled already: ${outcome}`);
      }
      await quarantine.settle(number, 'dismissed', new Date(clock.nowMs()).toISOString());
    },
    count: date => quarantine.count(date),
  };
}
