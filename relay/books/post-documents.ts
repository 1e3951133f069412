/**
 * Second step of posting: planned documents are created in Xero, 50 in a call. The exact request is
 * stored before it is sent. After an unclear outcome the numbers are looked up first: a document
 * with our digest is ours and adopted, another one is `number-taken`, a missing one is sent again.
 */
import { type AppError, isAppError } from '../../protocol/errors.ts';
import type { DayRecord, DocumentRecord } from '../db/records.ts';
import {
  BATCH_MAX,
  type DocumentKind,
  type OrganisationRef,
  type Outcome,
  type Refusal,
  type XeroDocument,
} from '../xero/port.ts';
import { adoptFound } from './adopt.ts';
import { afterRead, lineReasons } from './check-documents.ts';
import { moveTo, refuse } from './day-steps.ts';
import { batches, changeItems, type Desk, type Item, nowOf, refOf, reload } from './poster-desk.ts';
import { reason } from './reasons.ts';
import { reasonsFromXero } from './refusals.ts';
import { ageOf, mayLeave, newKey, RESEND_WITHIN_MS, wholeRequests } from './requests.ts';

/** @throws AppError when Xero could not be asked or its answer is unclear: the items come again */
export async function postDocuments(
  desk: Desk,
  ref: OrganisationRef,
  items: readonly Item[],
): Promise<void> {
  const planned = items.filter(({ document }) => document.state === 'planned');
  for (const kind of ['invoice', 'credit-note'] as const) {
    const ofKind = planned.filter(({ document }) => document.plan.kind === kind);
    const sent = ofKind.filter(({ document }) => document.request !== undefined);
    const again = await settleSent(desk, ref, kind, sent);
    const fresh = ofKind.filter(({ document }) => document.request === undefined);
    for (const batch of batchesOf(desk, [...again, ...fresh])) {
      await sendNew(desk, ref, kind, batch);
    }
  }
}

/** Batches of up to 50; what spoiled a batch before goes alone. */
function batchesOf(desk: Desk, items: readonly Item[]): Item[][] {
  const alone = items.filter(({ document }) => desk.alone.has(document.plan.number));
  const others = items.filter(({ document }) => !desk.alone.has(document.plan.number));
  return [...batches(others, BATCH_MAX), ...batches(alone, 1)];
}

/**
 * Looks up what was sent with an unclear outcome. Found: adopted or refused. Not found: the whole
 * request again while Xero knows its key, else given back to be sent under a new one.
 */
async function settleSent(
  desk: Desk,
  ref: OrganisationRef,
  kind: DocumentKind,
  sent: readonly Item[],
): Promise<Item[]> {
  const missing: Item[] = [];
  for (const batch of batches(sent, BATCH_MAX)) {
    missing.push(...(await lookUp(desk, ref, kind, batch)));
  }
  const { whole, broken } = wholeRequests(missing, ({ document }) => document.request);
  const anew = [...broken];
  for (const group of whole) {
    const request = group[0]?.document.request;
    if (request && ageOf(request, desk.clock()) < RESEND_WITHIN_MS) {
      await send(desk, ref, kind, group, request.idempotencyKey, 'again');
    } else anew.push(...group);
  }
  return anew;
}

/** Adopts what is found and gives back what is not. */
async function lookUp(
  desk: Desk,
  ref: OrganisationRef,
  kind: DocumentKind,
  items: readonly Item[],
): Promise<Item[]> {
  const numbers = items.map(({ document }) => document.plan.number);
  const found = await desk.xero.findDocuments(ref, kind, numbers);
  const missing: Item[] = [];
  for (const item of items) {
    const same = found.filter(one => one.number === item.document.plan.number);
    if (same.length === 0) missing.push(item);
    else await adoptFound(desk, item, same);
  }
  return missing;
}

async function sendNew(
  desk: Desk,
  ref: OrganisationRef,
  kind: DocumentKind,
  asked: readonly Item[],
): Promise<void> {
  if (asked.length === 0) return;
  const nameOf = ({ document }: Item) => document.plan.contactName;
  const contacts = await desk.xero.contactIds(ref, asked.map(nameOf));
  const items = asked.filter(item => contacts.has(nameOf(item)));
  await withoutContact(
    desk,
    asked.filter(item => !contacts.has(nameOf(item))),
  );
  if (items.length === 0) return;
  const key = newKey(items.length);
  const sentAt = nowOf(desk);
  await changeItems(desk, items, (document, item) => ({
    ...document,
    organisation: ref,
    request: {
      idempotencyKey: key,
      body: desk.xero.encodeDocument(document.plan, contacts.get(nameOf(item)) ?? ''),
      sentAt,
    },
  }));
  await send(desk, ref, kind, await reload(desk, items), key, 'first');
}

/** Xero would not make the contact: the day says so, and the others go on. */
async function withoutContact(desk: Desk, items: readonly Item[]): Promise<void> {
  const at = nowOf(desk);
  await changeItems(
    desk,
    items,
    document => (document.repost === undefined ? undefined : document),
    (day, { document }) => {
      const message = `Xero does not take the contact “${document.plan.contactName}”`;
      const why = reason('contact-missing', message, { raw: message });
      return refuse(day, [why], at, message);
    },
  );
}

async function send(
  desk: Desk,
  ref: OrganisationRef,
  kind: DocumentKind,
  items: readonly Item[],
  idempotencyKey: string,
  time: 'first' | 'again',
): Promise<void> {
  const bodies = items.map(({ document }) => document.request?.body ?? '');
  const first = items[0]?.document;
  let outcomes: Outcome<XeroDocument>[];
  try {
    const batch = { kind, idempotencyKey, bodies, mayLeave: mayLeave(desk, first?.request) };
    outcomes = await desk.xero.createDocuments(ref, batch);
  } catch (error) {
    if (time === 'first' && wasNotDone(error)) await takeBack(desk, items);
    if (isAppError(error, 'xero-validation')) return refusedAsWhole(desk, ref, kind, items);
    throw error;
  }
  await record(desk, ref, kind, items, outcomes);
}

/** Errors after which surely nothing was written, if it was the first try. */
export function wasNotDone(error: unknown): error is AppError {
  return (
    isAppError(error, 'xero-unavailable') ||
    isAppError(error, 'xero-rate-limit') ||
    isAppError(error, 'xero-disconnected') ||
    isAppError(error, 'not-found')
  );
}

async function takeBack(desk: Desk, items: readonly Item[]): Promise<void> {
  await changeItems(desk, items, withoutRequest);
}

function withoutRequest({ request: _, ...document }: DocumentRecord): DocumentRecord {
  return document;
}

/** Xero refused the batch as one: what it did make is adopted, the rest goes one by one. */
async function refusedAsWhole(
  desk: Desk,
  ref: OrganisationRef,
  kind: DocumentKind,
  items: readonly Item[],
): Promise<void> {
  const missing = await lookUp(desk, ref, kind, items);
  for (const { document } of missing) desk.alone.add(document.plan.number);
  await takeBack(desk, missing);
  for (const item of await reload(desk, missing)) await sendNew(desk, ref, kind, [item]);
}

async function record(
  desk: Desk,
  ref: OrganisationRef,
  kind: DocumentKind,
  items: readonly Item[],
  outcomes: readonly Outcome<XeroDocument>[],
): Promise<void> {
  const pairs = items.map((item, i) => ({ ...item, outcome: outcomes[i] }));
  const made = pairs.flatMap(({ outcome, ...item }) =>
    outcome?.ok ? [{ ...item, done: outcome.done }] : [],
  );
  const refused = pairs.flatMap(({ outcome, ...item }) =>
    outcome?.ok === false ? [{ ...item, refusal: outcome.refusal }] : [],
  );
  for (const { done } of made) if (done.payments.length === 0) desk.unpaid.add(done.id);
  await recordMade(desk, made);
  const taken = refused.filter(({ refusal }) => isTaken(refusal));
  await recordRefused(
    desk,
    refused.filter(item => !taken.includes(item)),
  );
  for (const batch of batches(taken, BATCH_MAX)) {
    // "Must be unique" may be the echo of our own request: whose document is it?
    const missing = await lookUp(desk, ref, kind, batch);
    const other = kind === 'invoice' ? 'credit-note' : 'invoice';
    const nowhere = missing.length === 0 ? [] : await lookUp(desk, ref, other, missing);
    await recordRefused(
      desk,
      taken.filter(({ key }) => nowhere.some(one => one.key === key)),
    );
  }
}

async function recordMade(
  desk: Desk,
  made: readonly (Item & { done: XeroDocument })[],
): Promise<void> {
  const at = nowOf(desk);
  await changeItems(
    desk,
    made,
    (document, { done }) => ({
      ...withoutRequest(document),
      state: 'created',
      xeroId: done.id,
      postedAt: at,
    }),
    (day, { document, done }) =>
      // What Xero made otherwise than asked is not paid: a person looks at it first.
      differsAtOnce(document, done)
        ? afterRead(day, document, done, at)
        : moveTo(day, 'posting', [], at, `created ${document.plan.number} in Xero`),
  );
}

function differsAtOnce(document: DocumentRecord, done: XeroDocument): boolean {
  const { plan } = document;
  if (plan.total !== done.total || lineReasons(document, done).length > 0) return true;
  return Math.abs(plan.tax - done.tax) > plan.taxTolerance;
}

/** Nothing was written: the plan is dropped, and made again when the day is tried again. */
async function recordRefused(
  desk: Desk,
  refused: readonly (Item & { refusal: Refusal })[],
): Promise<void> {
  const at = nowOf(desk);
  for (const { store, refusal } of refused) {
    const contact = reasonsFromXero(refusal.messages).some(({ code }) => /^contact-/.test(code));
    const ref = refOf(store);
    if (contact && ref) await desk.xero.forgetContacts(ref);
  }
  await changeItems(
    desk,
    refused,
    document => (document.repost === undefined ? undefined : withoutRequest(document)),
    (day, { refusal }) => refusedDay(day, refusal, at),
  );
}

/** The row of a day that Xero refused, in words a bookkeeper knows. */
export function refusedDay(day: DayRecord, { messages, raw }: Refusal, at: string): DayRecord {
  const what = `Xero refused: ${messages[0] ?? 'without saying why'}`;
  return refuse(day, reasonsFromXero(messages, raw), at, what);
}

function isTaken(refusal: Refusal): boolean {
  return refusal.messages.some(message => /must be unique|already (exists|in use)/i.test(message));
}
