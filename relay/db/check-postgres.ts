/**
 * Looks at a PostgreSQL database without changing it: can it be reached, is it new enough, is it the
 * relay's, must it be migrated? For `--check`.
 */
import { Pool, type PoolClient } from 'pg';
import { AppError } from '../../protocol/errors.ts';
import { checkEncoding, checkVersions, MIGRATIONS } from './migrate.ts';
import { translate } from './postgres-errors.ts';

const CONNECT_MAX_MS = 5_000;
const QUERY_MAX_MS = 5_000;
/** The oldest that is still maintained by its authors and tried by us. */
const VERSION_MIN = 140_000;

export interface Looked {
  /** False: the start will migrate it. */
  upToDate: boolean;
}

/** @throws AppError bad-setting, database-unavailable */
export async function lookAtPostgres(url: string): Promise<Looked> {
  const pool = new Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: CONNECT_MAX_MS,
    query_timeout: QUERY_MAX_MS,
    application_name: 'tillbook-relay --check',
  });
  // A connection that is cut is told by its query.
  pool.on('error', () => undefined);
  pool.on('connect', client => client.on('error', () => undefined));
  try {
    const client = await pool.connect();
    try {
      return await look(client);
    } finally {
      client.release(true);
    }
  } catch (error) {
    throw translate(error);
  } finally {
    await pool.end();
  }
}

async function look(client: PoolClient): Promise<Looked> {
  const { rows } = await client.query<{ version: number; migrated: boolean; create: boolean }>(
    `SELECT current_setting('server_version_num')::int AS version,
       to_regclass('migrations') IS NOT NULL AS migrated,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS create`,
  );
  const [found] = rows;
  if (found === undefined || found.version < VERSION_MIN) {
    throw refused(`the server is PostgreSQL ${found?.version}`, 'use version 14 or newer');
  }
  await checkEncoding(client);
  const done = found.migrated ? await readDone(client) : [];
  checkVersions(done, MIGRATIONS);
  const upToDate = done.length === MIGRATIONS.length;
  if (!upToDate && !found.create) {
    throw refused('its user may not make tables', 'make that user the owner of the database');
  }
  return { upToDate };
}

async function readDone(client: PoolClient): Promise<{ number: number; digest: string }[]> {
  const { rows } = await client.query<{ number: number; digest: string }>(
    'SELECT number, digest FROM migrations ORDER BY number',
  );
  return rows;
}

function refused(message: string, hint: string): AppError {
  return new AppError('bad-setting', message, { path: 'DATABASE_URL', hint });
}
