/**
 * What a bookkeeper does by hand in Xero: void, edit, take payments back, reconcile. Used by the
 * pages and by the control; the same rules hold as for the API.
 */
import { findAccount, lockOver, paymentsOf, settle } from './books.ts';
import { lockMessage, totals, wordFor } from './documents.ts';
import { removePayment } from './payments.ts';
import type { Doc, Organisation, Payment } from './types.ts';
import type { World } from './world.ts';

/** Raised when Xero would not let a person do that; the message says why. */
export class RefusedByHand extends Error {}

/** The document with that number or id. Throws when there is none. */
export function docNamed(organisation: Organisation, name: string): Doc {
  const doc = organisation.docs.find(d => d.id === name || d.number === name);
  if (doc === undefined) throw new RefusedByHand(`There is no document "${name}".`);
  return doc;
}

/** Voids a posted document, deletes a draft. With `payments` its payments are removed first. */
export function voidDoc(
  world: World,
  organisation: Organisation,
  doc: Doc,
  payments: boolean,
): void {
  if (payments) {
    for (const payment of paymentsOf(organisation, doc)) {
      removeByHand(world, organisation, payment);
    }
  }
  if (paymentsOf(organisation, doc).length > 0) {
    throw new RefusedByHand('Remove the payments first.');
  }
  if (doc.status === 'VOIDED' || doc.status === 'DELETED') {
    throw new RefusedByHand(`${wordFor(doc.kind)} is ${doc.status.toLowerCase()} already.`);
  }
  const posted = doc.status === 'AUTHORISED' || doc.status === 'PAID';
  const lock = posted ? lockOver(organisation, doc.date) : undefined;
  if (lock !== undefined) throw new RefusedByHand(lockMessage('document', lock));
  doc.status = posted ? 'VOIDED' : 'DELETED';
  doc.updatedAt = world.now();
}

/** Takes a payment back. */
export function removeByHand(world: World, organisation: Organisation, payment: Payment): void {
  const [reason] = removePayment({ world, organisation }, payment);
  if (reason !== undefined) throw new RefusedByHand(reason);
}

export interface Edit {
  readonly reference?: string;
  /** Puts line `line` (from 0) on another account; people may, even when the document is paid. */
  readonly line?: number;
  readonly accountCode?: string;
  /** Changes the line's gross amount in cents; only while nothing is paid. */
  readonly amountCents?: number;
}

/** Changes a document as a person would on its page. */
export function editDoc(world: World, organisation: Organisation, doc: Doc, edit: Edit): void {
  const lock = lockOver(organisation, doc.date);
  if (lock !== undefined) throw new RefusedByHand(lockMessage('document', lock));
  if (edit.reference !== undefined) doc.reference = edit.reference;
  const line = doc.lines[edit.line ?? 0];
  if (line === undefined) throw new RefusedByHand('There is no such line.');
  if (edit.accountCode !== undefined) {
    const account = findAccount(organisation, { code: edit.accountCode });
    if (account === undefined) throw new RefusedByHand(`There is no account ${edit.accountCode}.`);
    line.accountId = account.id;
  }
  if (edit.amountCents !== undefined) {
    if (paymentsOf(organisation, doc).length > 0) {
      throw new RefusedByHand('Amounts cannot be edited while payments stand against it.');
    }
    const rate = line.lineAmount === 0 ? 0 : line.taxAmount / line.lineAmount;
    line.lineAmount = edit.amountCents;
    line.unitAmount = edit.amountCents * 100;
    line.quantity = 10_000;
    line.taxAmount = Math.round(edit.amountCents * rate);
    Object.assign(doc, totals(doc.lines, doc.lineAmountTypes));
  }
  doc.updatedAt = world.now();
  settle(organisation, doc, world.open.zeroTotal === 'paid');
}
