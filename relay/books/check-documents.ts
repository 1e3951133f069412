/**
 * Last step of posting: what was written is read back from Xero, and the whole day is compared by
 * reconcile.ts. Equal: the day is reconciled (a DRAFT: drafted). Not equal: it is posted and says
 * what differs; nothing is plugged.
 */
import type { DayRecord, DocumentRecord, ReadBack } from '../db/records.ts';
import { type OrganisationRef, READ_MAX, type XeroDocument } from '../xero/port.ts';
import { goneReason, isGone } from './adopt.ts';
import { changeDocument, isSame, moveTo, stateAfter } from './day-steps.ts';
import { batches, changeItems, type Desk, type Item, nowOf } from './poster-desk.ts';
import { type Reason, reason } from './reasons.ts';
import { type Reconciliation, reconcile } from './reconcile.ts';

/** A document that Xero does not list is only called gone after this long. */
export const UNLISTED_MS = 10 * 60_000;

/** @throws AppError when Xero could not be asked: the items come again */
export async function checkDocuments(
  desk: Desk,
  ref: OrganisationRef,
  items: readonly Item[],
): Promise<void> {
  const paid = items.filter(({ document }) => document.state === 'paid');
  for (const kind of ['invoice', 'credit-note'] as const) {
    const ofKind = paid.filter(({ document }) => document.plan.kind === kind);
    for (const batch of batches(ofKind, READ_MAX[kind])) {
      const numbers = batch.map(({ document }) => document.plan.number);
      await recordRead(desk, batch, await desk.xero.findDocuments(ref, kind, numbers));
    }
  }
}

async function recordRead(
  desk: Desk,
  items: readonly Item[],
  found: readonly XeroDocument[],
): Promise<void> {
  const at = nowOf(desk);
  const read = items.map(item => ({
    ...item,
    own: found.find(({ id }) => id === item.document.xeroId),
  }));
  await changeItems(
    desk,
    read,
    document => document,
    (day, { document, own }) => afterRead(day, document, own, at),
  );
}

/** The row after one of its documents was read: what was found, the comparison, the state. */
export function afterRead(
  day: DayRecord,
  document: DocumentRecord,
  own: XeroDocument | undefined,
  at: string,
): DayRecord {
  const { revision, plan } = document;
  // What was just made may not be listed yet.
  const young = Date.parse(at) - Date.parse(document.postedAt ?? '') < UNLISTED_MS;
  if (own === undefined && young) return day;
  if (own === undefined || isGone(own.status)) {
    const gone = changeDocument(day, document, now => ({ ...now, state: 'gone' }));
    return moveTo(gone, 'posted', [goneReason(document)], at, `${plan.number} is gone from Xero`);
  }
  const readBack = readBackOf(own, at);
  const read = changeDocument(day, document, now => ({ ...now, readBack }));
  const { verdict, reasons } = compareDay(read);
  const wrong = [...lineReasons(document, own), ...reasons];
  if (wrong.length > 0 || verdict === 'differs' || verdict === 'unknown') {
    const state = stateAfter(day, revision, 'posted');
    return moveTo(read, state, wrong, at, `read back ${plan.number}: differs`);
  }
  const documents = read.documents.map(one => settled(one, document));
  const done = moveTo({ ...read, documents }, verdict, [], at, `read back: ${verdict}`);
  return { ...done, state: stateAfter(day, revision, verdict) };
}

/**
 * Xero may drop an archived account from a line with no more than a warning, and people may move a
 * line: account, tax type and amount of each must be as planned.
 */
export function lineReasons({ plan }: DocumentRecord, own: XeroDocument): Reason[] {
  const said = own.warnings.length === 0 ? {} : { raw: own.warnings.join(' ') };
  if (own.lines.length !== plan.lines.length) {
    const message = `${plan.number} has ${own.lines.length} lines in Xero, ${plan.lines.length} here`;
    return [reason('books-differ', message, said)];
  }
  return plan.lines.flatMap((line, i) => {
    const there = own.lines[i];
    const same =
      there?.account === line.accountCode &&
      there.taxType === line.taxType &&
      there.amount === line.amount;
    if (same) return [];
    const where = `account ${there?.account || 'none'}, tax ${there?.taxType || 'none'}`;
    const message = `${plan.number}: “${line.description}” stands on ${where} in Xero, account ${line.accountCode}, tax ${line.taxType} here`;
    return [reason('books-differ', message, said)];
  });
}

/** What was read is done; so is what was only held up by the difference that is gone now. */
function settled(one: DocumentRecord, read: DocumentRecord): DocumentRecord {
  const known = isSame(one, read) || one.state === 'paid';
  if (!known || one.readBack === undefined) return one;
  return { ...one, state: one.readBack.status === 'DRAFT' ? 'drafted' : 'reconciled' };
}

/** Compares the day's documents with the newest revision that they stand for. */
export function compareDay(day: DayRecord): Reconciliation {
  const newest = Math.max(0, ...day.documents.map(({ revision }) => revision));
  const revision = day.revisions.find(one => one.revision === newest) ?? day.revisions.at(-1);
  if (revision === undefined) return { verdict: 'unknown', rows: [], reasons: [] };
  return reconcile({ parts: revision.parts, documents: day.documents });
}

/** Within a document Xero does not name a payment's account: '' then. */
export function readBackOf(own: XeroDocument, at: string): ReadBack {
  const { status, total, tax, amountDue } = own;
  const payments = own.payments.map(({ reference, account, amount }) => ({
    ...{ reference, account, amount },
  }));
  const lines = own.lines.map(({ account, taxType, amount }) => ({ account, taxType, amount }));
  const read = { at, status, total, tax, amountDue, payments };
  return lines.length === 0 ? read : { ...read, lines };
}
