/**
 * Commands on the database as such: migrate it, write all of it to a file, read it from one, seal
 * its secrets with a new key. All relays are stopped for them.
 */
import { randomUUID } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import { lockFolder } from '../../protocol/host/folder-lock.ts';
import type { Clock } from '../clock.ts';
import type { Db } from '../db/db.ts';
import { releaseLease, takeLease } from '../db/lease.ts';
import { openLowdb } from '../db/lowdb.ts';
import { openPostgres } from '../db/postgres.ts';
import { changeKey } from '../db/reseal.ts';
import { exportTo, type Inventory, importFrom } from '../db/transfer.ts';
import { keyFileOf } from '../home.ts';

/** Sealing anew takes a second or two. */
const LEASE_MS = 60_000;

export interface OnDatabaseOptions {
  dataDir: string;
  databaseUrl?: string | undefined;
  secretKeyFile: string | undefined;
  clock: Clock;
}

/** What a running relay does not do for us. */
export const DATABASE_COMMANDS: readonly string[] = ['migrate', 'export', 'import', 'key rotate'];

/** @throws AppError folder-locked while a relay runs on the folder */
export async function runOnDatabase(
  options: OnDatabaseOptions,
  method: string,
  path: string,
): Promise<unknown> {
  const { dataDir, databaseUrl } = options;
  if (method === 'key rotate') return await rotateKey(options);
  if (databaseUrl === undefined) {
    const db = await openLowdb(dataDir, { program: `tillbook-relay ${method}` });
    if (method === 'migrate') return await db.close().then(() => db.migrated);
    return await transfer(db, method, path);
  }
  const db = await openPostgres(databaseUrl);
  if (method === 'migrate') return await db.close().then(() => db.migrated);
  return await transfer(db, method, path);
}

/** The folder's lock keeps this machine's relay away; others on the database show by their lease. */
async function rotateKey(options: OnDatabaseOptions): Promise<{ secrets: number }> {
  const { clock, dataDir, databaseUrl } = options;
  const program = 'tillbook-relay key rotate';
  if (databaseUrl === undefined) {
    const db = await openLowdb(dataDir, { program });
    return await changeKey(db, keyFileOf(options), clock).finally(() => db.close());
  }
  const lock = await lockFolder(dataDir, program);
  const db = await openPostgres(databaseUrl).catch(async error => {
    await lock.release();
    throw error;
  });
  // As long as it is ours nobody posts; a relay that is stopped has let go of it.
  const wanted = { name: 'poster', holder: randomUUID(), ttlMs: LEASE_MS, clock };
  const lease = await takeLease(db, wanted);
  try {
    if (lease !== undefined) return await changeKey(db, keyFileOf(options), clock);
    throw new AppError('conflict', 'another relay is at work on this database', {
      hint: 'stop all relays; after a crash of one, wait a minute',
    });
  } finally {
    if (lease !== undefined) await releaseLease(db, lease);
    await db.close();
    await lock.release();
  }
}

async function transfer(db: Db, method: string, path: string): Promise<{ tables: Inventory }> {
  try {
    if (method === 'export') return { tables: await exportTo(db, path) };
    if (method === 'import') return { tables: await importFrom(db, path) };
    throw new AppError('not-found', `no such command: ${method}`);
  } finally {
    await db.close();
  }
}
