/**
 * Before days are planned: did an earlier life of this database post them already? A relay that was
 * restored from a backup has forgotten it, and may plan another number than then (prefix, template).
 * Comes in: keys of due days; goes out: their rows with every document of ours that stands in Xero,
 * known by the digest in its reference. A day that closed while this relay was posting is not asked
 * for, so that ordinary nights cost no call.
 */
import type { DayRecord, DocumentRecord, RevisionRecord, StoreRecord } from '../db/records.ts';
import type { Chart } from '../xero/chart.ts';
import { type OrganisationRef, REFERENCES_MAX, type XeroDocument } from '../xero/port.ts';
import { asItStands, goneReason, isGone } from './adopt.ts';
import { moveTo, mustRest, nextStep, revisionBefore, sentDocuments } from './day-steps.ts';
import { shortDigest } from './numbers.ts';
import { planFor, planSafely } from './plan-days.ts';
import { batches, changeDays, type Desk, type Item, nowOf } from './poster-desk.ts';
import { ageOf, SETTLED_AFTER_MS } from './requests.ts';

/** So much may a shop's clock be slow against ours. */
const SLOW_MAX_MS = 30 * 60_000;
/** So much may it be fast: a close that lies further ahead tells nothing. */
const FAST_MAX_MS = 2 * 60_000;

/** Digests that are kept in mind; beyond them Xero is asked once more. */
const ASKED_MAX = 50_000;

type Turn = Pick<Desk, 'clock' | 'turnSince' | 'asked'>;

interface Suspect {
  key: string;
  day: DayRecord;
  store: StoreRecord;
  unknown: readonly RevisionRecord[];
}

/**
 * @returns the keys that may be planned: the others wait, and say why
 * @throws AppError when Xero could not be asked: then nothing is to be created
 */
export async function adoptForgotten(
  desk: Desk,
  ref: OrganisationRef,
  keys: readonly string[],
  chart: Chart,
): Promise<string[]> {
  const suspects: Suspect[] = [];
  for (const key of keys) {
    const day = await desk.db.get('days', key);
    const store = day && (await desk.db.get('stores', day.store));
    if (day === undefined || store === undefined) continue;
    const unknown = unknownRevisions(day);
    if (isNews(desk, unknown) || !isToCreate(desk, day, store, chart)) continue;
    suspects.push({ key, day, store, unknown });
  }
  const found = await lookUp(desk, ref, suspects);
  const waiting = new Set<string>();
  for (const { key, store, unknown } of suspects) {
    const own = ownOf(store, unknown, found);
    if (own.length > 0) {
      await changeDays(desk, [key], day => {
        const adopted = adoptInto(desk, { day, store, chart }, ref, own);
        if (adopted?.state === 'waiting') waiting.add(key);
        return adopted;
      });
    }
    if (waiting.has(key)) continue;
    if (desk.asked.size > ASKED_MAX) desk.asked.clear();
    for (const { digest } of unknown) desk.asked.add(digest);
  }
  return keys.filter(key => !waiting.has(key));
}

/** False for a revision that came in since Xero was asked: it waits a round. */
export function mayBeCreated(desk: Turn, { day, document }: Item): boolean {
  if (document.state !== 'planned' || document.request !== undefined) return true;
  return isNews(desk, unknownRevisions(day));
}

/**
 * Those newer than what is known to stand in Xero, oldest first; where a document is to be posted
 * again, the revision that somebody voided.
 */
function unknownRevisions(day: DayRecord): RevisionRecord[] {
  const again = repostOf(day);
  if (again !== undefined) {
    return day.revisions.filter(({ revision }) => revision === again.revision);
  }
  const standing = revisionBefore({ ...day, documents: answered(day) })?.revision ?? 0;
  return day.revisions.filter(({ revision }) => revision > standing);
}

function repostOf({ documents }: DayRecord): DocumentRecord | undefined {
  return documents.find(one => one.state === 'planned' && one.repost !== undefined);
}

/** Without those of which nobody knows whether Xero made them. */
function answered({ documents }: DayRecord): DocumentRecord[] {
  return documents.filter(({ state }) => state !== 'planned');
}

/**
 * True when nobody but this poster, with this very database, can have posted the revisions: its
 * lease has run since before the shop closed them, or since Xero was asked. A database that is put
 * back under it, a restart and another relay's turn all begin a new one.
 */
function isNews({ clock, turnSince, asked }: Turn, revisions: readonly RevisionRecord[]): boolean {
  return revisions.every(({ closedAt, digest }) => {
    const closed = Date.parse(closedAt);
    const inOurTurn = closed >= turnSince + SLOW_MAX_MS && closed <= clock() + FAST_MAX_MS;
    return inOurTurn || asked.has(digest);
  });
}

/** Or to be done with, since it comes to nothing. A day that waits for its mapping is not asked for. */
function isToCreate(desk: Desk, day: DayRecord, store: StoreRecord, chart: Chart): boolean {
  const step = nextStep(day, store);
  if (step.kind === 'settle') {
    const { state, request } = step.document;
    // A younger request may still be on its way: it is looked up by its number.
    return state === 'planned' && ageOf(request, desk.clock()) > SETTLED_AFTER_MS;
  }
  if (step.kind !== 'plan' || mustRest(day, desk.clock())) return false;
  const plan = planSafely(() => planFor(desk, day, store, chart, repostOf(day)));
  return plan !== undefined && plan.kind !== 'wait';
}

/** Both kinds: what was posted as a difference then may be planned as a whole day now. */
async function lookUp(
  desk: Desk,
  ref: OrganisationRef,
  suspects: readonly Suspect[],
): Promise<XeroDocument[]> {
  const marks = suspects.flatMap(({ day, unknown }) =>
    unknown.map(({ digest }) => ({ text: shortDigest(digest), date: day.date })),
  );
  const found: XeroDocument[] = [];
  for (const some of batches(marks, REFERENCES_MAX)) {
    // A day of a locked period is a draft of a later date.
    const [from = ''] = some.map(({ date }) => date).sort();
    const texts = some.map(({ text }) => text);
    for (const kind of ['invoice', 'credit-note'] as const) {
      found.push(...(await desk.xero.findByReference(ref, kind, { texts, from })));
    }
  }
  return found;
}

interface Own {
  revision: number;
  document: XeroDocument;
}

/**
 * One for each revision that has some, the oldest revision first. A copy that somebody made in Xero
 * has our reference, too, but no number of ours; a voided document may have been posted again.
 */
function ownOf(
  { slug }: StoreRecord,
  unknown: readonly RevisionRecord[],
  found: readonly XeroDocument[],
): Own[] {
  return unknown.flatMap(({ digest, revision }) => {
    const all = found.filter(({ reference }) => reference.includes(shortDigest(digest)));
    const ours = all.filter(({ number }) => number.includes(`-${slug}-`));
    const candidates = ours.length > 0 ? ours : all;
    const document = candidates.find(({ status }) => !isGone(status)) ?? candidates[0];
    return document === undefined ? [] : [{ revision, document }];
  });
}

/** The row with our documents in it, each planned against those before it. */
function adoptInto(
  desk: Desk,
  { day, store, chart }: { day: DayRecord; store: StoreRecord; chart: Chart },
  organisation: OrganisationRef,
  own: readonly Own[],
): DayRecord | undefined {
  const again = repostOf(day);
  const at = nowOf(desk);
  const fresh = { organisation, postedAt: at, payments: [] };
  let adopted: DayRecord = { ...day, documents: answered(day) };
  for (const { revision, document } of own) {
    if (adopted.documents.some(({ xeroId }) => xeroId === document.id)) continue;
    const state = isGone(document.status) ? 'gone' : 'created';
    // What is posted again stands in for what is gone.
    if (again !== undefined && state === 'gone') continue;
    const until = { ...adopted, revisions: day.revisions.filter(one => one.revision <= revision) };
    const plan = again ? undefined : planSafely(() => planFor(desk, until, store, chart));
    if (plan?.kind === 'wait') return moveTo(day, 'waiting', plan.reasons, at, 'waits: found');
    const planned = plan?.kind === 'post' ? plan.document : again?.plan;
    if (planned === undefined) continue;
    const row: DocumentRecord = {
      ...{ ...fresh, plan: asItStands(planned, document), revision, state, xeroId: document.id },
      ...(again?.repost !== undefined && { repost: again.repost }),
    };
    adopted = { ...adopted, documents: [...adopted.documents, row] };
  }
  return adopted.documents.length === answered(day).length ? undefined : told(adopted, at);
}

function told(day: DayRecord, at: string): DayRecord {
  const last = sentDocuments(day).at(-1);
  if (last === undefined) return day;
  return last.state === 'gone'
    ? moveTo(day, 'posted', [goneReason(last)], at, `${last.plan.number} is gone from Xero`)
    : moveTo(day, 'posting', [], at, `found ${last.plan.number} in Xero, made by us`);
}
