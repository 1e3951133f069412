/**
 * What clients may send, with Xero's own field names. Xero ignores fields it does not know and
 * takes numbers as text; a value of the wrong kind is refused.
 */
import { z } from 'zod';
import { type Answer, badData } from './answers.ts';

const text = z.union([z.string(), z.number()]).transform(String).nullish();
const number = z
  .union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)])
  .transform(Number)
  .nullish();

const trackingInput = z.object({
  Name: text,
  Option: text,
  TrackingCategoryID: text,
  TrackingOptionID: text,
});

const lineInput = z.object({
  LineItemID: text,
  Description: text,
  Quantity: number,
  UnitAmount: number,
  AccountCode: text,
  AccountID: text,
  TaxType: text,
  TaxAmount: number,
  LineAmount: number,
  DiscountRate: number,
  DiscountAmount: number,
  ItemCode: text,
  Tracking: z.array(trackingInput).nullish(),
});

const contactInput = z.object({
  ContactID: text,
  ContactNumber: text,
  ContactStatus: text,
  Name: text,
  EmailAddress: text,
});

const docInput = z.object({
  Type: text,
  InvoiceID: text,
  InvoiceNumber: text,
  CreditNoteID: text,
  CreditNoteNumber: text,
  Reference: text,
  Contact: contactInput.nullish(),
  Date: text,
  DueDate: text,
  Status: text,
  LineAmountTypes: text,
  CurrencyCode: text,
  LineItems: z.array(lineInput).nullish(),
});

const paymentInput = z.object({
  Invoice: z.object({ InvoiceID: text, InvoiceNumber: text }).nullish(),
  CreditNote: z.object({ CreditNoteID: text, CreditNoteNumber: text }).nullish(),
  InvoiceNumber: text,
  CreditNoteNumber: text,
  Account: z.object({ AccountID: text, Code: text }).nullish(),
  Date: text,
  Amount: number,
  Reference: text,
  IsReconciled: z.boolean().nullish(),
  Status: text,
});

export type TrackingInput = z.output<typeof trackingInput>;
export type LineInput = z.output<typeof lineInput>;
export type ContactInput = z.output<typeof contactInput>;
export type DocInput = z.output<typeof docInput>;
export type PaymentInput = z.output<typeof paymentInput>;

export type Read<T> = { readonly elements: readonly T[] } | { readonly refusal: Answer };

/** Xero's documents say: at most 50 elements in a call. */
export const BATCH_MAX = 50;

export const readDocs = (body: unknown, name: string) => readElements(body, name, docInput);
export const readContacts = (body: unknown) => readElements(body, 'Contacts', contactInput);
export const readPayments = (body: unknown) => readElements(body, 'Payments', paymentInput);

/** Accepts `{Invoices: […]}`, `[…]` and one bare element, as Xero does. */
function readElements<T extends z.ZodType>(
  body: unknown,
  name: string,
  schema: T,
): Read<z.output<T>> {
  const list = elementsOf(body, name);
  if (list === undefined || list.length === 0) {
    return { refusal: badData(`The request body contains no ${name}.`) };
  }
  if (list.length > BATCH_MAX) {
    return { refusal: badData(`Only ${BATCH_MAX} ${name} can be sent in one request.`) };
  }
  const parsed = z.array(schema).safeParse(list);
  if (parsed.success) return { elements: parsed.data };
  const issue = parsed.error.issues[0];
  return { refusal: badData(`Invalid value at ${issue?.path.join('.')}: ${issue?.message}`) };
}

function elementsOf(body: unknown, name: string): readonly unknown[] | undefined {
  if (Array.isArray(body)) return body;
  if (typeof body !== 'object' || body === null) return undefined;
  const inner = (body as Record<string, unknown>)[name];
  if (inner === undefined) return [body];
  return Array.isArray(inner) ? inner : [inner];
}
