/**
 * The time zone of pages that belong to no store: when all open stores are in one zone, head office
 * most likely is, too; else UTC. Read once and kept for some seconds: it stands on every page.
 */
import type { Reader } from '../db/db.ts';

const KEPT_MS = 5_000;

export class CommonZone {
  readonly #db: Reader;
  readonly #now: () => number;
  #kept = 'UTC';
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(db: Reader, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  /** An IANA name. */
  async zone(): Promise<string> {
    if (this.#now() - this.#readAt < KEPT_MS) return this.#kept;
    this.#readAt = this.#now();
    const stores = (await this.#db.list('stores')).map(row => row.value);
    const zones = new Set(
      stores.filter(({ closedAt }) => closedAt === undefined).map(store => store.timezone),
    );
    const [only = 'UTC'] = zones;
    this.#kept = zones.size === 1 ? only : 'UTC';
    return this.#kept;
  }
}
