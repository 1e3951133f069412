/**
 * Which closed days need a revision: late sales came in, or a gap they listed has closed. Late
 * sales are gathered until none came for the grace, so a till that empties its outbox makes one
 * revision and not a hundred.
 */

import type { DaySummary } from '../../protocol/day-summary.ts';
import { DayTotals } from '../../protocol/day-totals.ts';
import type { Clock } from '../clock.ts';
import type { Entry } from '../journal/entry.ts';
import type { DayBook, DaySnapshot } from './day-book.ts';
import { gapsOf, type SignedDay, type SignedDays } from './signed-days.ts';

/** A receipt time this far ahead of the clock belongs to a clock that has been set right since. */
const AHEAD_MAX_MS = 5 * 60_000;
/** `closedAt` is written in whole seconds. */
const CLOSED_AT_STEP_MS = 1000;

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

  function gapsSettled(day: SignedDay, gaps: string): boolean {
    const nowMs = clock.nowMs();
    const known = gapsSince.get(day.date);
    if (known?.gaps !== gaps || known.sinceMs > nowMs) {
      gapsSince.set(day.date, { gaps, sinceMs: nowMs });
      return lateGraceMs === 0;
    }
    return nowMs - known.sinceMs >= lateGraceMs;
  }

  /** Late sales; where lines were lost since, their number alone would not show them. */
  function hasLateSales(day: SignedDay): boolean {
    if (dayBook.entries(day.date) > day.entries) return true;
    const lastMs = dayBook.lastReceivedAtMs(day.date) ?? 0;
    if (lastMs < Date.parse(day.closedAt) + CLOSED_AT_STEP_MS) return false;
    return dayBook.snapshot(day.date).damaged > day.damaged;
  }

  function isDue(day: SignedDay): boolean {
    if (hasLateSales(day)) return isQuiet(parts, day.date);
    const gaps = gapsClosed(day);
    return gaps !== undefined && gapsSettled(day, gaps);
  }

  return {
    due: () => newestOfEach(signed).filter(isDue),
    changed: day => hasLateSales(day) || gapsClosed(day) !== undefined,
    made: date => void gapsSince.delete(date),
  };
}

/** No sale of this date came in for the grace. */
export function isQuiet(
  { clock, dayBook, lateGraceMs }: { clock: Clock; dayBook: DayBook; lateGraceMs: number },
  date: string,
): boolean {
  const quietMs = clock.nowMs() - (dayBook.lastReceivedAtMs(date) ?? 0);
  return quietMs >= lateGraceMs || quietMs < -AHEAD_MAX_MS;
}

function newestOfEach(signed: SignedDays): SignedDay[] {
  const dates = [...new Set(signed.all().map(({ date }) => date))].sort();
  return dates.flatMap(date => signed.newest(date) ?? []);
}

/** What of a journal entry goes into totals. */
export type LateEntry = Pick<Entry, 'terminal' | 'transaction' | 'target'>;

/**
 * True when the signed totals hold this entry: its number lies among the terminal's numbers of that
 * day and was not missing. Numbers tell it whatever the clock did.
 */
export function isCounted(signed: DaySummary, { terminal, transaction }: LateEntry): boolean {
  const { epoch, sequence } = transaction;
  const row = signed.terminals.find(other => other.terminal === terminal && other.epoch === epoch);
  if (row === undefined || sequence < row.first || sequence > row.last) return false;
  return !row.missing.some(([first, last]) => first <= sequence && sequence <= last);
}

/**
 * The totals of a revision when the journal has lost lines since it was signed: what was signed,
 * which still holds them, plus the entries since.
 * @param now the day as the journal has it
 * @param since the entries that the signed totals do not hold
 */
export function revisedTotals(
  signed: DaySummary,
  now: DaySnapshot,
  since: readonly LateEntry[],
): DaySnapshot {
  const { counts, sales, tenders, cash, rounding, overShort } = signed;
  const money = { counts: { ...counts } as Record<string, number>, sales, tenders, cash };
  const totals = new DayTotals({ ...money, rounding, overShort, terminals: signed.terminals });
  for (const { terminal, transaction, target } of since) totals.add(terminal, transaction, target);
  return {
    ...now,
    currency: signed.currency,
    parts: { ...totals.parts(), terminals: rowsWithGaps(totals, signed, now) },
    journal: { entries: totals.entries, head: now.journal.head },
  };
}

/** Lines that were lost leave no gap: their numbers were counted. */
function rowsWithGaps(
  totals: DayTotals,
  signed: DaySummary,
  now: DaySnapshot,
): DaySummary['terminals'] {
  return totals.terminals().map(row => {
    const isSame = (other: { terminal: string; epoch: number }) =>
      other.terminal === row.terminal && other.epoch === row.epoch;
    const before = signed.terminals.find(isSame);
    const missing = now.parts.terminals.find(isSame)?.missing ?? before?.missing ?? [];
    const lost = (run: [number, number]) =>
      before !== undefined && run[0] >= before.first && run[1] <= before.last
        ? before.missing.some(([first, last]) => first <= run[0] && run[1] <= last)
        : true;
    return { ...row, missing: missing.filter(lost) };
  });
}
