/**
 * Third step of posting: each created document gets its payments, 50 in a call. A payment has no
 * unique key in Xero: whatever this process did not see itself is read from the document first,
 * matched by reference and amount, and only what is missing is paid.
 */
import { isAppError } from '../../protocol/errors.ts';
import type { DocumentRecord } from '../db/records.ts';
import { refusalOf } from '../xero/failures.ts';
import {
  BATCH_MAX,
  type OrganisationRef,
  type Outcome,
  READ_MAX,
  type Refusal,
  type XeroDocument,
  type XeroPayment,
} from '../xero/port.ts';
import { goneReason, isGone } from './adopt.ts';
import { UNLISTED_MS } from './check-documents.ts';
import { addEvent, moveTo, mustRest } from './day-steps.ts';
import { onOneLine } from './numbers.ts';
import type { PlannedPayment } from './plan.ts';
import { refusedDay, wasNotDone } from './post-documents.ts';
import { batches, changeItems, type Desk, type Item, nowOf, reload } from './poster-desk.ts';
import {
  ageOf,
  mayLeave,
  newKey,
  RESEND_WITHIN_MS,
  SETTLED_AFTER_MS,
  wholeRequests,
} from './requests.ts';

/** One payment of one item, as it stands in the request. */
interface Part {
  item: Item;
  payment: PlannedPayment;
  body: string;
}

/** @throws AppError when Xero could not be asked or its answer is unclear: the items come again */
export async function postPayments(
  desk: Desk,
  ref: OrganisationRef,
  items: readonly Item[],
): Promise<void> {
  // With a read-back it was made otherwise than asked, and is not paid.
  const created = items.filter(
    ({ day, document }) =>
      document.state === 'created' &&
      document.readBack === undefined &&
      !mustRest(day, desk.clock()),
  );
  await payNothing(
    desk,
    created.filter(({ document }) => missingPayments(document).length === 0),
  );
  const due = created.filter(({ document }) => missingPayments(document).length > 0);
  const known = due.filter(item => isKnownUnpaid(desk, item));
  const unsure = due.filter(item => !isKnownUnpaid(desk, item));
  const read = await readFirst(desk, ref, unsure);
  const left = await resendLost(desk, ref, read);
  await sendAll(desk, ref, [...known, ...left]);
}

/** Planned payments that do not stand in Xero as far as the row knows. */
export function missingPayments(document: DocumentRecord): PlannedPayment[] {
  const paid = new Set(document.payments.map(({ tender }) => tender));
  return document.plan.payments.filter(({ tender }) => !paid.has(tender));
}

function isKnownUnpaid(desk: Desk, { document }: Item): boolean {
  return document.paymentsRequest === undefined && desk.unpaid.has(document.xeroId ?? '');
}

/** Drafts and zero documents take no payment: they go on to be read back. */
async function payNothing(desk: Desk, items: readonly Item[]): Promise<void> {
  await changeItems(desk, items, document => paidUp(document));
}

function paidUp(document: DocumentRecord): DocumentRecord {
  if (missingPayments(document).length > 0) return document;
  const { paymentsRequest: _, ...rest } = document;
  return { ...rest, state: 'paid' };
}

/** Reads the documents and notes the payments that they have; gives back those that lack some. */
async function readFirst(
  desk: Desk,
  ref: OrganisationRef,
  items: readonly Item[],
): Promise<Item[]> {
  const listed: Item[] = [];
  for (const kind of ['invoice', 'credit-note'] as const) {
    const ofKind = items.filter(({ document }) => document.plan.kind === kind);
    for (const batch of batches(ofKind, READ_MAX[kind])) {
      const numbers = batch.map(({ document }) => document.plan.number);
      const found = await desk.xero.findDocuments(ref, kind, numbers);
      listed.push(...(await noteFound(desk, batch, found)));
    }
  }
  const fresh = await reload(desk, listed);
  return fresh.filter(({ document }) => document.state === 'created');
}

/** What Xero does not list is not paid: nobody knows what stands on it. */
async function noteFound(
  desk: Desk,
  items: readonly Item[],
  found: readonly XeroDocument[],
): Promise<Item[]> {
  const at = nowOf(desk);
  const pairs = items.map(item => ({
    ...item,
    own: found.find(({ id }) => id === item.document.xeroId),
  }));
  const young = ({ postedAt }: DocumentRecord) =>
    desk.clock() - Date.parse(postedAt ?? '') < UNLISTED_MS;
  const known = pairs.filter(({ own, document }) => own !== undefined || !young(document));
  await changeItems(
    desk,
    known,
    (document, { own }) =>
      own === undefined || isGone(own.status)
        ? { ...document, state: 'gone' }
        : paidUp({ ...document, payments: matchPayments(document, own.payments) }),
    (day, { own, document }) =>
      own === undefined || isGone(own.status)
        ? moveTo(day, 'posted', [goneReason(document)], at, `${document.plan.number} is gone`)
        : day,
  );
  return known;
}

/** Each payment in Xero settles at most one planned payment of the same reference and amount. */
export function matchPayments(
  document: DocumentRecord,
  found: readonly XeroPayment[],
): DocumentRecord['payments'] {
  const left = [...found];
  return document.plan.payments.flatMap(({ tender, reference, amount }) => {
    const named = onOneLine(reference);
    const at = left.findIndex(one => onOneLine(one.reference) === named && one.amount === amount);
    const match = at === -1 ? undefined : left.splice(at, 1)[0];
    return match === undefined ? [] : [{ tender, xeroId: match.id, amount }];
  });
}

/**
 * A payments request with an unclear outcome: within the time that Xero knows its key, the very same
 * bytes again; after that, what is still missing goes into a new request. A request that cannot be
 * put together again waits until nothing of it can still be on its way.
 */
async function resendLost(
  desk: Desk,
  ref: OrganisationRef,
  items: readonly Item[],
): Promise<Item[]> {
  const lost = items.filter(({ document }) => document.paymentsRequest !== undefined);
  const anew = items.filter(({ document }) => document.paymentsRequest === undefined);
  const { whole, broken } = wholeRequests(lost, ({ document }) => document.paymentsRequest);
  for (const group of whole) {
    const age = ageOf(group[0]?.document.paymentsRequest, desk.clock());
    if (age < RESEND_WITHIN_MS) await send(desk, ref, group, 'again');
    else if (age > SETTLED_AFTER_MS) anew.push(...group);
  }
  const old = ({ document }: Item) =>
    ageOf(document.paymentsRequest, desk.clock()) > SETTLED_AFTER_MS;
  anew.push(...broken.filter(old));
  return anew;
}

/** The next 50 payments in the order of the items; the last item may give only some of its own. */
function nextShare(items: readonly Item[]): Share[] {
  const shares: Share[] = [];
  let room = BATCH_MAX;
  for (const item of items) {
    const count = Math.min(missingPayments(item.document).length, room);
    if (count > 0) shares.push({ item, count });
    room -= count;
  }
  return shares;
}

interface Share {
  item: Item;
  count: number;
}

async function sendAll(desk: Desk, ref: OrganisationRef, items: readonly Item[]): Promise<void> {
  let left = items;
  for (let shares = nextShare(left); shares.length > 0; shares = nextShare(left)) {
    const refused = await sendNew(desk, ref, shares);
    const fresh = await reload(desk, left);
    // A refused payment waits for its day; whoever has had none refused goes on.
    left = fresh.filter(({ key, document }) => document.state === 'created' && !refused.has(key));
  }
}

/** Gives the keys of the days that Xero refused a payment of. */
async function sendNew(
  desk: Desk,
  ref: OrganisationRef,
  shares: readonly Share[],
): Promise<Set<string>> {
  const idempotencyKey = newKey(shares.length);
  const sentAt = nowOf(desk);
  const counted = shares.map(({ item, count }) => ({ ...item, count }));
  await changeItems(desk, counted, (document, { count }) => {
    const body = JSON.stringify(bodiesOf(desk, document, count));
    return { ...document, paymentsRequest: { idempotencyKey, body, sentAt } };
  });
  const items = await reload(desk, counted);
  return send(desk, ref, items, 'first');
}

function bodiesOf(desk: Desk, document: DocumentRecord, count: number): string[] {
  const { plan, xeroId = '' } = document;
  return missingPayments(document)
    .slice(0, count)
    .map(payment => desk.xero.encodePayment(plan, xeroId, plan.payments.indexOf(payment)));
}

async function send(
  desk: Desk,
  ref: OrganisationRef,
  items: readonly Item[],
  time: 'first' | 'again',
): Promise<Set<string>> {
  const parts = items.flatMap(partsOf);
  const first = items[0]?.document;
  if (first === undefined) return new Set();
  for (const { document } of items) desk.unpaid.delete(document.xeroId ?? '');
  const batch = {
    kind: first.plan.kind,
    idempotencyKey: first.paymentsRequest?.idempotencyKey ?? '',
    bodies: parts.map(({ body }) => body),
    mayLeave: mayLeave(desk, first.paymentsRequest),
  };
  let outcomes: Outcome<XeroPayment>[];
  try {
    outcomes = await desk.xero.createPayments(ref, batch, first.plan.currency);
  } catch (error) {
    const refused = isAppError(error, 'xero-validation');
    const undone = time === 'first' && wasNotDone(error);
    if (undone || refused) await takeBack(desk, items);
    if (refused && items.length > 1) return sendOneByOne(desk, ref, items);
    const refusal = refusalOf(error);
    if (refusal !== undefined) return recordRefusal(desk, items, refusal);
    if (undone) for (const { document } of items) desk.unpaid.add(document.xeroId ?? '');
    throw error;
  }
  return record(desk, items, parts, outcomes);
}

/** Xero refused the batch as one, and none of it was paid: one of them is to blame. */
async function sendOneByOne(
  desk: Desk,
  ref: OrganisationRef,
  items: readonly Item[],
): Promise<Set<string>> {
  const refused = new Set<string>();
  for (const item of await readFirst(desk, ref, items)) {
    for (const key of await sendNew(desk, ref, nextShare([item]))) refused.add(key);
  }
  return refused;
}

async function recordRefusal(
  desk: Desk,
  items: readonly Item[],
  refusal: Refusal,
): Promise<Set<string>> {
  const at = nowOf(desk);
  await changeItems(
    desk,
    items,
    document => document,
    day => refusedDay(day, refusal, at),
  );
  return new Set(items.map(({ key }) => key));
}

function partsOf(item: Item): Part[] {
  const { plan, paymentsRequest } = item.document;
  const bodies = JSON.parse(paymentsRequest?.body ?? '[]') as string[];
  return bodies.flatMap(body => {
    const { reference } = JSON.parse(body) as { reference: string };
    const payment = plan.payments.find(one => one.reference === reference);
    return payment === undefined ? [] : [{ item, payment, body }];
  });
}

async function takeBack(desk: Desk, items: readonly Item[]): Promise<void> {
  await changeItems(desk, items, ({ paymentsRequest: _, ...document }) => document);
}

async function record(
  desk: Desk,
  items: readonly Item[],
  parts: readonly Part[],
  outcomes: readonly Outcome<XeroPayment>[],
): Promise<Set<string>> {
  const at = nowOf(desk);
  const results = items.map(item => {
    const own = parts.map((part, i) => ({ part, outcome: outcomes[i] }));
    return { ...item, own: own.filter(({ part }) => part.item === item) };
  });
  await changeItems(
    desk,
    results,
    (document, { own }) => {
      const { paymentsRequest: _, ...rest } = document;
      return paidUp({ ...rest, payments: addPaid(rest.payments, own) });
    },
    (day, { own, document }) => {
      // The document stands; the refused payment is tried again with the day.
      const refused = own.find(({ outcome }) => outcome?.ok === false)?.outcome;
      if (refused?.ok === false) return refusedDay(day, refused.refusal, at);
      const what = `paid ${document.plan.number}: ${own.length} payments`;
      const state = day.state === 'waiting' ? 'posting' : day.state;
      return addEvent({ ...day, state, reasons: [] }, { at, who: 'relay', what });
    },
  );
  const refused = results.filter(({ own }) => own.some(({ outcome }) => outcome?.ok === false));
  return new Set(refused.map(({ key }) => key));
}

/** An answer that is repeated for a request sent again adds nothing. */
function addPaid(
  known: DocumentRecord['payments'],
  answered: readonly { part: Part; outcome: Outcome<XeroPayment> | undefined }[],
): DocumentRecord['payments'] {
  const paid = answered.flatMap(({ part: { payment }, outcome }) =>
    outcome?.ok && !known.some(({ tender }) => tender === payment.tender)
      ? [{ tender: payment.tender, xeroId: outcome.done.id, amount: payment.amount }]
      : [],
  );
  return [...known, ...paid];
}
