/**
 * Days that did not come: silence is not proof of a day without sales. Every store-day that should
 * have been signed by now gets a row in state `missing`, which head office sees until it arrives.
 */
import { addDays, businessDateOf, dayStart, daysBetween } from '../../protocol/business-date.ts';
import type { Reason } from '../books/reasons.ts';
import { nowText } from '../clock.ts';
import { type Db, dayKey, listAll } from '../db/db.ts';
import { newestDays } from '../db/newest-days.ts';
import type { DayRecord, StoreRecord } from '../db/records.ts';
import { addEvent, emptyDay } from './day-row.ts';
import type { InboxDeps } from './deps.ts';

/** An agent may wait an hour for its tills and needs minutes to deliver. */
const GRACE_MS = 90 * 60_000;
/** Farther back nothing is looked for: those days were missed long ago. */
const LOOK_BACK_DAYS = 62;
/** With today and tomorrow, and a clock that was wrong: as many rows as those dates may be under. */
const DAYS_READ = LOOK_BACK_DAYS + 8;
const CHECK_EVERY_MS = 10 * 60_000;

type MissingDeps = Pick<InboxDeps, 'db' | 'clock' | 'log'>;

export interface MissingCheck {
  stop(): Promise<void>;
}

/** Looks at once and then every ten minutes: a check that was slept through is caught up. */
export function watchMissing(deps: MissingDeps): MissingCheck {
  let running: Promise<unknown> = Promise.resolve();
  const look = () => {
    running = findMissing(deps).catch(error =>
      deps.log.error({ err: error }, 'the check for missing days failed'),
    );
  };
  look();
  const timer = setInterval(look, CHECK_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

/** @returns keys of the days that were found missing now */
export async function findMissing(deps: MissingDeps): Promise<string[]> {
  const found: string[] = [];
  const due = await dueDates(deps);
  for await (const group of newestDays(deps.db, [...due.keys()], DAYS_READ)) {
    for (const { store: id, days } of group) {
      const known = new Set(days.map(({ date }) => date));
      for (const { store, date } of due.get(id) ?? []) {
        if (known.has(date)) continue;
        if (await markMissing(deps, store, date)) found.push(dayKey(id, date));
      }
    }
  }
  return found;
}

interface DueDate {
  store: StoreRecord;
  date: string;
}

/** By store, the dates of which a summary should have come; stores without any are left out. */
async function dueDates({ db, clock }: MissingDeps): Promise<Map<string, DueDate[]>> {
  const enrolled = await firstEnrolments(db);
  const due = new Map<string, DueDate[]>();
  for (const { value: store } of await listAll(db, 'stores')) {
    const enrolledAt = enrolled.get(store.id);
    if (store.closedAt !== undefined || enrolledAt === undefined) continue;
    const dates = datesSince(store, businessDateOf(Date.parse(enrolledAt), store), clock());
    if (dates.length > 0)
      due.set(
        store.id,
        dates.map(date => ({ store, date })),
      );
  }
  return due;
}

/** When the first machine of each store was enrolled. */
async function firstEnrolments(db: Db): Promise<Map<string, string>> {
  const first = new Map<string, string>();
  for (const { value } of await listAll(db, 'agentKeys')) {
    const known = first.get(value.store);
    if (known === undefined || value.enrolledAt < known) first.set(value.store, value.enrolledAt);
  }
  return first;
}

/** From the first date, or the farthest that is looked back to, to the newest that is due. */
function datesSince(store: StoreRecord, first: string, nowMs: number): string[] {
  const earliest = addDays(businessDateOf(nowMs, store), -LOOK_BACK_DAYS);
  const from = first > earliest ? first : earliest;
  const count = daysBetween(from, lastDue(store, nowMs)) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => addDays(from, i));
}

/** The newest date whose end, and the grace after it, have passed. */
function lastDue(store: StoreRecord, nowMs: number): string {
  let date = addDays(businessDateOf(nowMs, store), -1);
  if (dayStart(addDays(date, 1), store) + GRACE_MS > nowMs) date = addDays(date, -1);
  return date;
}

async function markMissing(
  { db, clock, log }: MissingDeps,
  store: StoreRecord,
  date: string,
): Promise<boolean> {
  const marked = await db.write(async tx => {
    const key = dayKey(store.id, date);
    if ((await tx.get('days', key)) !== undefined) return false;
    const beat = await tx.get('heartbeats', store.id);
    const day: DayRecord = {
      ...emptyDay(store.id, date),
      state: 'missing',
      reasons: [noSummary(store, beat?.receivedAt)],
    };
    addEvent(day, nowText(clock), 'relay', 'No summary came in time');
    await tx.put('days', key, day);
    return true;
  });
  if (marked) log.warn({ event: 'missing', store: store.id, date }, 'a day did not come');
  return marked;
}

function noSummary(store: StoreRecord, lastSeenAt: string | undefined): Reason {
  const seen = lastSeenAt === undefined ? 'It was never heard of.' : `Last heard of ${lastSeenAt}.`;
  return {
    code: 'no-summary',
    message: `${store.name} has not sent this day. ${seen}`,
    fix: 'See that the machine in the shop is on and reaches the relay: its status page says why. The day is sent by itself then.',
  };
}
