/**
 * A document with our number stands in Xero: is it ours? Ours carries the digest of one of the
 * day's signed summaries in its reference; then it is taken over as it is, even if this database has
 * forgotten it (restored from a backup). Any other is left alone, and the day says so.
 */
import type { DayRecord, DocumentRecord, RevisionRecord } from '../db/records.ts';
import type { XeroDocument } from '../xero/port.ts';
import { changeDocument, moveTo } from './day-steps.ts';
import { paymentReferences, shortDigest } from './numbers.ts';
import type { PlannedDocument } from './plan.ts';
import { planFor } from './plan-days.ts';
import { changeDays, type Desk, type Item, nowOf } from './poster-desk.ts';
import { reason } from './reasons.ts';

/** @param found all documents of that number, at least one */
export async function adoptFound(
  desk: Desk,
  item: Item,
  found: readonly XeroDocument[],
): Promise<void> {
  const standing = found.filter(({ status }) => !isGone(status));
  const own = pick(item.day, standing) ?? pick(item.day, found);
  const at = nowOf(desk);
  if (own === undefined) {
    const other = standing[0] ?? found[0];
    const message = `${item.document.plan.number} is taken by another document (${other?.reference || 'without reference'})`;
    return changeDays(desk, [item.key], day =>
      moveTo(
        changeDocument(day, item.document, () => undefined),
        'waiting',
        [reason('number-taken', message)],
        at,
        'the number is taken in Xero',
      ),
    );
  }
  const document = await documentOf(desk, item, own);
  await changeDays(desk, [item.key], day => {
    const changed = changeDocument(day, item.document, () => document);
    return document.state === 'gone'
      ? moveTo(changed, 'posted', [goneReason(document)], at, `${own.number} is ${own.status}`)
      : moveTo(changed, 'posting', [], at, `found ${own.number} in Xero, made by us`);
  });
}

export function isGone(status: string): boolean {
  return status === 'VOIDED' || status === 'DELETED';
}

export function goneReason(document: DocumentRecord) {
  return reason('document-gone', `${document.plan.number} was voided or deleted in Xero`);
}

function pick(day: DayRecord, found: readonly XeroDocument[]): XeroDocument | undefined {
  return found.find(one => revisionOf(day, one) !== undefined);
}

/** The revision whose digest the document's reference carries, the newest first. */
function revisionOf(day: DayRecord, document: XeroDocument): RevisionRecord | undefined {
  return day.revisions
    .toReversed()
    .find(one => document.reference.includes(shortDigest(one.digest)));
}

/**
 * Our row for a document that stands in Xero. If an earlier revision made it, the row says so, and
 * the newer one becomes an adjustment to it.
 */
async function documentOf(desk: Desk, item: Item, own: XeroDocument): Promise<DocumentRecord> {
  const revision = revisionOf(item.day, own)?.revision ?? item.document.revision;
  const planned = await planOf(desk, item, revision);
  const { request: _, ...kept } = item.document;
  return {
    ...kept,
    plan: asItStands(planned, own),
    revision,
    state: isGone(own.status) ? 'gone' : 'created',
    xeroId: own.id,
    postedAt: item.document.postedAt ?? nowOf(desk),
    payments: [],
  };
}

/** Under the number that it has in Xero; its payments bear that number, too. */
export function asItStands(planned: PlannedDocument, own: XeroDocument): PlannedDocument {
  const { kind, number, reference } = own;
  const tenders = planned.payments.map(({ tender }) => tender);
  const references = paymentReferences(number, tenders);
  const payments = planned.payments.map((one, i) => ({
    ...one,
    reference: references[i] ?? one.reference,
  }));
  return { ...planned, kind, number, reference, payments };
}

async function planOf(desk: Desk, item: Item, revision: number): Promise<DocumentRecord['plan']> {
  if (revision === item.document.revision) return item.document.plan;
  const chart = await desk.db.get('charts', item.store.books?.organisation ?? '');
  const earlier = { ...item.document, revision };
  const day = {
    ...item.day,
    documents: item.day.documents.map(one => (one === item.document ? earlier : one)),
  };
  const plan = chart && planFor(desk, day, item.store, chart, earlier);
  return plan?.kind === 'post' ? plan.document : item.document.plan;
}
