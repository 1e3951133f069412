/**
 * The calls that post: documents and payments are created (PUT, never changed) in batches with an
 * idempotency key. Promise: one outcome per element in the order sent;
 * whatever is unclear about one of them rejects as `xero-unknown-outcome`.
 */
import type { CreditNote, Invoice, Payment } from 'xero-node';
import { type AppError, isAppError } from '../../protocol/errors.ts';
import { type CallDeps, callXero, listOf } from './calls.ts';
import { decodeCreditNote, decodeInvoice, decodePayment, outcomeOf } from './documents.ts';
import { refusalOf, unknownOutcome } from './failures.ts';
import {
  BATCH_MAX,
  type Batch,
  type OrganisationRef,
  type Outcome,
  type XeroDocument,
  type XeroPayment,
} from './port.ts';

const POSTS = { caller: 'poster', writes: true } as const;
/** Stays explicit everywhere: with `true` one bad element hides what became of the others. */
const SUMMARIZE = false;

export async function createDocuments(
  deps: CallDeps,
  ref: OrganisationRef,
  batch: Batch,
): Promise<Outcome<XeroDocument>[]> {
  checkSize(batch);
  const tenant = ref.organisation;
  const { idempotencyKey: key } = batch;
  const elements = batch.bodies.map(body => JSON.parse(body) as unknown);
  return singleRefusal(batch, async () => {
    if (batch.kind === 'invoice') {
      const invoices = elements as Invoice[];
      const body = await callXero(deps, ref, POSTS, api => {
        batch.mayLeave?.();
        return api.createInvoices(tenant, { invoices }, SUMMARIZE, undefined, key);
      });
      return inOrder(batch, listOf(body.invoices, true), invoiceFate);
    }
    const creditNotes = elements as CreditNote[];
    const body = await callXero(deps, ref, POSTS, api => {
      batch.mayLeave?.();
      return api.createCreditNotes(tenant, { creditNotes }, SUMMARIZE, undefined, key);
    });
    return inOrder(batch, listOf(body.creditNotes, true), noteFate);
  });
}

function invoiceFate(invoice: Invoice, sent: Invoice): Outcome<XeroDocument> {
  const outcome = outcomeOf(invoice, invoice.invoiceID, decodeInvoice);
  if (outcome.ok && outcome.done.number !== sent.invoiceNumber) throw misplaced();
  return outcome;
}

function noteFate(note: CreditNote, sent: CreditNote): Outcome<XeroDocument> {
  const outcome = outcomeOf(note, note.creditNoteID, decodeCreditNote);
  if (outcome.ok && outcome.done.number !== sent.creditNoteNumber) throw misplaced();
  return outcome;
}

export async function createPayments(
  deps: CallDeps,
  ref: OrganisationRef,
  batch: Batch,
  currency: string,
): Promise<Outcome<XeroPayment>[]> {
  checkSize(batch);
  const payments = batch.bodies.map(body => JSON.parse(body) as Payment);
  return singleRefusal(batch, async () => {
    const body = await callXero(deps, ref, POSTS, api => {
      batch.mayLeave?.();
      return api.createPayments(ref.organisation, { payments }, SUMMARIZE, batch.idempotencyKey);
    });
    return inOrder(batch, listOf(body.payments, true), (payment: Payment, sent: Payment) => {
      const outcome = outcomeOf(payment, payment.paymentID, one => decodePayment(one, currency));
      if (outcome.ok && payment.reference !== sent.reference) throw misplaced();
      return outcome;
    });
  });
}

function checkSize(batch: Batch): void {
  const size = batch.bodies.length;
  if (size < 1 || size > BATCH_MAX) throw new RangeError(`a batch of ${size}`);
}

/** Elements of the answer stand in the order sent; a missing one makes the whole unclear. */
function inOrder<Source, Sent, Done>(
  batch: Batch,
  answered: Source[],
  fate: (source: Source, sent: Sent) => Outcome<Done>,
): Outcome<Done>[] {
  if (answered.length !== batch.bodies.length) {
    throw unknownOutcome(`Xero answered ${answered.length} of ${batch.bodies.length} elements`);
  }
  try {
    return batch.bodies.map((body, i) => fate(answered[i] as Source, JSON.parse(body) as Sent));
  } catch (error) {
    if (isAppError(error, 'bad-answer')) throw unknownOutcome(error.message, error);
    throw error;
  }
}

function misplaced(): AppError {
  return unknownOutcome('Xero answered in another order than asked');
}

/**
 * A 400 to a batch of one is that one's refusal. To more it says little about each: the caller
 * looks them up and sends them one by one. A reused idempotency key is no refusal of the content.
 */
async function singleRefusal<Done>(
  batch: Batch,
  work: () => Promise<Outcome<Done>[]>,
): Promise<Outcome<Done>[]> {
  try {
    return await work();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    if (/idempoten/i.test(refusal.raw)) {
      throw unknownOutcome('Xero knows this idempotency key with another content', error);
    }
    if (batch.bodies.length > 1) throw error;
    return [{ ok: false, refusal }];
  }
}
