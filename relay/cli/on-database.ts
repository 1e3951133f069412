/** Commands on the database as such: migrate it, write all of it to a file, read it from one. */
import { AppError } from '../../protocol/errors.ts';
import type { Db } from '../db/db.ts';
import { openLowdb } from '../db/lowdb.ts';
import { openPostgres } from '../db/postgres.ts';
import { exportTo, type Inventory, importFrom } from '../db/transfer.ts';

export interface OnDatabaseOptions {
  dataDir: string;
  databaseUrl?: string | undefined;
}

/** What a running relay does not do for us. */
export const DATABASE_COMMANDS: readonly string[] = ['migrate', 'export', 'import'];

/** @throws AppError folder-locked while a relay runs on the folder */
export async function runOnDatabase(
  options: OnDatabaseOptions,
  method: string,
  path: string,
): Promise<unknown> {
  const { dataDir, databaseUrl } = options;
  if (databaseUrl === undefined) {
    const db = await openLowdb(dataDir, { program: `tillbook-relay ${method}` });
    // Its files have needed no migration up to now: that they open is the check.
    if (method === 'migrate') return await db.close().then(() => ({ version: 1, applied: [] }));
    return await transfer(db, method, path);
  }
  const db = await openPostgres(databaseUrl);
  if (method === 'migrate') return await db.close().then(() => db.migrated);
  return await transfer(db, method, path);
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
