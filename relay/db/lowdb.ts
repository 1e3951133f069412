/**
 * The embedded database: plain JSON files below one folder, written durably through lowdb. One
 * process (the folder's lock); transactions run one after another, and those that wait together
 * reach the disk together. Promise: see db.ts. After an I/O error nothing is written any more: what
 * the disk holds is unknown until the next start.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isAppError } from '../../protocol/errors.ts';
import { bringToVersion, type DataStep } from '../../protocol/host/data-version.ts';
import { diskError } from '../../protocol/host/durable-file.ts';
import { type FolderLock, lockFolder } from '../../protocol/host/folder-lock.ts';
import { RELAY_DATA } from './data-versions.ts';
import type { Db, KeyRange, Row, TableName, Writer } from './db.ts';
import { type Content, type Damage, Documents } from './documents.ts';
import { type Changes, LowTransaction, listRows, outcomeOf, readRow } from './low-rows.ts';
import type { Migrated } from './migrate.ts';
import { PendingFile } from './pending.ts';
import type { Tables } from './records.ts';

/** Transactions that share one commit; a big one only makes those in it wait for each other. */
const GROUP_MAX = 100;
/** Documents written at once: libuv has four threads for the disk. */
const WRITES_AT_ONCE = 4;

export interface LowdbOptions {
  /** Named to whoever finds the folder locked; `tillbook-relay` by default. */
  program?: string;
  /** A damaged file was replaced by its version before. */
  onDamage?: (damage: Damage) => void;
  /** The disk failed: the process should end (exit code 74). Called once. */
  onFatal?: (error: unknown) => void;
  /** Versions of the folder; this program's by default. */
  steps?: readonly DataStep[];
}

export interface LowDb extends Db {
  /** What the opening did to the folder. */
  migrated: Migrated;
}

/** @throws AppError folder-locked, bad-setting (newer data), damaged, disk-error */
export async function openLowdb(folder: string, options: LowdbOptions = {}): Promise<LowDb> {
  const { program = 'tillbook-relay' } = options;
  const lock = await lockFolder(folder, program).catch(error => {
    throw folderError(folder, error);
  });
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const steps = options.steps ?? RELAY_DATA.steps;
    const applied = await bringToVersion(folder, { ...RELAY_DATA, steps });
    await removeLeftovers(folder);
    const db = new LowDatabase(folder, lock, options, { version: steps.length, applied });
    await db.recover();
    return db;
  } catch (error) {
    await lock.release();
    throw folderError(folder, error);
  }
}

function folderError(folder: string, error: unknown): AppError {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EEXIST' && code !== 'ENOTDIR') return diskError(folder, error);
  return new AppError('bad-setting', `${folder} is no folder`, {
    path: 'RELAY_DATA_DIR',
    hint: 'name a folder in RELAY_DATA_DIR; it is made if it is not there',
    cause: error,
  });
}

/** A transaction that waits for its turn, and for the disk. */
interface Waiting {
  /** Does the work on top of what the group has changed so far, and adds its own changes. */
  run(group: Changes): Promise<void>;
  /** The group is on disk: its caller is told what came of it. */
  made(): void;
  /** Nothing of the group was made. */
  failed(error: unknown): void;
}

class LowDatabase implements LowDb {
  readonly migrated: Migrated;
  readonly #documents: Documents;
  readonly #pending: PendingFile;
  readonly #lock: FolderLock;
  readonly #options: LowdbOptions;
  readonly #waiting: Waiting[] = [];
  #work: Promise<void> | undefined;
  /** A transaction that is made, but not yet in all of its documents (full disk). */
  #unfinished: ReadonlyMap<string, Content> | undefined;
  #broken: unknown;
  #closed = false;

  constructor(folder: string, lock: FolderLock, options: LowdbOptions, migrated: Migrated) {
    this.migrated = migrated;
    this.#documents = new Documents(folder, damage => options.onDamage?.(damage));
    this.#pending = new PendingFile(join(folder, 'pending.json'));
    this.#lock = lock;
    this.#options = options;
  }

  async recover(): Promise<void> {
    const pending = await this.#pending.read();
    if (pending === undefined) return;
    await this.#finish(new Map(Object.entries(pending)));
  }

  async get<Name extends TableName>(table: Name, key: string): Promise<Tables[Name] | undefined> {
    return await readRow(this.#documents, table, key);
  }

  async list<Name extends TableName>(table: Name, range: KeyRange = {}): Promise<Row<Name>[]> {
    return await listRows(this.#documents, table, range, []);
  }

  write<Result>(work: (tx: Writer) => Promise<Result>): Promise<Result> {
    return new Promise((done, failed) => {
      this.#waiting.push(waiting(this.#documents, work, done, failed));
      this.#work ??= this.#workOff();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#work;
    await this.#lock.release();
  }

  async #workOff(): Promise<void> {
    // What is asked for in the same turn of the loop goes together.
    await undefined;
    while (this.#waiting.length > 0) await this.#together(this.#waiting.splice(0, GROUP_MAX));
    this.#work = undefined;
  }

  /** One after another in memory, then all at once on disk, and only then is anybody told. */
  async #together(group: readonly Waiting[]): Promise<void> {
    try {
      if (this.#closed) throw new Error('the database is closed');
      if (this.#broken !== undefined) throw this.#broken;
      if (this.#unfinished !== undefined) await this.#guarded(this.#unfinished);
      const changes: Changes = new Map();
      for (const transaction of group) await transaction.run(changes);
      const contents = await outcomeOf(this.#documents, changes);
      if (contents.size > 0) await this.#commit(contents);
    } catch (error) {
      for (const transaction of group) transaction.failed(error);
      return;
    }
    for (const transaction of group) transaction.made();
  }

  async #commit(contents: ReadonlyMap<string, Content>): Promise<void> {
    try {
      const [only] = contents;
      if (contents.size === 1 && only !== undefined) {
        await this.#documents.replace(...only);
        await this.#documents.show(contents);
        return;
      }
      await this.#pending.write(contents);
    } catch (error) {
      throw this.#judge(error);
    }
    this.#unfinished = contents;
    this.#documents.keep(contents.keys());
    await this.#documents.show(contents);
    // It is made already: a full disk now only puts the rest off to before the next transaction.
    await this.#guarded(contents).catch(error => {
      if (!isAppError(error, 'disk-full')) throw error;
    });
  }

  async #guarded(contents: ReadonlyMap<string, Content>): Promise<void> {
    try {
      await this.#finish(contents);
      this.#unfinished = undefined;
      this.#documents.keep([]);
    } catch (error) {
      throw this.#judge(error);
    }
  }

  async #finish(contents: ReadonlyMap<string, Content>): Promise<void> {
    await this.#replaceAll(contents);
    await this.#documents.show(contents);
    await this.#pending.remove();
  }

  /** In any order: they are repeated as a whole if it breaks off. No write outlives this call. */
  async #replaceAll(contents: ReadonlyMap<string, Content>): Promise<void> {
    const queue = contents.entries();
    const errors: unknown[] = [];
    const lane = async () => {
      for (const [file, content] of queue) {
        await this.#documents.replace(file, content).catch(error => errors.push(error));
        if (errors.length > 0) return;
      }
    };
    await Promise.all(Array.from({ length: WRITES_AT_ONCE }, lane));
    if (errors.length > 0) throw errors.find(error => !isAppError(error, 'disk-full')) ?? errors[0];
  }

  /** A full disk has changed nothing. Anything else leaves the disk in an unknown state. */
  #judge(error: unknown): unknown {
    if (!isAppError(error, 'disk-full') && this.#broken === undefined) {
      this.#broken = error;
      this.#options.onFatal?.(error);
    }
    return error;
  }
}

/** What failed was not made, but may have seen what the group was about to make: it is told last. */
function waiting<Result>(
  documents: Documents,
  work: (tx: Writer) => Promise<Result>,
  done: (result: Result) => void,
  failed: (error: unknown) => void,
): Waiting {
  let tell = () => failed(new Error('the transaction was not run'));
  return {
    run: async group => {
      const tx = new LowTransaction(documents, group);
      try {
        const result = await work(tx);
        tx.join();
        tell = () => done(result);
      } catch (error) {
        tell = () => failed(error);
      }
    },
    made: () => tell(),
    failed,
  };
}

/** Temporary files of a process that was killed. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
  }
}
