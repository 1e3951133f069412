/**
 * How old the chart may be that a day is planned with. A day that waits for something to be mended
 * in Xero needs a fresh one, but every read costs four of the day's calls: the longer it has waited,
 * the more rarely Xero is asked.
 */
import type { DayRecord } from '../db/records.ts';
import type { Chart } from '../xero/chart.ts';
import type { OrganisationRef } from '../xero/port.ts';
import type { Desk } from './poster-desk.ts';

const DAILY_MS = 24 * 3_600_000;
const SOONEST_MS = 100_000;
const LATEST_MS = 30 * 60_000;
/** A day that has waited for t is tried with a chart of at most t / 8. */
const PATIENCE = 8;

/** Who writes events without a person's doing. */
const PROGRAMS = new Set(['relay', 'store']);

/** Reasons that nothing in Xero's chart can mend. */
const ELSEWHERE = new Set([
  'gaps',
  'quarantined',
  'held',
  'before-connection',
  'not-mapped',
  'other-organisation',
  'number-taken',
  'xero-unavailable',
  'xero-rate-limit',
  'xero-unknown-outcome',
  'xero-disconnected',
]);

export async function chartForPosting(
  desk: Desk,
  ref: OrganisationRef,
  keys: readonly string[],
): Promise<Chart> {
  let maxAgeMs = DAILY_MS;
  for (const key of keys) {
    const day = await desk.db.get('days', key);
    if (day !== undefined) maxAgeMs = Math.min(maxAgeMs, ageFor(day, desk.clock()));
  }
  return desk.xero.readChart(ref, { maxAgeMs, caller: 'poster' });
}

function ageFor(day: DayRecord, nowMs: number): number {
  const last = day.events.at(-1);
  const since = Date.parse(last?.at ?? '');
  const waited = Number.isNaN(since) ? 0 : nowMs - since;
  // A person says that something has changed: what was read before that does not count.
  if (last !== undefined && !PROGRAMS.has(last.who)) return Math.min(DAILY_MS, waited);
  if (day.state !== 'waiting' || day.reasons.every(({ code }) => ELSEWHERE.has(code))) {
    return DAILY_MS;
  }
  return Math.min(LATEST_MS, Math.max(SOONEST_MS, waited / PATIENCE));
}
