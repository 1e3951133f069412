/**
 * The day book: running totals per business date. Comes in: accepted messages once they are on
 * disk. Goes out: what a day summary needs, at any moment, without reading the journal again.
 */
import type { DayParts } from '../../protocol/day-summary.ts';
import {
  DayTotals,
  type DayTotalsState,
  missingNumbers,
  type Voidable,
} from '../../protocol/day-totals.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import type { Entry } from '../journal/entry.ts';
import { Numbers } from '../journal/numbers.ts';

const HOUR_MS = 3_600_000;

export interface DaySnapshot {
  date: string;
  /** Of the first message of the date; undefined when there is none. */
  currency: string | undefined;
  parts: DayParts;
  quarantined: number;
  damaged: number;
  journal: { entries: number; head: string };
}

export interface TerminalDay {
  terminal: string;
  /** When the last accepted message came in, ms since 1970. */
  lastReceivedAtMs: number;
}

export interface DayBook {
  /** Dates with at least one accepted message, oldest first. */
  dates(): string[];
  snapshot(date: string): DaySnapshot;
  /** Accepted messages of all types that are on disk. */
  entries(date: string): number;
  /** When the last accepted message of the date came in, ms since 1970. */
  lastReceivedAtMs(date: string): number | undefined;
  /** Accepted messages per hour of receipt: the hour's start (ms since 1970) and their number. */
  hours(date: string): [hourMs: number, count: number][];
  /** Last accepted message of each terminal, over all dates. */
  terminals(): TerminalDay[];
}

/** What the day book asks of others for a snapshot. */
export interface DaySources {
  quarantined(date: string): number;
  damaged(date: string): number;
  head(date: string): string;
}

interface Day {
  totals: DayTotals;
  currency: string;
  lastReceivedAtMs: number;
  hours: Map<number, number>;
  /** When each terminal's last message of the date came in, ms since 1970. */
  lastOf: Map<string, number>;
  /** Its JSON text for a checkpoint, while it is right. */
  state?: string | undefined;
}

/** One date as a checkpoint keeps it. */
export interface DayState {
  date: string;
  currency: string;
  lastReceivedAtMs: number;
  hours: [number, number][];
  lastOf: [string, number][];
  totals: DayTotalsState;
}

export class RunningDayBook implements DayBook {
  readonly numbers: Numbers;
  readonly #sources: DaySources;
  readonly #days = new Map<string, Day>();

  constructor(sources: DaySources, numbers: Numbers = new Numbers(), days: DayState[] = []) {
    this.#sources = sources;
    this.numbers = numbers;
    for (const { date, totals, hours, lastOf, ...rest } of days) {
      this.#days.set(date, {
        ...rest,
        hours: new Map(hours),
        lastOf: new Map(lastOf),
        totals: new DayTotals(totals),
      });
    }
  }

  /** Adds one message that is on disk. */
  add(entry: Entry, receivedAtMs: number): void {
    const { terminal, transaction, target } = entry;
    let day = this.#days.get(entry.date);
    if (day === undefined) {
      const { currency } = transaction;
      day = {
        totals: new DayTotals(),
        currency,
        lastReceivedAtMs: 0,
        hours: new Map(),
        lastOf: new Map(),
      };
      this.#days.set(entry.date, day);
    }
    day.state = undefined;
    day.totals.add(terminal, transaction, target);
    day.lastReceivedAtMs = Math.max(day.lastReceivedAtMs, receivedAtMs);
    const hour = receivedAtMs - (receivedAtMs % HOUR_MS);
    day.hours.set(hour, (day.hours.get(hour) ?? 0) + 1);
    this.numbers.add(terminal, transaction.epoch, transaction.sequence);
    day.lastOf.set(terminal, Math.max(day.lastOf.get(terminal) ?? 0, receivedAtMs));
  }

  /** Why a day has no room for a message; undefined: it has. */
  fullness(
    date: string,
    terminal: string,
    transaction: Transaction,
    target: Voidable | undefined,
  ): 'amounts' | 'rows' | undefined {
    return this.#days.get(date)?.totals.fullness(terminal, transaction, target);
  }

  dates(): string[] {
    return [...this.#days.keys()].sort();
  }

  snapshot(date: string): DaySnapshot {
    const day = this.#days.get(date);
    const totals = day?.totals ?? new DayTotals();
    return {
      date,
      currency: day?.currency,
      parts: { ...totals.parts(), terminals: this.#terminalRows(date, totals) },
      quarantined: this.#sources.quarantined(date),
      damaged: this.#sources.damaged(date),
      journal: { entries: totals.entries, head: this.#sources.head(date) },
    };
  }

  entries(date: string): number {
    return this.#days.get(date)?.totals.entries ?? 0;
  }

  lastReceivedAtMs(date: string): number | undefined {
    return this.#days.get(date)?.lastReceivedAtMs;
  }

  hours(date: string): [number, number][] {
    return [...(this.#days.get(date)?.hours ?? [])].sort(([a], [b]) => a - b);
  }

  terminals(): TerminalDay[] {
    const last = new Map<string, number>();
    for (const { lastOf } of this.#days.values()) {
      for (const [terminal, ms] of lastOf)
        last.set(terminal, Math.max(last.get(terminal) ?? 0, ms));
    }
    return [...last]
      .map(([terminal, lastReceivedAtMs]) => ({ terminal, lastReceivedAtMs }))
      .sort((a, b) => (a.terminal < b.terminal ? -1 : 1));
  }

  /** Every date as JSON text of a `DayState`; kept until the date changes. */
  states(): string[] {
    return [...this.#days].map(([date, day]) => {
      day.state ??= JSON.stringify(stateOf(date, day));
      return day.state;
    });
  }

  /** One date's state; undefined when it has no message. */
  state(date: string): DayState | undefined {
    const day = this.#days.get(date);
    return day === undefined ? undefined : stateOf(date, day);
  }

  #terminalRows(date: string, totals: DayTotals): DayParts['terminals'] {
    return totals.terminals().map(row => {
      const taken = this.numbers.of(row.terminal, row.epoch);
      const before = this.#lastBefore(date, row.terminal, row.epoch);
      return { ...row, missing: missingNumbers(row, before, taken) };
    });
  }

  /** The terminal's highest number on any earlier date of that epoch; 0 when there is none. */
  #lastBefore(date: string, terminal: string, epoch: number): number {
    let last = this.numbers.lastEarlier(terminal, epoch);
    for (const [other, day] of this.#days) {
      if (other >= date) continue;
      last = Math.max(last, day.totals.lastNumber(terminal, epoch));
    }
    return last;
  }
}

function stateOf(date: string, day: Day): DayState {
  const { totals, hours, lastOf, currency, lastReceivedAtMs } = day;
  return {
    date,
    currency,
    lastReceivedAtMs,
    hours: [...hours],
    lastOf: [...lastOf],
    totals: totals.toJSON(),
  };
}
