/**
 * What the rest of the relay may ask of Xero. Money is whole minor units, dates are `YYYY-MM-DD`
 * texts, every failure is an AppError: `xero-unknown-outcome` (it may have happened: look first),
 * `xero-validation`, `xero-rate-limit`, `xero-unavailable` (it did not happen), `xero-disconnected`,
 * `xero-settings` (what HQ typed). Implemented by xero.ts.
 */

import type { PlannedDocument } from '../books/plan.ts';
import type { ConnectionRecord, ReadBack } from '../db/records.ts';
import type { Chart } from './chart.ts';

/** One organisation as one connection reaches it. */
export interface OrganisationRef {
  connection: string;
  organisation: string;
}

/** Who waits for the answer: a share of the day's calls is kept for people. */
export type CallerKind = 'person' | 'poster';

/** Milliseconds since 1970. */
export type Clock = () => number;

export interface Sealer {
  /** @param identity the row that holds the text: it opens nowhere else */
  seal(plain: string, identity: string): string;
  /** @throws AppError sealed-wrong-key */
  open(sealed: string, identity: string): string;
}

export type DocumentKind = PlannedDocument['kind'];

/** A document as it stands in Xero. */
export interface XeroDocument extends Omit<ReadBack, 'at' | 'payments'> {
  kind: DocumentKind;
  id: string;
  number: string;
  reference: string;
  date: string;
  currency: string;
  contactId: string;
  lines: { account: string; taxType: string; amount: number; tax: number }[];
  payments: XeroPayment[];
  /** Xero's own words about what it changed or dropped. */
  warnings: string[];
}

export interface XeroPayment {
  id: string;
  reference: string;
  /** Account id; '' where Xero does not tell (payments within a document). */
  account: string;
  amount: number;
  date: string;
}

/** A payment as the bank reconciliation left it. */
export interface BankedPayment {
  id: string;
  /** Number of the invoice or credit note that it settles. */
  number: string;
  /** Matched with a line of the bank's statement. */
  isBanked: boolean;
}

/** What became of one element of a batch. */
export type Outcome<Done> = { ok: true; done: Done } | { ok: false; refusal: Refusal };

/** Xero said no; nothing was written. */
export interface Refusal {
  /** Xero's sentences, English, no stable codes. */
  messages: string[];
  /** The answer as it came, cut at RAW_MAX characters. */
  raw: string;
}

/** A request as it is stored before it is sent: the same text gives the same bytes. */
export interface Batch {
  kind: DocumentKind;
  idempotencyKey: string;
  /** One encoded element each, in the order in which they are sent; at most BATCH_MAX. */
  bodies: string[];
  /**
   * Asked when the request is about to leave, however long it waited for its turn: throws when it
   * is too late for that.
   */
  mayLeave?: () => void;
}

/** Xero takes at most 50 documents or payments in one call. */
export const BATCH_MAX = 50;
/** Documents looked up in one call: what fits into an address, and into one page of the answer. */
export const READ_MAX: Readonly<Record<DocumentKind, number>> = {
  invoice: 100,
  'credit-note': 50,
};

/** Texts looked for in references in one call: what fits into an address. */
export const REFERENCES_MAX = 50;

export interface ReferenceQuery {
  /** At most REFERENCES_MAX, of letters and digits; any of them, anywhere in the reference. */
  texts: readonly string[];
  /** Documents of this date or a later one. */
  from: string;
}

export interface ConsentResult {
  connection: string;
  organisations: ConnectionRecord['organisations'];
}

export interface Xero {
  /** Where Xero sends the browser back to; HQ types it into the app. */
  readonly redirectUri: string;

  /**
   * HQ's Submit: keeps client id and secret (sealed) and makes the address of Xero's consent page.
   * The same client id again is the same connection; an empty secret keeps the one known.
   * @throws AppError bad-input with `path` clientId or clientSecret
   */
  submitApp(app: {
    clientId: string;
    clientSecret: string;
    user: string;
  }): Promise<{ connection: string; url: string }>;
  /** The consent page of a known connection, to connect again. */
  consentUrl(connection: string, user: string): Promise<string>;
  /**
   * Where the browser came back to, whole address with its query. Every state works once.
   * @throws AppError not-allowed (unknown or old state, other user, access denied), xero-settings
   */
  finishConsent(callbackUrl: string, user: string): Promise<ConsentResult>;
  /** Reads the connection's organisations anew. @throws AppError xero-disconnected */
  organisations(connection: string): Promise<ConnectionRecord['organisations']>;
  /** Takes the permission back at Xero and forgets the tokens. Works when Xero is away, too. */
  disconnect(connection: string): Promise<void>;
  /** Uses every refresh token once a day, so that none dies of idleness. */
  refreshIdle(): Promise<void>;

  /** The stored chart if it is younger than `maxAgeMs`, else read anew and stored. */
  readChart(
    ref: OrganisationRef,
    options?: { maxAgeMs?: number; caller?: CallerKind },
  ): Promise<Chart>;
  /** Ids of contacts by name, made if need be; without those that Xero refuses to make. */
  contactIds(ref: OrganisationRef, names: readonly string[]): Promise<Map<string, string>>;
  /** The stored ids are no longer good: they are looked up anew. */
  forgetContacts(ref: OrganisationRef): Promise<void>;

  /** The element of a create request; a pure function of its arguments. */
  encodeDocument(document: PlannedDocument, contactId: string): string;
  encodePayment(document: PlannedDocument, xeroId: string, payment: number): string;
  /** PUT: creates, never changes. One outcome per body, same order. */
  createDocuments(ref: OrganisationRef, batch: Batch): Promise<Outcome<XeroDocument>[]>;
  createPayments(
    ref: OrganisationRef,
    batch: Batch,
    currency: string,
  ): Promise<Outcome<XeroPayment>[]>;
  /** Sales documents by number, whatever their status; absent numbers are absent. At most 50. */
  findDocuments(
    ref: OrganisationRef,
    kind: DocumentKind,
    numbers: readonly string[],
    caller?: CallerKind,
  ): Promise<XeroDocument[]>;
  /** Sales documents by a part of their reference, whatever their number and status. */
  findByReference(
    ref: OrganisationRef,
    kind: DocumentKind,
    query: ReferenceQuery,
  ): Promise<XeroDocument[]>;
  /**
   * Sales documents that were made or changed since then, by anybody: what was done by hand.
   * @param since RFC 3339
   */
  changedDocuments(
    ref: OrganisationRef,
    kind: DocumentKind,
    since: string,
  ): Promise<XeroDocument[]>;
  /**
   * Payments that were made, matched with the bank or unmatched since then. Whether Xero dates the
   * unmatching is not documented: to be tried in a Demo Company.
   * @param since RFC 3339
   */
  changedPayments(ref: OrganisationRef, since: string): Promise<BankedPayment[]>;
  /** Calls of the day that are left, by organisation, where Xero has told lately. */
  callsLeft(): ReadonlyMap<string, number>;
  /** When Xero last answered, by organisation, ms since 1970; those asked since the start. */
  lastAnswers(): ReadonlyMap<string, number>;
  /** Remembers up to when changes were looked for. */
  noteChangesRead(ref: OrganisationRef, at: string): Promise<void>;
}
