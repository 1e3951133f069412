/**
 * Which closed days need a revision: late sales came in, or a gap they listed has closed. Late
 * sales are gathered until none came for the grace, so a till that empties its outbox makes one
 * revision and not a hundred.
 */

import type { DaySummary } from '../../protocol/day-summary.ts';
import { DayTotals, type DayTotalsState, type Voidable } from '../../protocol/day-totals.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import type { Clock } from '../clock.ts';
import type { DayBook, DaySnapshot } from './day-book.ts';
import { gapsOf, type SignedDay, type SignedDays } from './signed-days.ts';
import { losesHistory } from './summary.ts';

/** A receipt time this far ahead of the clock belongs to a clock that has been set right since. */
const AHEAD_MAX_MS = 5 * 60_000;

export interface RevisionWatch {
  /** Closed days whose change has settled, oldest first. */
  due(): SignedDay[];
  /** True when the day differs from what was signed. */
  changed(day: SignedDay): boolean;
  made(date: string): void;
}

export function watchForRevisions(parts: {
  clock: Clock;
  dayBook: DayBook;
  signed: SignedDays;
  lateGraceMs: number;
}): RevisionWatch {
  const { clock, dayBook, signed, lateGraceMs } = parts;
  /** Since when a day's gaps have been what they are, ms. */
  const gapsSince = new Map<string, { gaps: string; sinceMs: number }>();

  function gapsClosed(day: SignedDay): string | undefined {
    if (day.missing === '') return undefined;
    const gaps = gapsOf(dayBook.snapshot(day.date).parts);
    return gaps === day.missing ? undefined : gaps;
  }

  function lateSettled(day: SignedDay): boolean {
    const quietMs = clock.nowMs() - (dayBook.lastReceivedAtMs(day.date) ?? 0);
    return quietMs >= lateGraceMs || quietMs < -AHEAD_MAX_MS;
  }

  function gapsSettled(day: SignedDay, gaps: string): boolean {
    const nowMs = clock.nowMs();
    const known = gapsSince.get(day.date);
    if (known?.gaps !== gaps || known.sinceMs > nowMs) {
      gapsSince.set(day.date, { gaps, sinceMs: nowMs });
      return lateGraceMs === 0;
    }
    return nowMs - known.sinceMs >= lateGraceMs;
  }

  function isDue(day: SignedDay): boolean {
    if (dayBook.entries(day.date) > day.entries) return lateSettled(day);
    const gaps = gapsClosed(day);
    return gaps !== undefined && gapsSettled(day, gaps);
  }

  return {
    due: () => newestOfEach(signed).filter(isDue),
    changed: day => dayBook.entries(day.date) > day.entries || gapsClosed(day) !== undefined,
    made: date => void gapsSince.delete(date),
  };
}

function newestOfEach(signed: SignedDays): SignedDay[] {
  const dates = [...new Set(signed.all().map(({ date }) => date))].sort();
  return dates.flatMap(date => signed.newest(date) ?? []);
}

/** One accepted message with the hash of its line. */
export interface LateEntry {
  receivedAt: string;
  terminal: string;
  transaction: Transaction;
  target?: Voidable;
}

/**
 * The totals of a revision: what was signed before plus the entries since. The journal may have
 * lost lines since it was signed (a flipped bit): the signed totals still hold them.
 * @param now the day as the journal has it
 * @param since the entries received after the revision before was made
 */
export function revisedTotals(
  signed: DaySummary,
  now: DaySnapshot,
  since: readonly LateEntry[],
): DaySnapshot {
  if (!losesHistory(signed, now.parts)) return now;
  const totals = new DayTotals(stateOf(signed));
  for (const { terminal, transaction, target } of since) {
    totals.add(terminal, transaction, target);
  }
  const gaps = new Map(now.parts.terminals.map(row => [`${row.terminal} ${row.epoch}`, row]));
  const terminals = totals.terminals().map(row => {
    const known = gaps.get(`${row.terminal} ${row.epoch}`);
    const before = signed.terminals.find(
      ({ terminal, epoch }) => terminal === row.terminal && epoch === row.epoch,
    );
    return { ...row, missing: (before ?? known)?.missing ?? [] };
  });
  return {
    ...now,
    currency: signed.currency,
    parts: { ...totals.parts(), terminals },
    journal: { entries: totals.entries, head: now.journal.head },
  };
}

function stateOf(signed: DaySummary): DayTotalsState {
  const { counts, sales, tenders, cash, rounding, overShort, terminals } = signed;
  return {
    counts: { ...counts } as Record<string, number>,
    sales,
    tenders,
    cash,
    rounding,
    overShort,
    terminals,
  } as DayTotalsState;
}
