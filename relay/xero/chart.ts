/**
 * What the relay knows of a Xero organisation: the accounts, tax rates and tracking that a mapping
 * may name, and the dates before which nothing may be posted. Plain data; read by relay/xero/api.
 */

export interface Chart {
  /** When it was read from Xero, RFC 3339. */
  readAt: string;
  organisation: Organisation;
  accounts: Account[];
  taxRates: TaxRate[];
  tracking: TrackingCategory[];
  /** Ids of contacts used, by name, until Xero refuses one. */
  contacts?: Record<string, string>;
  /** Up to when changes made by hand in Xero were looked for, RFC 3339. */
  changesReadAt?: string;
}

export interface Organisation {
  /** Xero's tenant id. */
  id: string;
  name: string;
  /** ISO 4217 base currency. */
  currency: string;
  /** Stands in deep links (`https://go.xero.com/app/!<shortCode>/…`). */
  shortCode?: string;
  /** `YYYY-MM-DD`: documents on or before are refused. */
  periodLockDate?: string;
  endOfYearLockDate?: string;
}

export interface Account {
  id: string;
  /** Bank accounts may have none. */
  code?: string;
  name: string;
  /** Xero's account type: REVENUE, SALES, BANK, CURRENT, CURRLIAB, EXPENSE, … */
  type: string;
  /** ASSET, EQUITY, EXPENSE, LIABILITY, REVENUE. */
  class: string;
  /** Xero tax type that the account proposes. */
  taxType?: string;
  status: 'ACTIVE' | 'ARCHIVED';
  enablePayments: boolean;
  /** DEBTORS, GST, ROUNDING, …; absent for ordinary accounts. */
  systemAccount?: string;
  currency?: string;
}

export interface TaxRate {
  /** OUTPUT, NONE, TAX001, … */
  taxType: string;
  name: string;
  /** Effective rate in percent, e.g. 9 or 8.875. */
  ratePercent: number;
  status: 'ACTIVE' | 'DELETED' | 'ARCHIVED' | 'PENDING';
  canApplyToRevenue: boolean;
  canApplyToAssets: boolean;
  canApplyToLiabilities: boolean;
  canApplyToExpenses: boolean;
  canApplyToEquity: boolean;
}

export interface TrackingCategory {
  id: string;
  name: string;
  options: { id: string; name: string; active: boolean }[];
}
