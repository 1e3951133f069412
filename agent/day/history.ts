/**
 * Totals of a revision. As long as the journal is whole they are the day book's; when it has lost
 * lines since the day was signed, they are the signed totals plus the entries since, so that a
 * revision never takes back what was signed. Reads the day's journal only then.
 */
import type { DaySummary } from '../../protocol/day-summary.ts';
import type { JournalReader } from '../intake.ts';
import type { DaySnapshot } from './day-book.ts';
import { isCounted, type LateEntry, revisedTotals } from './revisions.ts';
import type { SignedDay, SignedDays } from './signed-days.ts';
import { losesHistory } from './summary.ts';

export function revisionBuilder(parts: {
  journal: JournalReader;
  signed: SignedDays;
}): (before: SignedDay, now: DaySnapshot) => Promise<DaySnapshot> {
  return async (before, now) => {
    const summary = await parts.signed.summary(before);
    const whole = now.damaged === summary.damaged && !losesHistory(summary, now.parts);
    if (whole) return now;
    const since = await entriesSince(parts.journal, summary);
    const expected = summary.journal.entries + since.length;
    return expected === now.journal.entries ? now : revisedTotals(summary, now, since);
  };
}

async function entriesSince(journal: JournalReader, summary: DaySummary): Promise<LateEntry[]> {
  const since: LateEntry[] = [];
  for await (const entry of journal.entries(summary.businessDate)) {
    if (!isCounted(summary, entry)) since.push(entry);
  }
  return since;
}
