/**
 * What was received but not accepted, kept whole: one chained file per date of receipt, and
 * `decisions.ndjson`, which says what became of it. Every item has a number that stays. Comes in:
 * the payload and its problem. Goes out: its number once it is on disk.
 */
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import type { Problem } from '../../protocol/transaction.ts';
import { EMPTY_CHAIN, LINE_BYTES_MAX } from './chain.ts';
import { ChainFile } from './chain-file.ts';
import { type Disk, diskError, readUpTo } from './disk.ts';
import {
  digestOfPayload,
  itemOf,
  lineOf,
  type Outcome,
  payloadOf,
  type QuarantinedItem,
  type QuarantineLine,
} from './quarantine-line.ts';
import { recoverChain } from './recover.ts';

interface StoredItem extends QuarantinedItem {
  offset: number;
  /** Bytes of the message. */
  bytes: number;
  digest: string;
}

/** Lines of `decisions.ndjson`: numbers from a line of a file on, or what became of an item. */
type Decision =
  | { file: string; line: number; first: number }
  | { at: string; number: number; digest: string; outcome: Outcome };

/** All of the quarantine together, and one terminal's share of it. */
const BYTES_MAX = 256 * 1024 * 1024;
const TERMINAL_BYTES_MAX = 32 * 1024 * 1024;
const ITEMS_MAX = 100_000;
const TERMINAL_ITEMS_MAX = 20_000;
const NAME = /^(\d{4}-\d{2}-\d{2})\.ndjson$/;

export interface QuarantineOptions {
  disk: Disk;
  folder: string;
  onBroken: (error: AppError) => void;
}

export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #files = new Map<string, ChainFile>();
  #decisions: ChainFile;
  readonly #items = new Map<number, StoredItem>();
  /** Numbers of open items: by payload, by terminal and id, by void target. */
  readonly #byDigest = new Map<string, number>();
  readonly #byId = new Map<string, Set<number>>();
  readonly #byTarget = new Map<string, Set<number>>();
  readonly #openOfDate = new Map<string, number>();
  readonly #bytesOf = new Map<string, number>();
  /** Open items by terminal, and of all. */
  readonly #itemsOf = new Map<string, number>();
  #openItems = 0;
  readonly #arriving = new Map<string, Promise<QuarantinedItem>>();
  #bytes = 0;
  #nextNumber = 1;
  /** The date whose file the last number went to; undefined: the next one starts a new range. */
  #rangeDate: string | undefined;

  constructor(options: QuarantineOptions) {
    this.#options = options;
    this.#decisions = this.#fileAt('decisions.ndjson');
  }

  /** Reads everything back; must end before the first `add`. */
  async replay(): Promise<void> {
    const { disk, folder } = this.#options;
    await disk.makeFolder(folder);
    await disk.syncFolder(folder);
    const ranges = new Map<string, { line: number; first: number }[]>();
    const outcomes = new Map<string, Outcome[]>();
    const { path } = this.#decisions;
    const { state } = await recoverChain(disk, path, EMPTY_CHAIN, (_offset, bytes) => {
      const decision = JSON.parse(bytes.toString('utf8')) as Decision;
      if ('file' in decision) {
        this.#nextNumber = Math.max(this.#nextNumber, decision.first);
        push(ranges, decision.file, decision);
      } else push(outcomes, decision.digest, decision.outcome);
    });
    this.#decisions = this.#fileAt('decisions.ndjson', state);
    for (const name of await disk.list(folder)) {
      const date = NAME.exec(name)?.[1];
      if (date !== undefined) await this.#replayFile(date, ranges.get(date) ?? [], outcomes);
    }
  }

  /**
   * Keeps a message; the same bytes of the same terminal are kept once while they are open.
   * @param date of receipt, by the store's calendar
   * @throws AppError `too-many` when the share of the disk is used up, `disk-full`, `disk-error`
   */
  add(
    date: string,
    receivedAt: string,
    terminal: string,
    payload: Buffer,
    problem: Problem,
  ): Promise<QuarantinedItem> {
    const digest = digestOfPayload(terminal, payload);
    const known = this.#items.get(this.#byDigest.get(digest) ?? 0);
    if (known !== undefined) return Promise.resolve(known);
    const arriving = this.#arriving.get(digest);
    if (arriving !== undefined) return arriving;
    const line = lineOf(receivedAt, terminal, problem, payload);
    const added = this.#store(date, line, payload, digest);
    this.#arriving.set(digest, added);
    const forget = () => this.#arriving.delete(digest);
    added.then(forget, forget);
    return added;
  }

  /** Open items, oldest first. */
  list(): QuarantinedItem[] {
    return [...this.#items.values()]
      .filter(item => item.outcome === undefined)
      .sort((a, b) => a.number - b.number);
  }

  /** @throws AppError `not-found` */
  get(number: number): QuarantinedItem {
    return this.#itemAt(number);
  }

  /** The message as it came in. @throws AppError `not-found`, `disk-error` */
  async payload(number: number): Promise<Buffer> {
    const { date, offset } = this.#itemAt(number);
    const { disk, folder } = this.#options;
    const path = join(folder, `${date}.ndjson`);
    const file = await disk.openToRead(path).catch(error => {
      throw diskError(error, `opening ${path}`);
    });
    if (file === undefined) throw notFound(number);
    try {
      const bytes = await readUpTo(file, LINE_BYTES_MAX, offset);
      const line = bytes.subarray(0, bytes.indexOf(0x0a));
      return payloadOf(JSON.parse(line.toString('utf8')) as QuarantineLine);
    } finally {
      await file.close();
    }
  }

  /** Notes durably what became of an open item; nothing happens when it is settled already. */
  async settle(number: number, outcome: Outcome, at: string): Promise<void> {
    const item = this.#itemAt(number);
    if (item.outcome !== undefined) return;
    this.#leave(item, outcome);
    await this.#decide({ at, number, digest: item.digest, outcome });
  }

  /** Received on this date and still set aside. */
  count(date: string): number {
    return this.#openOfDate.get(date) ?? 0;
  }

  /** Numbers of a terminal's open items that carry this id. */
  withId(terminal: string, id: string): readonly number[] {
    const numbers = this.#byId.get(`${terminal} ${id}`);
    return numbers === undefined ? [] : [...numbers];
  }

  /** Numbers of open voids that wait for this id. */
  waitingFor(id: string): readonly number[] {
    const numbers = this.#byTarget.get(id);
    return numbers === undefined ? [] : [...numbers];
  }

  /** Ids that open voids wait for. */
  awaitedIds(): string[] {
    return [...this.#byTarget.keys()];
  }

  async stop(): Promise<void> {
    for (const file of [...this.#files.values(), this.#decisions]) {
      await file.settle();
      await file.release();
    }
  }

  async #replayFile(
    date: string,
    ranges: readonly { line: number; first: number }[],
    outcomes: ReadonlyMap<string, Outcome[]>,
  ): Promise<void> {
    const { disk, folder } = this.#options;
    const found: { line: QuarantineLine; offset: number }[] = [];
    const path = join(folder, `${date}.ndjson`);
    const { state } = await recoverChain(disk, path, EMPTY_CHAIN, (offset, bytes) => {
      found.push({ line: JSON.parse(bytes.toString('utf8')) as QuarantineLine, offset });
    });
    this.#files.set(date, this.#fileAt(`${date}.ndjson`, state));
    let number = 0;
    for (const [index, { line, offset }] of found.entries()) {
      number = ranges.find(range => range.line === index + 1)?.first ?? number + 1;
      // The note of the file's first number was lost with the power: it gets one now.
      if (index === 0 && ranges[0]?.line !== 1) number = await this.#beginRange(date, 1);
      const payload = payloadOf(line);
      const digest = digestOfPayload(line.terminal, payload);
      const item = {
        ...itemOf(number, date, line, payload),
        offset,
        bytes: payload.length,
        digest,
      };
      this.#enter(item);
      const outcome = outcomes.get(digest)?.shift();
      if (outcome !== undefined) this.#leave(item, outcome);
      this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    }
  }

  async #store(
    date: string,
    line: QuarantineLine,
    payload: Buffer,
    digest: string,
  ): Promise<QuarantinedItem> {
    this.#checkShare(line.terminal, payload.length);
    const file = this.#files.get(date) ?? this.#fileAt(`${date}.ndjson`);
    this.#files.set(date, file);
    try {
      const written = file.appended(JSON.stringify(line).slice(0, -1));
      const number = this.#nextNumber;
      this.#nextNumber += 1;
      const noted = this.#rangeDate === date ? undefined : this.#noteRange(date, number, written);
      const [{ offset }] = await Promise.all([written, noted]);
      const item = {
        ...itemOf(number, date, line, payload),
        offset,
        bytes: payload.length,
        digest,
      };
      this.#enter(item);
      return item;
    } catch (error) {
      this.#rangeDate = undefined;
      throw error;
    }
  }

  async #noteRange(date: string, first: number, written: Promise<{ line: number }>): Promise<void> {
    this.#rangeDate = date;
    const { line } = await written;
    await this.#decide({ file: date, line, first });
  }

  async #beginRange(date: string, line: number): Promise<number> {
    const first = this.#nextNumber;
    await this.#decide({ file: date, line, first });
    return first;
  }

  async #decide(decision: Decision): Promise<void> {
    await this.#decisions.appended(JSON.stringify(decision).slice(0, -1));
  }

  #checkShare(terminal: string, bytes: number): void {
    const own = (this.#bytesOf.get(terminal) ?? 0) + bytes;
    const items = this.#itemsOf.get(terminal) ?? 0;
    const ownFits = own <= TERMINAL_BYTES_MAX && items < TERMINAL_ITEMS_MAX;
    if (ownFits && this.#bytes + bytes <= BYTES_MAX && this.#openItems < ITEMS_MAX) return;
    throw new AppError('too-many', `the quarantine's share of the disk is used up by ${terminal}`, {
      hint: 'Mend the terminal, then dismiss what it sent: `tillbook-agent quarantine list`.',
      retryable: true,
    });
  }

  #enter(item: StoredItem): void {
    this.#items.set(item.number, item);
    this.#countItem(item.terminal, 1);
    this.#byDigest.set(item.digest, item.number);
    this.#bytes += item.bytes;
    this.#bytesOf.set(item.terminal, (this.#bytesOf.get(item.terminal) ?? 0) + item.bytes);
    this.#openOfDate.set(item.date, this.count(item.date) + 1);
    if (item.id !== undefined) addTo(this.#byId, `${item.terminal} ${item.id}`, item.number);
    if (item.code === 'void-target' && item.voids !== undefined) {
      addTo(this.#byTarget, item.voids, item.number);
    }
  }

  #leave(item: StoredItem, outcome: Outcome): void {
    item.outcome = outcome;
    this.#countItem(item.terminal, -1);
    this.#byDigest.delete(item.digest);
    this.#bytes -= item.bytes;
    this.#bytesOf.set(item.terminal, (this.#bytesOf.get(item.terminal) ?? 0) - item.bytes);
    this.#openOfDate.set(item.date, this.count(item.date) - 1);
    if (item.id !== undefined) removeFrom(this.#byId, `${item.terminal} ${item.id}`, item.number);
    if (item.voids !== undefined) removeFrom(this.#byTarget, item.voids, item.number);
  }

  #countItem(terminal: string, change: 1 | -1): void {
    this.#openItems += change;
    this.#itemsOf.set(terminal, (this.#itemsOf.get(terminal) ?? 0) + change);
  }

  #itemAt(number: number): StoredItem {
    const item = this.#items.get(number);
    if (item === undefined) throw notFound(number);
    return item;
  }

  #fileAt(name: string, state = EMPTY_CHAIN): ChainFile {
    const { disk, folder, onBroken } = this.#options;
    return new ChainFile(disk, join(folder, name), state, onBroken);
  }
}

function notFound(number: number): AppError {
  return new AppError('not-found', `the quarantine has no number ${number}`, {
    hint: 'See `tillbook-agent quarantine list`.',
  });
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function addTo(sets: Map<string, Set<number>>, key: string, number: number): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(number));
}

function removeFrom(sets: Map<string, Set<number>>, key: string, number: number): void {
  const set = sets.get(key);
  set?.delete(number);
  if (set?.size === 0) sets.delete(key);
}
