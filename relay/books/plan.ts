/**
 * The outcome of planning one revision: the document that Xero shall hold, or the reasons why not.
 * Amounts are whole minor units; they become decimals only in relay/xero.
 */
import type { DayParts } from '../../protocol/day-summary.ts';
import type { Chart } from '../xero/chart.ts';
import type { Mapping } from './mapping.ts';
import type { Reason } from './reasons.ts';

/** What `planRevision` (invoice.ts) looks at; a `StoreRecord` and a `RevisionRecord` fit as they are. */
export interface PlanInput {
  store: { name: string; slug: string; currency: string };
  /** `YYYY-MM-DD`. */
  date: string;
  revision: {
    revision: number;
    /** base64url SHA-256 of the signed summary. */
    digest: string;
    parts: DayParts;
    quarantined: number;
    damaged: number;
  };
  /** The parts of the revision that stands in Xero already; absent when none does. */
  before?: DayParts;
  mapping: Mapping;
  chart: Chart;
  options?: PlanOptions;
}

export interface PlanOptions {
  /** 1 for `-A1` …; default 1 when there is a `before`, else 0: how many documents the day has. */
  adjustment?: number;
  /** 1 for `-R1` …: somebody voided the document in Xero and HQ asked to post it again. */
  repost?: number;
  /** HQ said: post although numbers are missing or sales are quarantined. */
  released?: boolean;
}

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
  /** The tax that Xero will compute, line by line, at the chart's rates. */
  xeroTax: number;
  /** How far the two may lie apart, minor units. */
  taxTolerance: number;
  /** The tender that carries cash in and out and over/short, and how much (+ into the drawer). */
  cash?: { tender: string; moved: number };
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
  /** Set when the line stands for a tender: redeemed, or against the document's sign. */
  tender?: string;
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
