/**
 * The relay's folder, opened: the database behind its lock, or PostgreSQL, and the key that unseals
 * its secrets.
 * Used by the running relay, and by a command while the relay is down.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isAppError } from '../protocol/errors.ts';
import { lockFolder } from '../protocol/host/folder-lock.ts';
import type { Logger } from '../protocol/host/log.ts';
import type { Db } from './db/db.ts';
import type { Damage } from './db/documents.ts';
import { openLowdb } from './db/lowdb.ts';
import { openPostgres } from './db/postgres.ts';
import { createSeal, readKeyFile, type Seal } from './db/seal.ts';
import { type WatchedDb, watchDays } from './db/watched.ts';
import { repairDays } from './inbox/repair.ts';

export interface Home {
  db: WatchedDb;
  seal: Seal;
  /** Told of days (`<store>/<date>`) that were made again from the summaries. */
  onRepaired(take: (key: string) => void): void;
  /** Finishes repairs and closes the database. */
  close(): Promise<void>;
}

/** How a command is named to others while it holds the folder. */
const COMMAND = 'a command of tillbook-relay';
/** A command holds the folder for less than this. */
const COMMAND_MAX_MS = 10_000;
const TRY_AGAIN_MS = 100;

export interface HomeOptions {
  /** A command waits for nobody, and a starting relay waits for a command. */
  isCommand?: boolean;
  dataDir: string;
  /** DATABASE_URL; undefined: the folder is the database. */
  databaseUrl?: string | undefined;
  /** RELAY_SECRET_KEY_FILE, when it was set. */
  secretKeyFile: string | undefined;
  log: Logger;
  /** The disk failed; the process should end. */
  onFatal: (error: unknown) => void;
}

/** Where the key that seals secrets is. */
export function keyFileOf(options: Pick<HomeOptions, 'dataDir' | 'secretKeyFile'>): string {
  return options.secretKeyFile ?? join(options.dataDir, 'secret.key');
}

/** @throws AppError folder-locked, damaged, disk-error, sealed-wrong-key, database-unavailable */
export async function openHome(options: HomeOptions): Promise<Home> {
  const { dataDir, log, onFatal } = options;
  const damages = new Mailbox<Damage>();
  const onDamage = (damage: Damage) => {
    log.error({ event: 'damaged', ...damage }, 'a file of the database was damaged');
    damages.put(damage);
  };
  const program = options.isCommand ? COMMAND : 'tillbook-relay';
  const open = () =>
    options.databaseUrl === undefined
      ? openLowdb(dataDir, { program, onFatal, onDamage })
      : openOnServer(dataDir, options.databaseUrl, options.isCommand === true);
  const db = watchDays(options.isCommand ? await open() : await afterCommands(open));
  const repaired = new Mailbox<string>();
  let repairs: Promise<unknown> = Promise.resolve();
  const repair = (damage: Damage) =>
    repairDays(db, log, damage, key => repaired.put(key)).catch(err =>
      log.error({ err, ...damage }, 'repair failed'),
    );
  // Damage may be found while the database is opened: it is mended now, one after another.
  damages.open(damage => {
    repairs = repairs.then(() => repair(damage));
  });
  const close = () => repairs.then(() => db.close());
  try {
    const isNew = (await db.get('settings', 'relay')) === undefined;
    const path = keyFileOf(options);
    const { key, older, open } = await readKeyFile(path, isNew);
    if (open) log.warn({ event: 'key-file-open', path }, 'others may read the key file: chmod 600');
    return { db, seal: createSeal(key, ...older), onRepaired: take => repaired.open(take), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The folder still holds the key and the control socket: one running relay each. */
async function openOnServer(dataDir: string, url: string, isCommand: boolean): Promise<Db> {
  if (isCommand) {
    // The key goes there, if this is the first that anybody does.
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    return await openPostgres(url);
  }
  const lock = await lockFolder(dataDir, 'tillbook-relay');
  try {
    const db = await openPostgres(url);
    return {
      get: (table, key) => db.get(table, key),
      list: (table, range) => db.list(table, range),
      write: work => db.write(work),
      close: () => db.close().finally(() => lock.release()),
      shared: db.shared,
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Keeps what comes before somebody takes it. */
class Mailbox<Item> {
  readonly #kept: Item[] = [];
  #take = (item: Item): void => void this.#kept.push(item);

  put(item: Item): void {
    this.#take(item);
  }

  open(take: (item: Item) => void): void {
    this.#take = take;
    for (const item of this.#kept.splice(0)) take(item);
  }
}

/** A service that starts while an operator's command is at work must not fail for that. */
async function afterCommands(open: () => Promise<Db>): Promise<Db> {
  for (let waitedMs = 0; ; waitedMs += TRY_AGAIN_MS) {
    try {
      return await open();
    } catch (error) {
      const byCommand = isAppError(error, 'folder-locked') && error.message.includes(COMMAND);
      if (!byCommand || waitedMs >= COMMAND_MAX_MS) throw error;
    }
    await wait(TRY_AGAIN_MS);
  }
}
