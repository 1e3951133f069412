/**
 * What the Xero stand-in remembers: organisations with their books, registered apps, grants and
 * tokens, faults to play and the requests it was sent. Money is in integer cents.
 */
import type { Cents, Scaled4 } from './decimal.ts';

/** `YYYY-MM-DD`. */
export type IsoDate = string;

export type AccountClass = 'ASSET' | 'EQUITY' | 'EXPENSE' | 'LIABILITY' | 'REVENUE';

export interface Account {
  readonly id: string;
  code: string;
  name: string;
  /** Xero's AccountType, for example `REVENUE`, `BANK`, `CURRLIAB`. */
  readonly type: string;
  status: 'ACTIVE' | 'ARCHIVED';
  /** What happens when a document names it once it is archived: a refusal, or a warning with the
   * code dropped. */
  whenArchived: 'error' | 'warning';
  taxType: string;
  enablePayments: boolean;
  systemAccount?: string;
  currency?: string;
  description?: string;
  updatedAt: number;
}

export interface TaxRate {
  readonly taxType: string;
  name: string;
  readonly reportTaxType: string;
  /** Percent, four places: 9 % is 90000. */
  rate: Scaled4;
  status: 'ACTIVE' | 'ARCHIVED' | 'DELETED';
  readonly appliesTo: readonly AccountClass[];
}

export interface TrackingOption {
  readonly id: string;
  name: string;
  status: 'ACTIVE' | 'ARCHIVED';
}

export interface TrackingCategory {
  readonly id: string;
  name: string;
  status: 'ACTIVE' | 'ARCHIVED';
  readonly options: TrackingOption[];
}

export interface Contact {
  readonly id: string;
  name: string;
  status: 'ACTIVE' | 'ARCHIVED';
  contactNumber?: string;
  emailAddress?: string;
  isCustomer: boolean;
  updatedAt: number;
}

export interface LineTracking {
  readonly categoryId: string;
  readonly optionId: string;
}

export interface Line {
  readonly id: string;
  description?: string;
  quantity: Scaled4;
  unitAmount: Scaled4;
  lineAmount: Cents;
  accountId?: string;
  taxType?: string;
  taxAmount: Cents;
  tracking: readonly LineTracking[];
}

export type LineAmountTypes = 'Inclusive' | 'Exclusive' | 'NoTax';
export type DocumentStatus = 'DRAFT' | 'SUBMITTED' | 'AUTHORISED' | 'PAID' | 'VOIDED' | 'DELETED';
export type DocumentKind = 'invoice' | 'credit-note';

/** A sales invoice (ACCREC) or a sales credit note (ACCRECCREDIT). */
export interface Doc {
  readonly id: string;
  readonly kind: DocumentKind;
  number: string;
  reference: string;
  contactId: string;
  date: IsoDate;
  dueDate?: IsoDate;
  status: DocumentStatus;
  lineAmountTypes: LineAmountTypes;
  currency: string;
  lines: Line[];
  subTotal: Cents;
  totalTax: Cents;
  total: Cents;
  createdBy?: string;
  updatedAt: number;
}

export interface Payment {
  readonly id: string;
  readonly docId: string;
  readonly accountId: string;
  readonly date: IsoDate;
  readonly amount: Cents;
  readonly reference: string;
  status: 'AUTHORISED' | 'DELETED';
  isReconciled: boolean;
  updatedAt: number;
}

export interface Organisation {
  readonly id: string;
  /** A short name for tests: `sg`, `au`, `jp`, `kw`. */
  readonly key: string;
  name: string;
  readonly countryCode: string;
  baseCurrency: string;
  currencies: string[];
  readonly timezone: string;
  readonly shortCode: string;
  readonly taxNumber: string;
  readonly defaultSalesTax: 'Tax Inclusive' | 'Tax Exclusive';
  readonly createdAt: number;
  periodLockDate?: IsoDate;
  endOfYearLockDate?: IsoDate;
  readonly accounts: Account[];
  readonly taxRates: TaxRate[];
  readonly tracking: TrackingCategory[];
  readonly contacts: Contact[];
  readonly docs: Doc[];
  readonly payments: Payment[];
}

/** Behaviour that nobody outside Xero knows for sure; tests can try both. */
export interface OpenQuestions {
  /** An AUTHORISED document of total 0: PAID at once, or waiting for ever. */
  zeroTotal: 'paid' | 'authorised';
  /** Decimals that tax is rounded to. Xero keeps two for every currency. */
  taxDecimals: 0 | 2;
}

export interface AppRegistration {
  name: string;
  readonly clientId: string;
  clientSecret: string;
  redirectUris: string[];
}

/** What an authorize request asks for, once it is found right. */
export interface Asked {
  readonly app: AppRegistration;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly state: string;
}

export interface Connection {
  readonly id: string;
  readonly clientId: string;
  readonly organisationId: string;
  authEventId: string;
  readonly createdAt: number;
  updatedAt: number;
}

/** One consent: what a person allowed an app to do. */
export interface Grant {
  readonly id: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  revoked: boolean;
}

export interface AuthorizationCode {
  readonly code: string;
  readonly grantId: string;
  readonly redirectUri: string;
  readonly expiresAt: number;
  used: boolean;
}

export interface AccessToken {
  readonly token: string;
  readonly grantId: string;
  expiresAt: number;
}

export interface RefreshToken {
  readonly token: string;
  readonly grantId: string;
  /** 60 days after it was made, or 30 minutes after it was first used. */
  expiresAt: number;
  usedAt?: number;
}

/** What an app's tier allows: calls per organisation, calls in all, organisations connected. */
export interface RateLimits {
  minute: number;
  day: number;
  concurrent: number;
  appMinute: number;
  connections: number;
}

/** What to answer instead of the truth, and when. */
export interface Fault {
  /** Exact method; every method when left out. */
  method?: string;
  /** A regular expression for the path, for example `/Invoices$`. */
  path?: string;
  /** Matching calls to let pass first; 0 when left out. */
  skip?: number;
  /** Calls to spoil; 1 when left out. */
  times?: number;
  /** Before the call does anything, or after it was committed. Default: before. */
  when?: 'before' | 'after';
  answer: FaultAnswer;
}

export type FaultAnswer =
  | { kind: 'status'; status: number; body?: string; headers?: Record<string, string> }
  | { kind: 'html'; status: number }
  | { kind: 'empty'; status: number }
  | { kind: 'lost' }
  | { kind: 'delay'; delayMs: number }
  | { kind: 'rate-limit'; problem: 'minute' | 'day' | 'concurrent'; retryAfterSeconds: number };

/** One request as it came in, and what was answered. */
export interface RequestRecord {
  readonly number: number;
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The status sent; 0 while it is open or when the answer was lost. */
  status: number;
  answer: string;
  /** `true` when the answer came from the idempotency cache. */
  replayed: boolean;
  fault?: FaultAnswer['kind'];
}
