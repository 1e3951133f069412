/**
 * Totals of a revision when the journal has lost lines since the day was signed: the signed totals
 * plus the entries received after that. Reads the day's journal only then.
 */
import type { JournalReader } from '../intake.ts';
import type { DaySnapshot } from './day-book.ts';
import { type LateEntry, revisedTotals } from './revisions.ts';
import type { SignedDay, SignedDays } from './signed-days.ts';
import { losesHistory } from './summary.ts';

export function revisionBuilder(parts: {
  journal: JournalReader;
  signed: SignedDays;
}): (before: SignedDay, now: DaySnapshot) => Promise<DaySnapshot> {
  return async (before, now) => {
    const summary = await parts.signed.summary(before);
    if (!losesHistory(summary, now.parts)) return now;
    const closedMs = Date.parse(summary.closedAt);
    const since: LateEntry[] = [];
    for await (const entry of parts.journal.entries(before.date)) {
      if (Date.parse(entry.receivedAt) > closedMs) since.push(entry);
    }
    return revisedTotals(summary, now, since);
  };
}
