/**
 * `/Payments`: money received for invoices, money given back for credit notes. There is no unique
 * key: the same payment sent twice is two payments, as long as enough is due.
 */
import { randomUUID } from 'node:crypto';
import {
  type Answer,
  badQuery,
  envelope,
  type Json,
  NO_ID,
  NOT_FOUND,
  readDate,
  validationException,
} from './answers.ts';
import { amountDue, findAccount, lockOver, settle } from './books.ts';
import { type Cents, scale } from './decimal.ts';
import { lockMessage } from './documents.ts';
import { parseWhereOf } from './documents-api.ts';
import type { Call } from './gate.ts';
import { type PaymentInput, readPayments } from './input.ts';
import { inOrder, page } from './query.ts';
import { paymentJson } from './render.ts';
import type { Account, Doc, Organisation, Payment } from './types.ts';
import { WhereError } from './where.ts';

interface Entry {
  readonly input: PaymentInput;
  readonly payment?: Payment;
  readonly doc?: Doc;
  readonly errors: readonly string[];
}

/** `PUT` and `POST`: makes payments, all or (with `summarizeErrors=false`) those that pass. */
export function createPayments(call: Call): Answer {
  const read = readPayments(call.body);
  if ('refusal' in read) return read.refusal;
  const spoken = new Map<string, Cents>();
  const entries = read.elements.map(input => draftPayment(call, input, spoken));
  const failed = entries.filter(entry => entry.payment === undefined);
  if (call.query.get('summarizeErrors') !== 'false' && failed.length > 0) {
    return validationException(failed.map(entry => refusedJson(entry)));
  }
  for (const { payment, doc } of entries) {
    if (payment === undefined || doc === undefined) continue;
    call.organisation.payments.push(payment);
    doc.updatedAt = call.world.now();
    settle(call.organisation, doc, call.world.open.zeroTotal === 'paid');
  }
  const fate = { errors: [], warnings: [] };
  const shown = entries.map(entry =>
    entry.payment === undefined
      ? refusedJson(entry)
      : paymentJson(call.organisation, entry.payment, true, fate),
  );
  return { status: 200, body: envelope(call.world.now(), 'Payments', shown) };
}

/** `GET /Payments?where=…` */
export function listPayments(call: Call): Answer {
  const { organisation } = call;
  const all = organisation.payments.filter(
    p => call.modifiedSince === undefined || p.updatedAt >= call.modifiedSince,
  );
  try {
    const fits = parseWhereOf(call);
    const shown = all
      .map(payment => ({ json: paymentJson(organisation, payment, false), payment }))
      .filter(({ json, payment }) => fits({ ...json, ...creditNoteOf(organisation, payment) }));
    const { records, pagination } = page(
      call,
      inOrder(
        call,
        shown.map(({ json }) => json),
      ),
    );
    const more = { ...(pagination && { pagination }) };
    return { status: 200, body: envelope(call.world.now(), 'Payments', records, more) };
  } catch (error) {
    if (error instanceof WhereError) return badQuery(error.message);
    throw error;
  }
}

/** `GET /Payments/{id}` */
export function getPayment(call: Call): Answer {
  const payment = call.organisation.payments.find(p => p.id === call.id);
  if (payment === undefined) return NOT_FOUND;
  const shown = paymentJson(call.organisation, payment, true);
  return { status: 200, body: envelope(call.world.now(), 'Payments', [shown]) };
}

/** `POST /Payments/{id}` with `Status: "DELETED"`: the only change that Xero allows. */
export function deletePayment(call: Call): Answer {
  const payment = call.organisation.payments.find(p => p.id === call.id);
  if (payment === undefined) return NOT_FOUND;
  const read = readPayments(call.body);
  if ('refusal' in read) return read.refusal;
  const wanted = read.elements[0]?.Status;
  const errors =
    wanted === 'DELETED' ? removePayment(call, payment) : ['Payment not of valid status'];
  const fate = { errors, warnings: [] };
  const shown = paymentJson(call.organisation, payment, true, fate);
  if (errors.length > 0) return validationException([shown]);
  return { status: 200, body: envelope(call.world.now(), 'Payments', [shown]) };
}

/** Takes a payment back, unless it is reconciled, gone or locked. Returns what stood in the way. */
export function removePayment(
  { organisation, world }: Pick<Call, 'organisation' | 'world'>,
  payment: Payment,
): string[] {
  if (payment.status === 'DELETED') return ['Payment not of valid status for modification'];
  if (payment.isReconciled) return ['This payment has been reconciled and cannot be edited'];
  const lock = lockOver(organisation, payment.date);
  if (lock !== undefined) return [lockMessage('payment', lock)];
  payment.status = 'DELETED';
  payment.updatedAt = world.now();
  const doc = organisation.docs.find(d => d.id === payment.docId);
  if (doc !== undefined) {
    doc.updatedAt = world.now();
    settle(organisation, doc, world.open.zeroTotal === 'paid');
  }
  return [];
}

function draftPayment(call: Call, input: PaymentInput, spoken: Map<string, Cents>): Entry {
  const { organisation } = call;
  const errors: string[] = [];
  const doc = findPaidDoc(organisation, input);
  const account = findPaymentAccount(organisation, input, errors);
  const date = input.Date
    ? readDate(input.Date)
    : new Date(call.world.now()).toISOString().slice(0, 10);
  const amount = scale(input.Amount ?? 0, 2);
  if (doc === undefined) errors.push('The document to be paid could not be found.');
  else errors.push(...refusals(organisation, doc, amount, spoken.get(doc.id) ?? 0));
  if (account && doc) errors.push(...currencyRefusal(account, doc));
  if (date === undefined) errors.push(`Date '${input.Date}' is not a valid date.`);
  const lock = date === undefined ? undefined : lockOver(organisation, date);
  if (lock !== undefined) errors.push(lockMessage('payment', lock));
  if (errors.length > 0 || !doc || !account || !date) return { input, errors };
  spoken.set(doc.id, (spoken.get(doc.id) ?? 0) + amount);
  const payment: Payment = {
    id: randomUUID(),
    docId: doc.id,
    accountId: account.id,
    date,
    amount,
    reference: input.Reference ?? '',
    status: 'AUTHORISED',
    isReconciled: input.IsReconciled ?? false,
    updatedAt: call.world.now(),
  };
  return { input, payment, doc, errors };
}

function findPaidDoc(organisation: Organisation, input: PaymentInput): Doc | undefined {
  const id = input.Invoice?.InvoiceID ?? input.CreditNote?.CreditNoteID;
  const number =
    input.Invoice?.InvoiceNumber ??
    input.CreditNote?.CreditNoteNumber ??
    input.InvoiceNumber ??
    input.CreditNoteNumber;
  const credit = Boolean(input.CreditNote ?? input.CreditNoteNumber);
  const kind = credit ? 'credit-note' : 'invoice';
  return organisation.docs.find(
    doc => doc.kind === kind && (id ? doc.id === id : doc.number === number),
  );
}

function refusals(o: Organisation, doc: Doc, amount: Cents, spokenFor: Cents): string[] {
  const errors: string[] = [];
  const due = amountDue(o, doc) - spokenFor;
  if (doc.status !== 'AUTHORISED') {
    errors.push('Payments can only be made against Authorised documents');
  }
  if (amount <= 0) errors.push('Payment amount must be greater than zero');
  if (amount > due) {
    errors.push('Payment amount exceeds the amount outstanding on this document');
  }
  return errors;
}

function findPaymentAccount(
  organisation: Organisation,
  { Account: named }: PaymentInput,
  errors: string[],
): Account | undefined {
  const code = named?.Code ?? undefined;
  const id = named?.AccountID ?? undefined;
  if (!code && !id) {
    errors.push('Account must be specified for a payment');
    return undefined;
  }
  const account = findAccount(organisation, { code, id });
  const usable =
    account?.status === 'ACTIVE' && (account.type === 'BANK' || account.enablePayments);
  if (usable) return account;
  errors.push(
    account === undefined
      ? `Account code '${code ?? id}' could not be found.`
      : `Account '${account.code}' cannot be used for payments. It must be an active bank account or have payments enabled.`,
  );
  return undefined;
}

function currencyRefusal(account: Account, doc: Doc): string[] {
  if (account.currency === undefined || account.currency === doc.currency) return [];
  return ["The currency of the bank account must be the document's or the base currency."];
}

function refusedJson({ input, doc, errors }: Entry): Json {
  return {
    PaymentID: NO_ID,
    Amount: input.Amount,
    Reference: input.Reference ?? '',
    ...(doc?.kind === 'invoice' && {
      Invoice: { InvoiceID: doc.id, InvoiceNumber: doc.number, LineItems: [] },
    }),
    ...(doc?.kind === 'credit-note' && {
      CreditNote: { CreditNoteID: doc.id, CreditNoteNumber: doc.number, LineItems: [] },
    }),
    HasAccount: false,
    HasValidationErrors: true,
    StatusAttributeString: 'ERROR',
    ValidationErrors: errors.map(text => ({ Message: text })),
  };
}

/** Filters may name the credit note by its own fields too. */
function creditNoteOf(organisation: Organisation, payment: Payment): Json {
  const doc = organisation.docs.find(d => d.id === payment.docId);
  if (doc?.kind !== 'credit-note') return {};
  return { CreditNote: { CreditNoteID: doc.id, CreditNoteNumber: doc.number } };
}
