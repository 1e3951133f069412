/**
 * Alerts that hold now, newest first, for the page of alerts and for the number that stands on every
 * page. Read once and kept until one changes: thousands of rows for each page would slow them all.
 */
import { listAll, type Reader } from '../db/db.ts';
import type { AlertRecord } from '../db/records.ts';

/** Another relay may have written meanwhile; alerts are looked for once a minute. */
const KEPT_MS = 5_000;

export class OpenAlerts {
  readonly #db: Reader;
  readonly #now: () => number;
  readonly #hearsAll: boolean;
  #kept: Promise<AlertRecord[]> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  /** @param onChanged tells of every change; without it what is kept soon counts as old */
  constructor(db: Reader, now: () => number, onChanged?: (listener: () => void) => void) {
    this.#db = db;
    this.#now = now;
    this.#hearsAll = onChanged !== undefined;
    onChanged?.(() => {
      this.#kept = undefined;
    });
  }

  /** Newest first; not to be changed. */
  async list(): Promise<readonly AlertRecord[]> {
    const isOld = !this.#hearsAll && this.#now() - this.#readAt >= KEPT_MS;
    if (this.#kept !== undefined && !isOld) return await this.#kept;
    this.#readAt = this.#now();
    const reading = this.#read();
    // The promise is kept, so that a change while it reads forgets it, too.
    this.#kept = reading;
    reading.catch(() => {
      if (this.#kept === reading) this.#kept = undefined;
    });
    return await reading;
  }

  async #read(): Promise<AlertRecord[]> {
    return (await listAll(this.#db, 'alerts'))
      .map(row => row.value)
      .filter(row => row.endedAt === undefined)
      .sort((a, b) => (a.since < b.since ? 1 : -1));
  }
}
