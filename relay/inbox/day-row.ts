/** How a day's row changes when a summary arrives; everything after that is the poster's. */
import type { KeptAsideReason } from '../../protocol/agent-relay.ts';
import type { DaySummary } from '../../protocol/day-summary.ts';
import { dayKey, type Reader, type Writer } from '../db/db.ts';
import type { DayRecord, SummaryRecord } from '../db/records.ts';
import { KEPT_ASIDE_WORDS } from './chain.ts';

/** The oldest events of a day give way. */
export const EVENTS_MAX = 200;

/** Adds an accepted revision, once; the day is `received` again. @returns false: it was there */
export async function addRevision(
  tx: Writer,
  row: SummaryRecord,
  summary: DaySummary | undefined,
  digest: string,
): Promise<boolean> {
  const day = await dayOf(tx, row);
  if (summary === undefined || day.revisions.some(known => known.digest === digest)) return false;
  const { counts, sales, tenders, rounding, cash, overShort, terminals } = summary;
  day.revisions.push({
    revision: row.revision,
    number: row.number,
    digest,
    receivedAt: row.receivedAt,
    closedAt: summary.closedAt,
    quarantined: summary.quarantined,
    damaged: summary.damaged,
    parts: { counts, sales, tenders, rounding, cash, overShort, terminals },
  });
  day.revisions.sort((a, b) => a.revision - b.revision);
  day.state = 'received';
  day.reasons = [];
  delete day.nextTryAt;
  addEvent(day, row.receivedAt, 'store', `Revision ${row.revision} received`);
  await tx.put('days', dayKey(row.store, row.date), day);
  return true;
}

/** Notes a summary that is kept aside; a day that has nothing else is in that state itself. */
export async function addKeptAside(
  tx: Writer,
  row: SummaryRecord,
  reason: KeptAsideReason,
  digest: string,
): Promise<void> {
  const day = await dayOf(tx, row);
  const { revision, number, receivedAt } = row;
  day.keptAside.push({ revision, number, digest, reason, receivedAt });
  addEvent(day, receivedAt, 'store', `Revision ${revision} kept aside: ${reason}`);
  if (day.revisions.length === 0) {
    day.state = 'kept-aside';
    day.reasons = [{ code: reason, ...KEPT_ASIDE_WORDS[reason] }];
  }
  await tx.put('days', dayKey(row.store, row.date), day);
}

export function addEvent(day: DayRecord, at: string, who: string, what: string): void {
  day.events.push({ at, who, what });
  if (day.events.length > EVENTS_MAX) day.events.splice(0, day.events.length - EVENTS_MAX);
}

async function dayOf(db: Reader, { store, date }: SummaryRecord): Promise<DayRecord> {
  const known = await db.get('days', dayKey(store, date));
  return known ?? emptyDay(store, date);
}

export function emptyDay(store: string, date: string): DayRecord {
  return {
    store,
    date,
    state: 'received',
    reasons: [],
    revisions: [],
    keptAside: [],
    documents: [],
    events: [],
  };
}
