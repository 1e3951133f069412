/**
 * The outcome of planning one revision: the document that Xero shall hold, or the reasons why not.
 * Amounts are whole minor units; they become decimals only in relay/xero.
 */
import type { Reason } from '../db/records.ts';

/** One posting of a day: an invoice or credit note with the payments that settle it. */
export interface PlannedDocument {
  kind: 'invoice' | 'credit-note';
  /** Unique over invoices and credit notes of the organisation. */
  number: string;
  /** Carries the digest of the summary, by which our own document is known again. */
  reference: string;
  /** `YYYY-MM-DD`; also the due date and the date of the payments. */
  date: string;
  currency: string;
  status: 'AUTHORISED' | 'DRAFT';
  contactName: string;
  lines: PlannedLine[];
  /** Empty for a DRAFT and for a zero document. */
  payments: PlannedPayment[];
  /** Σ lines.amount, ≥ 0. */
  total: number;
  /** The till's own tax within the total; Xero's may differ within the tolerance. */
  tax: number;
}

export interface PlannedLine {
  description: string;
  /** Xero account id and code. */
  accountId: string;
  accountCode: string;
  taxType: string;
  /** Tax included; negative for an opposite line. */
  amount: number;
  /** The till's tax within the amount. */
  tax: number;
  tracking: { category: string; option: string }[];
}

export interface PlannedPayment {
  tender: string;
  accountId: string;
  /** > 0. */
  amount: number;
  /** `<number> <tender>`. */
  reference: string;
}

export type Plan =
  | { kind: 'post'; document: PlannedDocument; notes: string[] }
  /** Every bucket and tender is zero: there is nothing to write. */
  | { kind: 'nothing' }
  | { kind: 'wait'; reasons: Reason[] };
