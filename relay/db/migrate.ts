/**
 * Brings a PostgreSQL database to the version this program knows, one numbered migration after
 * another, each whole or not at all. Relays that start at once wait for each other. Data of a newer
 * program, or a migration that was edited, is refused.
 */
import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { AppError } from '../../protocol/errors.ts';
import { rows } from './migrations/0001-rows.ts';
import { daysChanged } from './migrations/0002-days-changed.ts';

export interface Migration {
  /** 1, 2, 3, … without gaps. */
  number: number;
  name: string;
  sql: string;
}

export interface Migrated {
  version: number;
  /** Names of the migrations that were applied now. */
  applied: string[];
}

export const MIGRATIONS: readonly Migration[] = [rows, daysChanged];

/** Any number that nobody else in this database takes. */
const ADVISORY_LOCK = 7_164_551;
/** A big table takes its time; a relay that migrates serves nobody yet. */
const BEGIN = `BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
  SELECT pg_advisory_xact_lock(${ADVISORY_LOCK});
  CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, name text NOT NULL,
    digest text NOT NULL, at timestamptz NOT NULL DEFAULT now())`;

/** @throws AppError bad-setting for data that this program cannot work on */
export async function migrate(
  client: ClientBase,
  known: readonly Migration[] = MIGRATIONS,
): Promise<Migrated> {
  await checkEncoding(client);
  await client.query(BEGIN);
  try {
    const { rows: done } = await client.query<{ number: number; digest: string }>(
      'SELECT number, digest FROM migrations ORDER BY number',
    );
    checkVersions(done, known);
    const missing = known.slice(done.length);
    for (const migration of missing) await apply(client, migration);
    await client.query('COMMIT');
    return { version: known.length, applied: missing.map(({ name }) => name) };
  } catch (error) {
    // The connection is thrown away after this; a rollback that fails changes nothing.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

export function digestOf({ sql }: Migration): string {
  return createHash('sha256').update(sql).digest('base64url');
}

async function apply(client: ClientBase, migration: Migration): Promise<void> {
  await client.query(migration.sql);
  await client.query('INSERT INTO migrations (number, name, digest) VALUES ($1, $2, $3)', [
    migration.number,
    migration.name,
    digestOf(migration),
  ]);
}

/** @throws AppError bad-setting when the data are not this program's, or a newer one's */
export function checkVersions(
  done: readonly { number: number; digest: string }[],
  known: readonly Migration[],
): void {
  const newest = done.at(-1)?.number ?? 0;
  if (newest > known.length) {
    throw refused(
      `the database has version ${newest}, this program knows up to ${known.length}`,
      'start the newer tillbook-relay again, or restore the backup from before its migration',
    );
  }
  for (const [index, row] of done.entries()) {
    const migration = known[index];
    if (migration?.number === row.number && digestOf(migration) === row.digest) continue;
    throw refused(
      `migration ${row.number} of the database is not the one that this program knows`,
      'this database belongs to another program: name the right one',
    );
  }
}

/** Names of any script must fit. @throws AppError bad-setting */
export async function checkEncoding(client: ClientBase): Promise<void> {
  const { rows: found } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = found[0]?.server_encoding;
  if (encoding === 'UTF8') return;
  throw refused(`the database is encoded in ${encoding}`, 'createdb --encoding=UTF8 -T template0');
}

function refused(message: string, hint: string): AppError {
  return new AppError('bad-setting', message, { path: 'DATABASE_URL', hint });
}
