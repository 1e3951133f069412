/**
 * What is to be done next for one store-day, and how its row changes when it is done. Pure: the row,
 * the store and the clock's date go in, the next step or a new row comes out. The poster's files do
 * the steps; this one alone knows the order of the states.
 */
import type { DayRecord, DocumentRecord, RevisionRecord, StoreRecord } from '../db/records.ts';
import { type Reason, reason } from './reasons.ts';

/** Events of a day that are kept; the oldest go first. */
export const EVENTS_MAX = 200;

export type Step =
  /** Nothing to do until somebody changes something. */
  | { kind: 'rest' }
  /** Kept from before the connection. */
  | { kind: 'keep'; reasons: Reason[] }
  | { kind: 'wait'; reasons: Reason[] }
  | { kind: 'plan'; revision: RevisionRecord }
  /** A document is on its way: Xero is to be asked or told. */
  | { kind: 'settle'; document: DocumentRecord };

export function nextStep(day: DayRecord, store: StoreRecord): Step {
  const document = inFlight(day);
  if (document !== undefined) return { kind: 'settle', document };
  const revision = day.revisions.at(-1);
  if (revision === undefined || isSettled(day)) return { kind: 'rest' };
  if (store.books === undefined) {
    return wait(reason('not-mapped', `${store.name} is not connected to Xero yet`));
  }
  if (day.heldBy !== undefined) return wait(reason('held', `Held by ${day.heldBy}`));
  if (day.date < store.books.postFrom && day.releasedBy === undefined) {
    const message = `The day lies before ${store.books.postFrom}, when the store was connected`;
    return { kind: 'keep', reasons: [reason('before-connection', message)] };
  }
  return { kind: 'plan', revision };
}

function wait(...reasons: Reason[]): Step {
  return { kind: 'wait', reasons };
}

/** The inbox puts a day back to `received` with every new revision. */
function isSettled(day: DayRecord): boolean {
  switch (day.state) {
    case 'received':
    case 'waiting':
    case 'posting':
      return false;
    case 'not-posted':
      return day.releasedBy === undefined;
    case 'drafted':
    case 'posted':
    case 'reconciled':
    case 'missing':
    case 'kept-aside':
      return true;
  }
}

/** True when the poster has something to do for the day, now or later. */
export function isOpen(day: DayRecord): boolean {
  return inFlight(day) !== undefined || (day.revisions.length > 0 && !isSettled(day));
}

/** The document that was sent, or may have been, and is not yet read back. */
export function inFlight(day: DayRecord): DocumentRecord | undefined {
  return day.documents.find(isOnTheWay);
}

function isOnTheWay(document: DocumentRecord): boolean {
  switch (document.state) {
    case 'planned':
      return document.request !== undefined;
    case 'created':
    case 'paid':
      return document.readBack === undefined;
    case 'reconciled':
    case 'drafted':
    case 'gone':
      return false;
  }
}

/** Documents that were sent; what was only planned can be planned anew. */
export function sentDocuments(day: DayRecord): DocumentRecord[] {
  return day.documents.filter(({ state, request }) => state !== 'planned' || request !== undefined);
}

/** The revision whose totals stand in Xero before `document`, or before a new one. */
export function revisionBefore(
  day: DayRecord,
  document?: DocumentRecord,
): RevisionRecord | undefined {
  const sent = sentDocuments(day);
  const at = document === undefined ? -1 : sent.findIndex(one => isSame(one, document));
  const earlier = at === -1 ? sent : sent.slice(0, at);
  const numbers = earlier.filter(one => one.repost === undefined).map(one => one.revision);
  const newest = Math.max(0, ...numbers);
  return day.revisions.find(one => one.revision === newest);
}

/** How many documents of their own (not repeated ones) stand before `document`. */
export function adjustmentOf(day: DayRecord, document?: DocumentRecord): number {
  const own = sentDocuments(day).filter(one => one.repost === undefined);
  const at = document === undefined ? -1 : own.findIndex(one => isSame(one, document));
  return at === -1 ? own.length : at;
}

export function isSame(a: DocumentRecord, b: DocumentRecord): boolean {
  return a.plan.number === b.plan.number && a.plan.kind === b.plan.kind;
}

/** The row with the document's row replaced, or taken out when `change` gives nothing. */
export function changeDocument(
  day: DayRecord,
  document: DocumentRecord,
  change: (now: DocumentRecord) => DocumentRecord | undefined,
): DayRecord {
  const documents = day.documents.flatMap(one => {
    if (!isSame(one, document)) return [one];
    const changed = change(one);
    return changed === undefined ? [] : [changed];
  });
  return { ...day, documents };
}

/** The row in a new state, with an event if that is news. */
export function moveTo(
  day: DayRecord,
  state: DayRecord['state'],
  reasons: Reason[],
  at: string,
  what: string,
): DayRecord {
  const { nextTryAt: _, ...rest } = day;
  const moved = { ...rest, state, reasons };
  const news = state !== day.state || codesOf(reasons) !== codesOf(day.reasons);
  return news ? addEvent(moved, { at, who: 'relay', what }) : moved;
}

/** Reasons that lie in the way to Xero, not in the day. */
const ON_THE_WAY = new Set([
  'xero-disconnected',
  'xero-rate-limit',
  'xero-unavailable',
  'xero-unknown-outcome',
]);

/** Xero itself refused the day: only something that changes in Xero or here helps. */
export function isRefused(day: DayRecord): boolean {
  return (
    day.state === 'waiting' &&
    day.reasons.some(({ raw, code }) => raw !== undefined && !ON_THE_WAY.has(code))
  );
}

/** Xero is not asked the same again so soon: every try costs some of the day's calls. */
export function mustRest(day: DayRecord, nowMs: number): boolean {
  return isRefused(day) && Date.parse(day.nextTryAt ?? '') > nowMs;
}

const REFUSED_SOONEST_MS = 100_000;
const REFUSED_LATEST_MS = 30 * 60_000;
/** What was refused for t is sent again after t / 8. */
const REFUSED_PATIENCE = 8;

/** The row of a day that Xero refused, with the instant of the next try. */
export function refuse(day: DayRecord, reasons: Reason[], at: string, what: string): DayRecord {
  const waiting = moveTo(day, 'waiting', reasons, at, what);
  const since = waiting.events.findLast(event => event.what === what)?.at ?? at;
  const waitedMs = Date.parse(at) - Date.parse(since);
  const pauseMs = Math.min(
    REFUSED_LATEST_MS,
    Math.max(REFUSED_SOONEST_MS, waitedMs / REFUSED_PATIENCE),
  );
  return { ...waiting, nextTryAt: new Date(Date.parse(at) + pauseMs).toISOString() };
}

function codesOf(reasons: readonly Reason[]): string {
  return reasons.map(({ code }) => code).join(' ');
}

export function addEvent(day: DayRecord, event: DayRecord['events'][number]): DayRecord {
  return { ...day, events: [...day.events, event].slice(-EVENTS_MAX) };
}

/** After a document is done: on to a newer revision that came meanwhile, else at rest. */
export function stateAfter(
  day: DayRecord,
  revision: number,
  done: DayRecord['state'],
): DayRecord['state'] {
  const newest = day.revisions.at(-1)?.revision ?? revision;
  return newest > revision ? 'received' : done;
}

/** What the settled documents of the day amount to, when nothing is left to post. */
export function restState(day: DayRecord): DayRecord['state'] {
  const standing = day.documents.filter(({ state }) => state !== 'gone');
  if (standing.length < day.documents.length) return 'posted';
  if (standing.some(({ state }) => state === 'drafted')) return 'drafted';
  return standing.every(({ state }) => state === 'reconciled') ? 'reconciled' : 'posted';
}
