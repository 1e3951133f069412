/**
 * The embedded database: plain JSON files below one folder, written durably through lowdb. One
 * process (the folder's lock); transactions run one after another. Promise: see db.ts. After an I/O
 * error nothing is written any more: what the disk holds is unknown until the next start.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isAppError } from '../../protocol/errors.ts';
import { diskError } from '../../protocol/host/durable-file.ts';
import { type FolderLock, lockFolder } from '../../protocol/host/folder-lock.ts';
import type { Db, KeyRange, Row, TableName, Writer } from './db.ts';
import { type Content, type Damage, Documents } from './documents.ts';
import { PendingFile } from './pending.ts';
import { checkKey, PLACES } from './places.ts';
import { copy, normalize } from './plain-json.ts';
import type { Tables } from './records.ts';

const LIST_LIMIT = 10_000;

export interface LowdbOptions {
  /** Named to whoever finds the folder locked; `tillbook-relay` by default. */
  program?: string;
  /** A damaged file was replaced by its version before. */
  onDamage?: (damage: Damage) => void;
  /** The disk failed: the process should end (exit code 74). Called once. */
  onFatal?: (error: unknown) => void;
}

/** @throws AppError folder-locked, damaged, disk-error */
export async function openLowdb(folder: string, options: LowdbOptions = {}): Promise<Db> {
  const { program = 'tillbook-relay' } = options;
  const lock = await lockFolder(folder, program).catch(error => {
    throw folderError(folder, error);
  });
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeLeftovers(folder);
    const db = new LowDatabase(folder, lock, options);
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

/** Changes of one transaction by file, table and key; `undefined` is a removed row. */
type Changes = Map<string, Map<TableName, Map<string, unknown>>>;

class LowDatabase implements Db {
  readonly #documents: Documents;
  readonly #pending: PendingFile;
  readonly #lock: FolderLock;
  readonly #options: LowdbOptions;
  #queue: Promise<unknown> = Promise.resolve();
  /** A transaction that is made, but not yet in all of its documents (full disk). */
  #unfinished: ReadonlyMap<string, Content> | undefined;
  #broken: unknown;
  #closed = false;

  constructor(folder: string, lock: FolderLock, options: LowdbOptions) {
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
    return await listRows(this.#documents, table, range, new Map());
  }

  write<Result>(work: (tx: Writer) => Promise<Result>): Promise<Result> {
    const run = this.#queue.then(() => this.#transact(work));
    // The next transaction must not fail for this one: its own caller is told.
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    await this.#lock.release();
  }

  async #transact<Result>(work: (tx: Writer) => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new Error('the database is closed');
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#unfinished !== undefined) await this.#guarded(this.#unfinished);
    const tx = new LowTransaction(this.#documents);
    const result = await work(tx);
    const contents = await tx.outcome();
    if (contents.size > 0) await this.#commit(contents);
    return result;
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
    for (const [file, content] of contents) await this.#documents.replace(file, content);
    await this.#documents.show(contents);
    await this.#pending.remove();
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

class LowTransaction implements Writer {
  readonly #documents: Documents;
  readonly #changes: Changes = new Map();

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  async get<Name extends TableName>(table: Name, key: string): Promise<Tables[Name] | undefined> {
    const changed = this.#changes.get(PLACES[table].fileOf(key))?.get(table);
    if (changed?.has(key)) return copy(changed.get(key)) as Tables[Name] | undefined;
    return await readRow(this.#documents, table, key);
  }

  async list<Name extends TableName>(table: Name, range: KeyRange = {}): Promise<Row<Name>[]> {
    return await listRows(this.#documents, table, range, this.#changes);
  }

  async put<Name extends TableName>(table: Name, key: string, value: Tables[Name]): Promise<void> {
    checkKey(table, key);
    this.#change(table, key, normalize(value));
  }

  async remove<Name extends TableName>(table: Name, key: string): Promise<void> {
    checkKey(table, key);
    this.#change(table, key, undefined);
  }

  /** New contents of every document that this transaction changes. */
  async outcome(): Promise<Map<string, Content>> {
    const contents = new Map<string, Content>();
    for (const [file, tables] of this.#changes) {
      contents.set(file, merge(await this.#documents.read(file), tables));
    }
    return contents;
  }

  #change(table: TableName, key: string, value: unknown): void {
    const file = PLACES[table].fileOf(key);
    const tables = this.#changes.get(file) ?? new Map<TableName, Map<string, unknown>>();
    const rows = tables.get(table) ?? new Map<string, unknown>();
    this.#changes.set(file, tables.set(table, rows.set(key, value)));
  }
}

function merge(
  before: Content,
  tables: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): Content {
  const after = { ...before };
  for (const [table, rows] of tables) {
    const merged = new Map(Object.entries(before[table] ?? {}));
    for (const [key, value] of rows) {
      if (value === undefined) merged.delete(key);
      else merged.set(key, value);
    }
    after[table] = Object.fromEntries(merged);
  }
  return after;
}

async function readRow<Name extends TableName>(
  documents: Documents,
  table: Name,
  key: string,
): Promise<Tables[Name] | undefined> {
  checkKey(table, key);
  const rows = (await documents.read(PLACES[table].fileOf(key)))[table];
  if (rows === undefined || !Object.hasOwn(rows, key)) return undefined;
  return copy(rows[key]) as Tables[Name];
}

async function listRows<Name extends TableName>(
  documents: Documents,
  table: Name,
  range: KeyRange,
  changes: Changes,
): Promise<Row<Name>[]> {
  const { from = '', to, limit = LIST_LIMIT, reverse = false } = range;
  const rows: Row<Name>[] = [];
  for (const file of await filesOf(documents, table, range, changes)) {
    const found = new Map(Object.entries((await documents.read(file))[table] ?? {}));
    for (const [key, value] of changes.get(file)?.get(table) ?? []) found.set(key, value);
    const keys = [...found.keys()].filter(
      key => key >= from && (to === undefined || key < to) && found.get(key) !== undefined,
    );
    keys.sort();
    if (reverse) keys.reverse();
    for (const key of keys.slice(0, limit - rows.length)) {
      rows.push({ key, value: copy(found.get(key)) as Tables[Name] });
    }
    if (rows.length >= limit) break;
  }
  return rows;
}

/**
 * Documents that may hold rows of the range, in the order of their keys: a file's name without
 * `.json` is a whole key, or the beginning of its keys and of no other file's.
 */
async function filesOf(
  documents: Documents,
  table: TableName,
  range: KeyRange,
  changes: Changes,
): Promise<string[]> {
  const { from, to, reverse } = range;
  const { folder, fileOf } = PLACES[table];
  if (folder === undefined) return [fileOf('')];
  const below = await documents.namesBelow(folder + commonFolder(range));
  const changed = [...changes].filter(([, tables]) => tables.has(table)).map(([file]) => file);
  const beginnings = [...new Set([...below, ...changed])]
    .map(file => file.slice(folder.length + 1, -'.json'.length))
    .filter(
      start => (from === undefined || `${start}\uffff` >= from) && (to === undefined || start < to),
    )
    .sort();
  if (reverse) beginnings.reverse();
  return beginnings.map(start => `${folder}/${start}.json`);
}

/** `/shop` when all keys of the range begin with `shop/`: other stores' folders are not looked at. */
function commonFolder({ from = '', to = '' }: KeyRange): string {
  const cut = from.indexOf('/') + 1;
  return cut > 1 && to.startsWith(from.slice(0, cut)) ? `/${from.slice(0, cut - 1)}` : '';
}

/** Temporary files of a process that was killed. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
  }
}
