/**
 * What relays on one PostgreSQL tell each other (LISTEN/NOTIFY): the keys of days that have work.
 * Told after the commit and in groups, since a NOTIFY within a transaction makes all commits wait
 * for each other. Promise: soon, not for certain; what is missed is found by the poster's scan.
 * https://www.postgresql.org/docs/current/sql-notify.html
 */
import { Client, type Pool } from 'pg';
import type { News } from './db.ts';

const CHANNEL = 'tillbook_days';
const GROUP_MS = 50;
/** A NOTIFY takes less than 8,000 bytes; a key is at most some 200. */
const KEYS_MAX = 35;
const CONNECT_MAX_MS = 10_000;
const AGAIN_MS = 1_000;

export class PostgresNews implements News {
  readonly #url: string;
  readonly #pool: Pool;
  readonly #listeners: ((key?: string) => void)[] = [];
  readonly #waiting = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #client: Client | undefined;
  #closed = false;

  /** @param pool for telling; hearing needs a connection of its own */
  constructor(url: string, pool: Pool) {
    this.#url = url;
    this.#pool = pool;
  }

  tell(key = ''): void {
    this.#waiting.add(key);
    this.#timer ??= setTimeout(() => void this.#flush(), GROUP_MS).unref();
  }

  hear(listener: (key?: string) => void): void {
    this.#listeners.push(listener);
    if (this.#listeners.length === 1) void this.#listen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#flush();
    await this.#client?.end().catch(() => undefined);
  }

  async #flush(): Promise<void> {
    this.#timer = undefined;
    const keys = [...this.#waiting];
    this.#waiting.clear();
    for (let at = 0; at < keys.length; at += KEYS_MAX) {
      const told = JSON.stringify(keys.slice(at, at + KEYS_MAX));
      // Another installation may live in another schema of the same database.
      const sql = `SELECT pg_notify('${CHANNEL}', json_build_object(
        'schema', current_schema(), 'keys', $1::json)::text)`;
      await this.#pool.query(sql, [told]).catch(() => undefined);
    }
  }

  /** Until it is closed: a connection that is lost is replaced. */
  async #listen(): Promise<void> {
    const client = new Client({
      connectionString: this.#url,
      connectionTimeoutMillis: CONNECT_MAX_MS,
      application_name: 'tillbook-relay news',
      keepAlive: true,
    });
    let isOver = false;
    const again = () => {
      if (isOver) return;
      isOver = true;
      client.end().catch(() => undefined);
      if (!this.#closed) setTimeout(() => void this.#listen(), AGAIN_MS).unref();
    };
    client.on('error', again);
    client.on('end', again);
    this.#client = client;
    try {
      await client.connect();
      const { rows } = await client.query<{ name: string }>('SELECT current_schema() AS name');
      client.on('notification', ({ payload }) => this.#heard(payload ?? '', rows[0]?.name));
      await client.query(`LISTEN ${CHANNEL}`);
    } catch {
      again();
    }
  }

  #heard(payload: string, schema: string | undefined): void {
    const said = JSON.parse(payload) as { schema: string; keys: string[] };
    if (said.schema !== schema) return;
    for (const key of said.keys) {
      for (const listener of this.#listeners) listener(key === '' ? undefined : key);
    }
  }
}
