/**
 * The rules that need the shop's memory: duplicates and conflicts, currency, clock, business date,
 * what a void reverses. A ruling is made at once when memory is enough; it asks first when a record
 * must be read from disk or another message is still on its way there.
 */
import { daysBetween, parseInstant } from '../../protocol/business-date.ts';
import { DAY_ROWS_MAX, type Voidable } from '../../protocol/day-totals.ts';
import { sameJson } from '../../protocol/strict-json.ts';
import type { Problem, ProblemCode, Transaction } from '../../protocol/transaction.ts';
import type { Clock } from '../clock.ts';
import type { RunningDayBook } from '../day/day-book.ts';
import { isVoidable, type JournalRecord } from '../journal/entry.ts';
import type { IdIndex, Place } from '../journal/id-index.ts';
import type { Journal } from '../journal/journal.ts';
import { findById } from './memory.ts';
import type { Pending } from './pending.ts';
import type { StoreCalendar } from './ports.ts';

/** A terminal's clock may be ahead of the agent's by this much. */
const AHEAD_MAX_MS = 24 * 3_600_000;

export interface Message {
  terminal: string;
  transaction: Transaction;
  /** As the terminal wrote it, on one line. */
  compact: string;
}

export type Ruling =
  | { kind: 'accept'; date: string; voided?: Voidable }
  | { kind: 'duplicate' }
  | { kind: 'quarantine'; problem: Problem }
  | { kind: 'ask'; learn: () => Promise<Facts> };

/** Records that were read for this message, with how many places were known when they were. */
export interface Facts {
  /** Only asked what would be said: nothing is stored, so no currency is fixed. */
  trying?: true;
  sameId?: { places: number; record: JournalRecord | undefined };
  target?: { places: number; record: JournalRecord | undefined; place: Place | undefined };
}

export interface JudgeParts {
  clock: Clock;
  calendar: StoreCalendar;
  journal: Journal;
  dayBook: RunningDayBook;
  index: IdIndex;
  pending: Pending;
}

export class Judge {
  readonly #parts: JudgeParts;
  /** Where the targets of voids stand that were accepted for storing. */
  readonly #places = new WeakMap<Voidable, Place>();
  #fixing: Promise<void> | undefined;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /** @param facts what earlier asking gave; a ruling holds only in the turn in which it is made */
  rule(message: Message, facts: Facts): Ruling {
    const { terminal, transaction } = message;
    const { pending, dayBook } = this.#parts;
    const before = pending.inTheWayOf(terminal, transaction);
    if (before !== undefined) return ask(() => before().then(() => facts));
    const known = this.#ruleKnownId(message, facts);
    if (known !== undefined) return known;
    const { epoch, sequence } = transaction;
    if (dayBook.numbers.has(terminal, epoch, sequence)) {
      const text = `number ${sequence} of epoch ${epoch} belongs to another message of ${terminal}`;
      return quarantine('conflict-number', text, 'sequence');
    }
    return this.#ruleCurrency(message, facts);
  }

  /** Call when a void of this target is on disk. */
  markVoided(id: string, target: Voidable): void {
    const place = this.#places.get(target);
    if (place !== undefined) this.#parts.index.setVoided(id, place);
  }

  #ruleKnownId(message: Message, facts: Facts): Ruling | undefined {
    const { id } = message.transaction;
    const places = this.#parts.index.find(id);
    if (places.length === 0) return undefined;
    if (facts.sameId?.places !== places.length) {
      return ask(async () => {
        const found = await findById(this.#parts, id);
        return { ...facts, sameId: { places: places.length, record: found?.record } };
      });
    }
    const { record } = facts.sameId;
    if (record === undefined) return undefined; // Another id with the same hash.
    const sameTerminal = record.terminal === message.terminal;
    const same = sameTerminal && sameJson(record.value, JSON.parse(message.compact));
    if (same) return { kind: 'duplicate' };
    const text = `id ${id} was accepted before with other content (${record.terminal}, ${record.receivedAt})`;
    return quarantine('conflict-id', text, 'id');
  }

  #ruleCurrency(message: Message, facts: Facts): Ruling {
    const { calendar } = this.#parts;
    const { currency } = message.transaction;
    const fixing = this.#fixing;
    if (fixing !== undefined) return ask(() => fixing.then(() => facts));
    const expected = calendar.currency();
    if (expected !== undefined && expected !== currency) {
      const text = `the store trades in ${expected}, the message says ${currency}`;
      return quarantine('currency', text, 'currency');
    }
    const ruling = this.#ruleDate(message, facts);
    if (ruling.kind !== 'accept' || expected !== undefined || facts.trying) return ruling;
    return ask(async () => {
      this.#fixing ??= calendar.fixCurrency(currency).finally(() => {
        this.#fixing = undefined;
      });
      await this.#fixing;
      return facts;
    });
  }

  #ruleDate(message: Message, facts: Facts): Ruling {
    const { clock, calendar } = this.#parts;
    const { occurredAt, businessDate } = message.transaction;
    const instantMs = parseInstant(occurredAt);
    if (calendar.clockVerdictOn() && instantMs - clock.nowMs() > AHEAD_MAX_MS) {
      const text = `occurredAt ${occurredAt} is more than 24 h ahead of the agent's clock`;
      return quarantine('clock', text, 'occurredAt');
    }
    const derived = calendar.businessDateOf(instantMs);
    const date = businessDate ?? derived;
    if (date !== derived && Math.abs(daysBetween(derived, date)) > 1) {
      const text = `businessDate ${date} is more than one day from ${derived}, the date of occurredAt`;
      return quarantine('business-date', text, 'businessDate');
    }
    if (!calendar.acceptsDate(date)) {
      const text = `${date} was closed before this agent; head office must decide`;
      return quarantine(
        'business-date',
        text,
        businessDate === undefined ? 'occurredAt' : 'businessDate',
      );
    }
    const { transaction } = message;
    if (transaction.type === 'void' && transaction.training !== true) {
      return this.#ruleVoid(message, transaction.voids, date, facts);
    }
    return this.#ruleRoom(message, date, undefined) ?? { kind: 'accept', date };
  }

  /** A till that is out of its mind must not make a day that cannot be added up, signed or kept. */
  #ruleRoom(message: Message, date: string, voided: Voidable | undefined): Ruling | undefined {
    const { dayBook, journal } = this.#parts;
    const { terminal, transaction } = message;
    if (!journal.takesDate(date)) {
      const text =
        'the journal has more dates than a shop can have; is the clock of the till right?';
      return quarantine('business-date', text, 'occurredAt');
    }
    switch (dayBook.fullness(date, terminal, transaction, voided)) {
      case undefined:
        return undefined;
      case 'amounts':
        return quarantine('schema', `the amounts of ${date} are too large to be added up`, 'lines');
      case 'rows': {
        const text = `${date} has ${DAY_ROWS_MAX} different categories, tax codes, tenders, reasons and epochs already; is a receipt number in one of them?`;
        return quarantine('schema', text, 'lines');
      }
    }
  }

  #ruleVoid(message: Message, id: string, date: string, facts: Facts): Ruling {
    const { index } = this.#parts;
    const places = index.find(id);
    if (facts.target?.places !== places.length) {
      return ask(async () => {
        const found = await findById(this.#parts, id);
        const target = { places: places.length, record: found?.record, place: found?.place };
        return { ...facts, target };
      });
    }
    const { record, place } = facts.target;
    if (record === undefined || place === undefined) {
      return voidTarget(`${id} is not known yet; the void is kept and tried again when it comes`);
    }
    const target = record.transaction;
    if (!isVoidable(target)) return voidTarget(`${id} is a ${nameOf(target)}: it cannot be voided`);
    if (index.isVoided(id, place)) return voidTarget(`${id} is voided already`);
    const full = this.#ruleRoom(message, date, target);
    if (full !== undefined) return full;
    this.#places.set(target, place);
    return { kind: 'accept', date, voided: target };
  }
}

function ask(learn: () => Promise<Facts>): Ruling {
  return { kind: 'ask', learn };
}

function quarantine(code: ProblemCode, message: string, path: string): Ruling {
  return { kind: 'quarantine', problem: { code, message, path } };
}

function voidTarget(message: string): Ruling {
  return quarantine('void-target', message, 'voids');
}

function nameOf(transaction: Transaction): string {
  return transaction.training === true ? 'training message' : transaction.type;
}
