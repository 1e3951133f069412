/**
 * Invoices and credit notes: from what was sent to what Xero keeps, or the reasons why not. Nothing
 * is stored here; `documents-api.ts` commits what passed.
 */
import { randomUUID } from 'node:crypto';
import { readDate, spokenDate } from './answers.ts';
import { lockOver, paymentsOf } from './books.ts';
import type { ContactInput, DocInput } from './input.ts';
import { makeLine } from './lines.ts';
import type {
  Contact,
  Doc,
  DocumentKind,
  DocumentStatus,
  Line,
  LineAmountTypes,
  OpenQuestions,
  Organisation,
} from './types.ts';

export interface DocContext {
  readonly organisation: Organisation;
  readonly kind: DocumentKind;
  readonly now: number;
  readonly clientId: string;
  readonly unitDecimals: 2 | 4;
  /** Numbers that are in the books or earlier in the batch. */
  readonly taken: ReadonlySet<string>;
  readonly open: OpenQuestions;
}

/** A document as it would be kept, and what is wrong with it. */
export interface Drafted {
  readonly doc: Doc;
  /** A contact that the document made by naming it. */
  readonly newContact?: Contact;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const NUMBER_MAX = 255;
const TYPES = { invoice: 'ACCREC', 'credit-note': 'ACCRECCREDIT' } as const;
const WORDS = { invoice: 'Invoice', 'credit-note': 'Credit note' } as const;
const CREATED_AS: readonly string[] = ['DRAFT', 'SUBMITTED', 'AUTHORISED'];
const AMOUNT_TYPES: readonly string[] = ['Inclusive', 'Exclusive', 'NoTax'];

/** Xero's word for the kind in its messages. */
export function wordFor(kind: DocumentKind): string {
  return WORDS[kind];
}

/** Drafts a new document, or a new state of `before`. */
export function draftDoc(context: DocContext, input: DocInput, before?: Doc): Drafted {
  const errors: string[] = [];
  const warnings: string[] = [];
  const status = readStatus(context.kind, input, before, errors);
  const amounts = readAmounts(input, before, errors);
  const contact = readContact(context, input.Contact, before, errors);
  const date = readDateField(input.Date, 'Date', errors) ?? before?.date ?? today(context.now);
  const dueDate = readDateField(input.DueDate, 'Due Date', errors) ?? before?.dueDate;
  const lines = draftLines(context, input, before, { status, amounts, errors, warnings });
  const doc: Doc = {
    id: before?.id ?? randomUUID(),
    kind: context.kind,
    number: sentNumber(input) ?? before?.number ?? nextNumber(context),
    reference: input.Reference ?? before?.reference ?? '',
    contactId: contact?.contact.id ?? '',
    date,
    ...(dueDate !== undefined && { dueDate }),
    status,
    lineAmountTypes: amounts,
    currency: input.CurrencyCode ?? before?.currency ?? context.organisation.baseCurrency,
    lines,
    ...totals(lines, amounts),
    createdBy: before?.createdBy ?? context.clientId,
    updatedAt: context.now,
  };
  check(context, doc, input, before, errors);
  if (status === 'AUTHORISED') {
    checkApproved(context, doc, before !== undefined || Boolean(input.Date), errors);
    if (!input.LineItems) checkKeptLines(lines, errors);
  }
  return { doc, errors, warnings, ...(contact?.made && { newContact: contact.contact }) };
}

export function sentNumber(input: DocInput): string | undefined {
  return input.InvoiceNumber || input.CreditNoteNumber || undefined;
}

/** The sums that Xero shows under the lines. */
export function totals(
  lines: readonly Line[],
  amounts: LineAmountTypes,
): Pick<Doc, 'subTotal' | 'totalTax' | 'total'> {
  const sum = lines.reduce((total, line) => total + line.lineAmount, 0);
  const totalTax = lines.reduce((total, line) => total + line.taxAmount, 0);
  return amounts === 'Inclusive'
    ? { subTotal: sum - totalTax, totalTax, total: sum }
    : { subTotal: sum, totalTax, total: sum + totalTax };
}

function readStatus(
  kind: DocumentKind,
  input: DocInput,
  before: Doc | undefined,
  errors: string[],
): DocumentStatus {
  const asked = input.Status || before?.status || 'DRAFT';
  if (before === undefined) {
    if (CREATED_AS.includes(asked)) return asked as DocumentStatus;
    errors.push(`${wordFor(kind)} not of valid status for creation`);
    return 'DRAFT';
  }
  const reachable: Record<DocumentStatus, readonly string[]> = {
    DRAFT: ['DRAFT', 'SUBMITTED', 'AUTHORISED', 'DELETED'],
    SUBMITTED: ['DRAFT', 'SUBMITTED', 'AUTHORISED', 'DELETED'],
    AUTHORISED: ['AUTHORISED', 'VOIDED'],
    PAID: [],
    VOIDED: [],
    DELETED: [],
  };
  if (reachable[before.status].includes(asked)) return asked as DocumentStatus;
  errors.push(`${wordFor(kind)} not of valid status for modification`);
  return before.status;
}

function readAmounts(input: DocInput, before: Doc | undefined, errors: string[]): LineAmountTypes {
  const asked = input.LineAmountTypes || before?.lineAmountTypes || 'Exclusive';
  if (AMOUNT_TYPES.includes(asked)) return asked as LineAmountTypes;
  errors.push(`LineAmountTypes '${asked}' is not one of ${AMOUNT_TYPES.join(', ')}.`);
  return 'Exclusive';
}

function readDateField(
  sent: string | null | undefined,
  name: string,
  errors: string[],
): string | undefined {
  if (!sent) return undefined;
  const date = readDate(sent);
  if (date === undefined) errors.push(`${name} '${sent}' is not a valid date.`);
  return date;
}

function draftLines(
  context: DocContext,
  input: DocInput,
  before: Doc | undefined,
  state: {
    status: DocumentStatus;
    amounts: LineAmountTypes;
    errors: string[];
    warnings: string[];
  },
): Line[] {
  if (!input.LineItems && before !== undefined) return before.lines;
  const lineContext = {
    ...state,
    organisation: context.organisation,
    unitDecimals: context.unitDecimals,
    taxDecimals: context.open.taxDecimals,
  };
  return (input.LineItems ?? []).map(line => makeLine(lineContext, line));
}

/** Finds the contact, or makes one by its name as Xero does. */
export function readContact(
  { organisation, now }: Pick<DocContext, 'organisation' | 'now'>,
  input: ContactInput | null | undefined,
  before: Doc | undefined,
  errors: string[],
): { contact: Contact; made: boolean } | undefined {
  const { contacts } = organisation;
  const id = input?.ContactID ?? (input ? undefined : before?.contactId);
  if (id) {
    const contact = contacts.find(c => c.id === id);
    if (contact?.status === 'ACTIVE') return { contact, made: false };
    errors.push(
      contact === undefined
        ? `The Contact with ContactID ${id} could not be found.`
        : 'The contact is archived and cannot be used.',
    );
    return undefined;
  }
  const name = input?.Name?.trim();
  if (!name) {
    errors.push(
      'The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber',
    );
    return undefined;
  }
  const known = contacts.find(
    c => c.status === 'ACTIVE' && c.name.toLowerCase() === name.toLowerCase(),
  );
  if (known !== undefined) return { contact: known, made: false };
  const made: Contact = {
    id: randomUUID(),
    name,
    status: 'ACTIVE',
    isCustomer: true,
    updatedAt: now,
  };
  return { contact: made, made: true };
}

function check(
  context: DocContext,
  doc: Doc,
  input: DocInput,
  before: Doc | undefined,
  errors: string[],
): void {
  const { organisation, kind } = context;
  const updating = before !== undefined && !input.Type;
  if (!updating && input.Type !== TYPES[kind]) {
    errors.push(
      input.Type
        ? `Type '${input.Type}' is not part of this stand-in; it plays ${TYPES[kind]} only.`
        : `${wordFor(kind)} Type must be specified.`,
    );
  }
  if (doc.number.length > NUMBER_MAX || doc.reference.length > NUMBER_MAX) {
    errors.push(`Numbers and references have at most ${NUMBER_MAX} characters.`);
  }
  if (!organisation.currencies.includes(doc.currency)) {
    errors.push(`Organisation is not subscribed to currency ${doc.currency}`);
  }
  if (doc.total < 0) {
    errors.push(`The ${wordFor(kind).toLowerCase()} total must be greater than or equal to zero.`);
  }
}

function checkApproved(
  { organisation, kind }: DocContext,
  doc: Doc,
  dated: boolean,
  errors: string[],
): void {
  if (doc.lines.length === 0) errors.push('One or more line items must be specified.');
  if (!dated) errors.push('Date cannot be empty');
  if (kind === 'invoice' && doc.dueDate === undefined) errors.push('Due Date cannot be empty');
  const lock = lockOver(organisation, doc.date);
  if (lock !== undefined) errors.push(lockMessage('document', lock));
}

/** A draft that is approved without new lines must have complete ones. */
function checkKeptLines(lines: readonly Line[], errors: string[]): void {
  if (lines.some(line => line.accountId === undefined))
    errors.push('Account code must be specified.');
  if (lines.some(line => !line.description)) {
    errors.push('Description must be specified for each line item.');
  }
}

/** The message that Xero gives for documents and payments in a locked period. */
export function lockMessage(
  what: 'document' | 'payment',
  lock: { readonly name: string; readonly date: string },
): string {
  return `The ${what} date cannot be before the ${lock.name}, currently set at ${spokenDate(lock.date)}.`;
}

/** Why `before` may not be touched at all; undefined when it may. */
export function untouchable(organisation: Organisation, before: Doc): string | undefined {
  if (paymentsOf(organisation, before).length > 0) {
    return 'This document cannot be edited as it has a payment or credit note allocated to it.';
  }
  if (before.status === 'PAID' || before.status === 'VOIDED' || before.status === 'DELETED') {
    return `${wordFor(before.kind)} not of valid status for modification`;
  }
  const lock = before.status === 'AUTHORISED' ? lockOver(organisation, before.date) : undefined;
  return lock && `The document cannot be edited as it is currently dated before the ${lock.name}`;
}

function nextNumber({ taken, kind }: DocContext): string {
  const prefix = kind === 'invoice' ? 'INV-' : 'CN-';
  for (let n = 1; ; n += 1) {
    const number = `${prefix}${String(n).padStart(4, '0')}`;
    if (!taken.has(number)) return number;
  }
}

function today(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
