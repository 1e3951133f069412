/**
 * The database of a relay that is grown: rows in PostgreSQL, any number of relays at once.
 * Promise: see db.ts. Transactions are serializable and run again when they collide; a connection
 * that is lost fails only what was in hand, with a retryable error, and the next one is fresh.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Pool, type PoolClient } from 'pg';
import { AppError } from '../../protocol/errors.ts';
import type { Db, KeyRange, Row, Shared, TableName, Writer } from './db.ts';
import { type Migrated, migrate } from './migrate.ts';
import { PostgresNews } from './news.ts';
import { checkKey } from './places.ts';
import {
  isAnswerLost,
  isAway,
  isCollision,
  stateOf,
  translate,
  unavailable,
} from './postgres-errors.ts';
import type { DayRecord, Tables } from './records.ts';

const LIST_LIMIT = 10_000;
const CONNECTIONS_MAX = 10;
const CONNECT_MAX_MS = 10_000;
const STATEMENT_MAX_MS = 15_000;
/** The server's limit comes first: ours is for a server that does not answer any more. */
const ANSWER_MAX_MS = 20_000;
/** A relay that is frozen in the middle of a transaction holds up the others this long. */
const IDLE_IN_TRANSACTION_MAX_MS = 10_000;
const ATTEMPTS_MAX = 6;
/** From then on a transaction that collides waits for its turn and runs alone. */
const ATTEMPTS_TOGETHER = 3;
const COLLISION_WAIT_MS = 20;
const READ_ATTEMPTS_MAX = 3;
const READ_AGAIN_MS = 200;
/** How long we ask whether a commit was made whose answer was lost. */
const OUTCOME_MAX_MS = 20_000;
const OUTCOME_AGAIN_MS = 250;

export interface PostgresDb extends Db {
  /** What the opening did to the database. */
  migrated: Migrated;
  readonly shared: Shared;
}

const SQL_NAMES: Readonly<Record<TableName, string>> = {
  settings: 'settings',
  stores: 'stores',
  agentKeys: 'agent_keys',
  enrolmentCodes: 'enrolment_codes',
  heartbeats: 'heartbeats',
  days: 'days',
  summaries: 'summaries',
  connections: 'connections',
  consents: 'consents',
  charts: 'charts',
  users: 'users',
  links: 'links',
  sessions: 'sessions',
  apiTokens: 'api_tokens',
  audit: 'audit',
  leases: 'leases',
  alerts: 'alerts',
  webhooks: 'webhooks',
};

/**
 * Connects, and migrates the data if need be.
 * @param url `postgres://user:password@host:port/database`; a database of the relay's own
 * @throws AppError bad-setting, database-unavailable
 */
export async function openPostgres(url: string): Promise<PostgresDb> {
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MAX_MS,
    statement_timeout: STATEMENT_MAX_MS,
    query_timeout: ANSWER_MAX_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MAX_MS,
    application_name: 'tillbook-relay',
    keepAlive: true,
  });
  // Whoever uses the connection is told by its query; an idle one is replaced by the pool.
  pool.on('error', () => undefined);
  pool.on('connect', client => client.on('error', () => undefined));
  try {
    return new PostgresDatabase(pool, await migrateOnce(url), new PostgresNews(url, pool));
  } catch (error) {
    await pool.end();
    throw translate(error);
  }
}

/** On a connection of its own: a migration may take longer than a query. */
async function migrateOnce(url: string): Promise<Migrated> {
  const pool = new Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: CONNECT_MAX_MS,
    application_name: 'tillbook-relay migration',
  });
  // A connection that is let go may be cut before its farewell arrives.
  pool.on('error', () => undefined);
  pool.on('connect', client => client.on('error', () => undefined));
  try {
    const client = await pool.connect();
    try {
      return await migrate(client);
    } finally {
      client.release(true);
    }
  } finally {
    await pool.end();
  }
}

class PostgresDatabase implements PostgresDb {
  readonly migrated: Migrated;
  readonly shared: Shared;
  readonly #pool: Pool;
  readonly #news: PostgresNews;
  #closed = false;

  constructor(pool: Pool, migrated: Migrated, news: PostgresNews) {
    this.#pool = pool;
    this.#news = news;
    this.migrated = migrated;
    this.shared = {
      tell: key => news.tell(key),
      hear: listener => news.hear(listener),
      daysChangedSince: atMs => this.#read(query => selectChanged(query, atMs)),
      newestDays: (stores, limit) => this.#read(query => selectNewest(query, stores, limit)),
    };
  }

  async get<Name extends TableName>(table: Name, key: string): Promise<Tables[Name] | undefined> {
    return await this.#read(query => selectRow(query, table, key));
  }

  async list<Name extends TableName>(table: Name, range: KeyRange = {}): Promise<Row<Name>[]> {
    return await this.#read(query => selectRows(query, table, range));
  }

  async write<Result>(work: (tx: Writer) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#transact(work, attempt > ATTEMPTS_TOGETHER);
      } catch (error) {
        if (!isCollision(error) || attempt >= ATTEMPTS_MAX) throw translate(error);
      }
      await wait(Math.random() * COLLISION_WAIT_MS * attempt);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#news.close();
    await this.#pool.end();
  }

  /** A read changes nothing: on another connection it is asked again. */
  async #read<Result>(read: (query: Query) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await read((sql, values) => this.#pool.query(sql, values));
      } catch (error) {
        if (!isAway(error) || attempt >= READ_ATTEMPTS_MAX) throw translate(error);
      }
      await wait(READ_AGAIN_MS);
    }
  }

  async #transact<Result>(work: (tx: Writer) => Promise<Result>, alone: boolean): Promise<Result> {
    const client = await this.#begin(alone);
    const tx = new PgTransaction(client);
    let isGood = false;
    try {
      const result = await work(tx);
      await this.#commit(client, tx);
      isGood = true;
      return result;
    } catch (error) {
      isGood = await client.query('ROLLBACK').then(
        () => true,
        () => false,
      );
      throw tx.failure ?? error;
    } finally {
      client.release(!isGood);
    }
  }

  /** The pool may hand out a connection that died unnoticed: nothing was asked yet, so once more. */
  async #begin(alone: boolean): Promise<PoolClient> {
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.#pool.connect();
      try {
        await client.query(beginSql(alone));
        return client;
      } catch (error) {
        client.release(true);
        if (!isAway(error) || attempt >= CONNECTIONS_MAX) throw error;
        // A lock that is not to be had takes its time; a dead connection says so at once.
        if (stateOf(error) === '57014') throw error;
      }
    }
  }

  async #commit(client: PoolClient, tx: PgTransaction): Promise<void> {
    await tx.settled();
    try {
      const { command } = await client.query('COMMIT');
      // After an error that the work swallowed, COMMIT answers ROLLBACK.
      if (command !== 'COMMIT') throw tx.failure ?? new Error('the transaction was rolled back');
    } catch (error) {
      if (tx.id === undefined || tx.failure !== undefined || !isAnswerLost(error)) throw error;
      if (!(await this.#wasMade(tx.id))) throw error;
    }
  }

  /** The answer to a commit was lost: the server knows what became of the transaction. */
  async #wasMade(id: string): Promise<boolean> {
    const end = Date.now() + OUTCOME_MAX_MS;
    while (Date.now() < end) {
      try {
        const { rows } = await this.#pool.query('SELECT pg_xact_status($1::xid8) AS fate', [id]);
        const fate: unknown = rows[0]?.fate;
        if (fate !== 'in progress') return fate === 'committed';
      } catch (error) {
        // A server that crashed before it wrote anything of it has never heard of the id.
        if (!isAway(error)) return false;
      }
      await wait(OUTCOME_AGAIN_MS);
    }
    throw unavailable('whether the last change was made is not known');
  }
}

/**
 * One round trip. LOCK takes no snapshot, so who waits for the turn sees what the others did. An
 * index scan notes the rows it read; a scan of the whole table would collide with everybody.
 */
function beginSql(alone: boolean): string {
  return `BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL synchronous_commit = on;
    SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
    LOCK TABLE turn IN ${alone ? 'EXCLUSIVE' : 'ROW SHARE'} MODE`;
}

type Query = (sql: string, values: unknown[]) => Promise<{ rows: Record<string, unknown>[] }>;

class PgTransaction implements Writer {
  /** The server's name for it; undefined while nothing was changed. */
  id: string | undefined;
  /** The database's first complaint, whatever the work made of it. */
  failure: unknown;
  readonly #client: PoolClient;
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: PoolClient) {
    this.#client = client;
  }

  get<Name extends TableName>(table: Name, key: string): Promise<Tables[Name] | undefined> {
    // Serializable alone would let a write of the old holder land after the takeover was seen.
    const lock = table === 'leases' ? 'FOR UPDATE' : '';
    return selectRow((sql, values) => this.#query(sql, values), table, key, lock);
  }

  list<Name extends TableName>(table: Name, range: KeyRange = {}): Promise<Row<Name>[]> {
    return selectRows((sql, values) => this.#query(sql, values), table, range);
  }

  async put<Name extends TableName>(table: Name, key: string, value: Tables[Name]): Promise<void> {
    checkKey(table, key);
    const changed = table === 'days' ? ', changed = clock_timestamp()' : '';
    await this.#change(
      `INSERT INTO ${SQL_NAMES[table]} (key, value) VALUES ($1, $2)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value${changed}
        RETURNING pg_current_xact_id()::text AS id`,
      [key, JSON.stringify(value)],
    );
  }

  async remove<Name extends TableName>(table: Name, key: string): Promise<void> {
    checkKey(table, key);
    await this.#change(
      `DELETE FROM ${SQL_NAMES[table]} WHERE key = $1 RETURNING pg_current_xact_id()::text AS id`,
      [key],
    );
  }

  /** What it is now, not when the transaction began: it may have waited for its turn. */
  async clock(): Promise<number> {
    const { rows } = await this.#query(
      'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) AS now',
      [],
    );
    return Number(rows[0]?.['now']);
  }

  /** Everything that was asked has been answered. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #change(sql: string, values: unknown[]): Promise<void> {
    const { rows } = await this.#query(sql, values);
    if (rows[0] !== undefined) this.id = String(rows[0]['id']);
  }

  /** One after another: a connection does one thing at a time. */
  #query(sql: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }> {
    const run = this.#last.then(() => this.#client.query(sql, values));
    this.#last = run.catch(error => {
      this.failure ??= error;
    });
    return run.catch(error => {
      throw error instanceof AppError ? error : translate(error);
    });
  }
}

async function selectRow<Name extends TableName>(
  query: Query,
  table: Name,
  key: string,
  lock = '',
): Promise<Tables[Name] | undefined> {
  checkKey(table, key);
  const sql = `SELECT value FROM ${SQL_NAMES[table]} WHERE key = $1 ${lock}`;
  const { rows } = await query(sql, [key]);
  return rows[0]?.['value'] as Tables[Name] | undefined;
}

async function selectRows<Name extends TableName>(
  query: Query,
  table: Name,
  range: KeyRange,
): Promise<Row<Name>[]> {
  const { from = '', to, limit = LIST_LIMIT, reverse = false } = range;
  const end = to === undefined ? '' : 'AND key < $3';
  const { rows } = await query(
    `SELECT key, value FROM ${SQL_NAMES[table]} WHERE key >= $1 ${end}
      ORDER BY key ${reverse ? 'DESC' : 'ASC'} LIMIT $2`,
    to === undefined ? [from, limit] : [from, limit, to],
  );
  return rows as unknown as Row<Name>[];
}

/** Keys of a store's days lie between `<store>/` and `<store>0`, the sign after the slash. */
async function selectNewest(
  query: Query,
  stores: readonly string[],
  limit: number,
): Promise<DayRecord[]> {
  const { rows } = await query(
    `SELECT day.value FROM unnest($1::text[]) AS store, LATERAL (SELECT key, value FROM days
      WHERE key >= store || '/' AND key < store || '0' ORDER BY key DESC LIMIT $2) AS day`,
    [stores, limit],
  );
  return rows.map(({ value }) => value as DayRecord);
}

async function selectChanged(query: Query, atMs: number): Promise<string[]> {
  const { rows } = await query(
    'SELECT key FROM days WHERE changed >= to_timestamp($1::float8 / 1000)',
    [atMs],
  );
  return rows.map(({ key }) => String(key));
}
