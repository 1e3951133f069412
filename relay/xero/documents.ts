/**
 * Our documents and payments as Xero's JSON, and back. Comes in: planned documents in whole minor
 * units; goes out: request elements as text (the same document gives the same text), and what Xero
 * answered in minor units. Pure. Field names are those of Xero's OpenAPI as xero-node spells them.
 */
import type { CreditNote, Invoice, LineItem, Payment } from 'xero-node';
import { AppError } from '../../protocol/errors.ts';
import { fromDecimal, toDecimal } from '../../protocol/money.ts';
import type { PlannedDocument, PlannedLine } from '../books/plan.ts';
import { messagesOf, rawOf } from './failures.ts';
import type { DocumentKind, Outcome, XeroDocument, XeroPayment } from './port.ts';

/** Xero cuts or refuses longer texts (OpenAPI: Reference 255, Description 4000). */
const REFERENCE_MAX = 255;
const DESCRIPTION_MAX = 4000;
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** The element of a PUT /Invoices or /CreditNotes. No CurrencyCode: it is the base currency. */
export function encodeDocument(document: PlannedDocument, contactId: string): string {
  const common = {
    contact: { contactID: contactId },
    date: document.date,
    lineAmountTypes: 'Inclusive',
    reference: document.reference.slice(0, REFERENCE_MAX),
    status: document.status,
    lineItems: document.lines.map(line => encodeLine(line, document.currency)),
  };
  return JSON.stringify(
    document.kind === 'invoice'
      ? { type: 'ACCREC', invoiceNumber: document.number, dueDate: document.date, ...common }
      : { type: 'ACCRECCREDIT', creditNoteNumber: document.number, ...common },
  );
}

/** Quantity 1 and the gross with its decimals: then the total is the till's, whatever the tax. */
function encodeLine(line: PlannedLine, currency: string): object {
  return {
    description: line.description.slice(0, DESCRIPTION_MAX),
    quantity: 1,
    unitAmount: toDecimal(line.amount, currency),
    accountCode: line.accountCode,
    taxType: line.taxType,
    tracking: line.tracking.map(({ category, option }) => ({ name: category, option })),
  };
}

/** The element of a PUT /Payments for the payment at that place of the plan. */
export function encodePayment(document: PlannedDocument, xeroId: string, index: number): string {
  const payment = document.payments[index];
  if (payment === undefined) throw new RangeError(`no payment ${index} in ${document.number}`);
  const target =
    document.kind === 'invoice'
      ? { invoice: { invoiceID: xeroId } }
      : { creditNote: { creditNoteID: xeroId } };
  return JSON.stringify({
    ...target,
    account: { accountID: payment.accountId },
    date: document.date,
    amount: toDecimal(payment.amount, document.currency),
    reference: payment.reference.slice(0, REFERENCE_MAX),
  });
}

/** @throws AppError bad-answer when the document has no number, or amounts that are no money */
export function decodeInvoice(invoice: Invoice): XeroDocument {
  return decode('invoice', invoice, {
    id: invoice.invoiceID,
    number: invoice.invoiceNumber,
    due: invoice.amountDue,
  });
}

export function decodeCreditNote(note: CreditNote): XeroDocument {
  return decode('credit-note', note, {
    id: note.creditNoteID,
    number: note.creditNoteNumber,
    due: note.remainingCredit,
  });
}

function decode(
  kind: DocumentKind,
  source: Invoice | CreditNote,
  own: { id: string | undefined; number: string | undefined; due: number | undefined },
): XeroDocument {
  const currency = String(source.currencyCode ?? '');
  if (!own.id || !own.number || currency === '') {
    throw new AppError('bad-answer', 'Xero sent a document without id, number or currency');
  }
  const money = (value: unknown, name: string) => minor(value, currency, name);
  return {
    kind,
    id: own.id,
    number: own.number,
    reference: source.reference ?? '',
    date: dateText(source.date) ?? '',
    currency,
    contactId: source.contact?.contactID ?? '',
    status: String(source.status ?? ''),
    total: money(source.total, 'Total'),
    tax: money(source.totalTax, 'TotalTax'),
    amountDue: own.due === undefined ? money(source.total, 'Total') : money(own.due, 'AmountDue'),
    lines: (source.lineItems ?? []).map(line => decodeLine(line, money)),
    payments: (source.payments ?? [])
      .filter(payment => String(payment.status ?? '') !== 'DELETED')
      .map(payment => decodePayment(payment, currency)),
    warnings: messagesOf({ validationErrors: source.warnings ?? [] }),
  };
}

function decodeLine(
  line: LineItem,
  money: (value: unknown, name: string) => number,
): XeroDocument['lines'][number] {
  return {
    account: line.accountCode ?? '',
    taxType: line.taxType ?? '',
    amount: money(line.lineAmount, 'LineAmount'),
    tax: money(line.taxAmount ?? 0, 'TaxAmount'),
  };
}

export function decodePayment(payment: Payment, currency: string): XeroPayment {
  if (!payment.paymentID) throw new AppError('bad-answer', 'Xero sent a payment without id');
  return {
    id: payment.paymentID,
    reference: payment.reference ?? '',
    account: payment.account?.accountID ?? '',
    amount: minor(payment.amount, currency, 'Amount'),
    date: dateText(payment.date) ?? '',
  };
}

function minor(value: unknown, currency: string, name: string): number {
  const amount = fromDecimal(value, currency);
  if (amount !== undefined) return amount;
  throw new AppError('bad-answer', `Xero’s ${name} is not an amount of ${currency}: ${value}`);
}

/** A date of Xero: typed as text, but handed on as a Date at midnight UTC. */
export function dateText(value: unknown): string | undefined {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? undefined : value.toISOString().slice(0, 10);
  }
  return typeof value === 'string' && value !== '' ? value.slice(0, 10) : undefined;
}

/** Fields by which Xero tells an element's fate; any sign of an error counts. */
interface Fated {
  hasErrors?: boolean;
  hasValidationErrors?: boolean;
  statusAttributeString?: string;
  validationErrors?: unknown[];
}

/** What became of one element of an answer with `summarizeErrors=false`. */
export function outcomeOf<Source extends Fated, Done>(
  source: Source,
  id: string | undefined,
  decodeDone: (source: Source) => Done,
): Outcome<Done> {
  const failed =
    source.hasErrors === true ||
    source.hasValidationErrors === true ||
    source.statusAttributeString === 'ERROR' ||
    (source.validationErrors?.length ?? 0) > 0;
  if (!failed && id !== undefined && id !== NO_ID) return { ok: true, done: decodeDone(source) };
  const messages = messagesOf(source);
  return {
    ok: false,
    refusal: {
      messages: messages.length > 0 ? messages : ['Xero gave no reason'],
      raw: rawOf(source),
    },
  };
}
