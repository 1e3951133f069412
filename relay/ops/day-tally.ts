/**
 * All store-days counted: how many in each state, how long the oldest has waited, what stands in
 * Xero. Comes in: the database and news of changed days. Goes out: counts. Read whole once, then
 * only what changed, so that a scrape of 200 stores × 400 days costs next to nothing.
 */
import { type Db, keysUnder, listAll } from '../db/db.ts';
import type { DayRecord, DayState, DocumentRecord } from '../db/records.ts';
import type { DayListener } from '../db/watched.ts';

export interface DayCounts {
  days: ReadonlyMap<DayState, number>;
  documents: ReadonlyMap<DocumentRecord['state'], number>;
  /** When the summary came that waits longest for the books, RFC 3339. */
  waitingSince: string | undefined;
}

interface Mark {
  state: DayState;
  documents: readonly DocumentRecord['state'][];
  waitingSince: string | undefined;
}

/** Another process may have written, too: everything is read again after this long. */
const WHOLE_READ_MS = 3_600_000;
/** Delivered, and neither in the books nor finished in another way. */
const WAITING: readonly DayState[] = ['received', 'waiting', 'posting'];

export class DayTally {
  readonly #db: Db;
  readonly #clock: () => number;
  readonly #marks = new Map<string, Mark>();
  readonly #changed = new Set<string>();
  #wholeAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> = Promise.resolve();

  constructor(db: Db, clock: () => number, onDayChanged: (listener: DayListener) => void) {
    this.#db = db;
    this.#clock = clock;
    onDayChanged(key => this.#changed.add(key));
  }

  /** One reading at a time: two scrapes at once share the work of the first. */
  async count(): Promise<DayCounts> {
    const reading = this.#reading.catch(() => undefined).then(() => this.#read());
    this.#reading = reading;
    await reading;
    return countsOf(this.#marks.values());
  }

  async #read(): Promise<void> {
    const now = this.#clock();
    if (now - this.#wholeAt < WHOLE_READ_MS) return await this.#readChanged();
    // What changes from here on is read again next time, whether this reading saw it or not.
    this.#changed.clear();
    const marks = new Map<string, Mark>();
    for (const { key: store } of await listAll(this.#db, 'stores')) {
      for (const { key, value } of await this.#db.list('days', keysUnder(`${store}/`))) {
        marks.set(key, markOf(value));
      }
    }
    this.#marks.clear();
    for (const [key, mark] of marks) this.#marks.set(key, mark);
    this.#wholeAt = now;
  }

  async #readChanged(): Promise<void> {
    for (const key of [...this.#changed]) {
      this.#changed.delete(key);
      try {
        const day = await this.#db.get('days', key);
        if (day === undefined) this.#marks.delete(key);
        else this.#marks.set(key, markOf(day));
      } catch (error) {
        this.#changed.add(key);
        throw error;
      }
    }
  }
}

function markOf({ state, documents, revisions }: DayRecord): Mark {
  const since = WAITING.includes(state) ? revisions.at(-1)?.receivedAt : undefined;
  return { state, documents: documents.map(document => document.state), waitingSince: since };
}

function countsOf(marks: Iterable<Mark>): DayCounts {
  const days = new Map<DayState, number>();
  const documents = new Map<DocumentRecord['state'], number>();
  let waitingSince: string | undefined;
  for (const mark of marks) {
    days.set(mark.state, (days.get(mark.state) ?? 0) + 1);
    for (const state of mark.documents) documents.set(state, (documents.get(state) ?? 0) + 1);
    const since = mark.waitingSince;
    if (since !== undefined && (waitingSince === undefined || since < waitingSince)) {
      waitingSince = since;
    }
  }
  return { days, documents, waitingSince };
}
