/**
 * A small Singapore café's books for tests: a chart of accounts as Xero would list it, a mapping,
 * and builders for days. Amounts in tests are written in cents.
 */
import type { DayParts } from '../../protocol/day-summary.ts';
import { type Mapping, mappingSchema } from '../../relay/books/mapping.ts';
import type { Plan, PlanInput, PlannedDocument } from '../../relay/books/plan.ts';
import type { Account, Chart, TaxRate } from '../../relay/xero/chart.ts';

type AccountRow = [
  code: string,
  name: string,
  type: string,
  group: string,
  more?: Partial<Account>,
];

const ACCOUNTS: AccountRow[] = [
  ['090', 'DBS Current', 'BANK', 'ASSET', { currency: 'SGD', enablePayments: false }],
  ['200', 'Sales', 'REVENUE', 'REVENUE', { taxType: 'OUTPUTY24' }],
  ['201', 'Coffee', 'REVENUE', 'REVENUE', { taxType: 'OUTPUTY24' }],
  ['202', 'Beans to go', 'REVENUE', 'REVENUE', { taxType: 'OUTPUTY24' }],
  ['205', 'Discounts given', 'REVENUE', 'REVENUE', { taxType: 'OUTPUTY24' }],
  ['260', 'Service charge', 'OTHERINCOME', 'REVENUE'],
  ['429', 'General expenses', 'EXPENSE', 'EXPENSE'],
  ['430', 'Cash over/short', 'EXPENSE', 'EXPENSE'],
  ['610', 'Accounts Receivable', 'CURRENT', 'ASSET', { systemAccount: 'DEBTORS' }],
  ['611', 'House accounts', 'CURRENT', 'ASSET'],
  ['615', 'Cash clearing', 'CURRENT', 'ASSET', { enablePayments: true }],
  ['616', 'Card clearing', 'CURRENT', 'ASSET', { enablePayments: true }],
  ['617', 'Old clearing', 'CURRENT', 'ASSET', { enablePayments: true, status: 'ARCHIVED' }],
  ['820', 'GST', 'CURRLIAB', 'LIABILITY', { systemAccount: 'GST' }],
  ['830', 'Tips payable', 'CURRLIAB', 'LIABILITY'],
  ['835', 'Gift cards', 'CURRLIAB', 'LIABILITY'],
  ['836', 'Customer deposits', 'CURRLIAB', 'LIABILITY'],
  ['860', 'Rounding', 'EXPENSE', 'EXPENSE', { systemAccount: 'ROUNDING' }],
];

function rate(taxType: string, name: string, ratePercent: number, more = {}): TaxRate {
  return {
    taxType,
    name,
    ratePercent,
    status: 'ACTIVE',
    canApplyToRevenue: true,
    canApplyToAssets: true,
    canApplyToLiabilities: true,
    canApplyToExpenses: true,
    canApplyToEquity: true,
    ...more,
  };
}

export function chart(more: Partial<Chart['organisation']> = {}): Chart {
  return {
    readAt: '2026-11-22T00:00:00Z',
    organisation: { id: 'org-1', name: 'Orchard Coffee Pte Ltd', currency: 'SGD', ...more },
    accounts: ACCOUNTS.map(([code, name, type, group, own]) => ({
      id: `id-${code}`,
      code,
      name,
      type,
      class: group,
      status: 'ACTIVE',
      enablePayments: false,
      ...own,
    })),
    taxRates: [
      rate('OUTPUTY24', 'Standard-Rated Supplies', 9, { canApplyToExpenses: false }),
      rate('OUTPUTY23', 'Standard-Rated Supplies 2023', 8, { canApplyToExpenses: false }),
      rate('ZERORATEDOUTPUT', 'Zero-Rated Supplies', 0, { canApplyToExpenses: false }),
      rate('INPUTY24', 'Standard-Rated Purchases', 9, { canApplyToRevenue: false }),
      rate('OUTPUTOLD', 'Old rate', 7, { status: 'DELETED' }),
      rate('NONE', 'No Tax', 0),
    ],
    tracking: [
      {
        id: 'track-1',
        name: 'Store',
        options: [
          { id: 'opt-1', name: 'Orchard', active: true },
          { id: 'opt-2', name: 'Closed store', active: false },
        ],
      },
    ],
  };
}

/** The two defaults, and what is asked for besides. */
export function mapping(more: Partial<Record<keyof Mapping, unknown>> = {}): Mapping {
  return mappingSchema.parse({ organisation: 'org-1', products: '200', payment: '615', ...more });
}

/** Everything that can be mapped is mapped. */
export function fullMapping(more: Partial<Record<keyof Mapping, unknown>> = {}): Mapping {
  return mapping({
    taxes: { GST9: 'OUTPUTY24', GST8: 'OUTPUTY23', ZERO: 'ZERORATEDOUTPUT' },
    kinds: { tip: '830', 'gift-card': '835', deposit: '836', 'account-payment': '611' },
    categories: { Coffee: { account: '201' }, Beans: { account: 'id-202' } },
    tenders: {
      card: { payment: '616' },
      'gift-card': { line: '835' },
      deposit: { line: '836' },
      'on-account': { line: '611' },
    },
    overShort: '430',
    cash: { milk: '429' },
    cashOther: '429',
    ...more,
  });
}

type SaleRow = DayParts['sales'][number];

/** Rows without what does not matter: count 1, discount and tax 0. */
export function parts(day: {
  sales?: (Partial<SaleRow> & { amount: number })[];
  tenders?: Record<string, number>;
  rounding?: number;
  cash?: Record<string, number>;
  overShort?: number;
  missing?: [number, number][];
}): DayParts {
  const sales = (day.sales ?? []).map(row => ({
    kind: 'item' as const,
    count: 1,
    discount: 0,
    tax: 0,
    ...row,
  }));
  const missing = day.missing ?? [];
  return {
    counts: { sale: 1 },
    sales,
    tenders: Object.entries(day.tenders ?? {}).map(([method, amount]) => ({
      method,
      count: 1,
      amount,
    })),
    rounding: day.rounding ?? 0,
    cash: Object.entries(day.cash ?? {}).map(([reason, amount]) => ({ reason, count: 1, amount })),
    overShort: day.overShort ?? 0,
    terminals: [{ terminal: 'till-1', epoch: 1, first: 1, last: 9, count: 9, missing }],
  };
}

/** 32 bytes as base64url: a digest whose first 16 hex digits are 000102…07. */
export const DIGEST = Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64url');

export function input(day: DayParts, more: Partial<PlanInput> = {}): PlanInput {
  return {
    store: { name: 'Orchard', slug: 'orchard', currency: 'SGD' },
    date: '2026-11-21',
    revision: { revision: 1, digest: DIGEST, parts: day, quarantined: 0, damaged: 0 },
    mapping: mapping(),
    chart: chart(),
    ...more,
  };
}

/** The document of a plan that must be one. */
export function posted(plan: Plan): PlannedDocument {
  if (plan.kind !== 'post') throw new Error(`not a document: ${JSON.stringify(plan)}`);
  return plan.document;
}

/** The codes of a plan that must wait. */
export function waitsFor(plan: Plan): string[] {
  if (plan.kind !== 'wait') throw new Error(`does not wait: ${JSON.stringify(plan)}`);
  return plan.reasons.map(({ code }) => code);
}

/** `200 OUTPUTY24 1100`, one text per line, for tables of expectations. */
export function shortLines({ lines }: PlannedDocument): string[] {
  return lines.map(({ accountCode, taxType, amount }) => `${accountCode} ${taxType} ${amount}`);
}

/** `cash 615 1100`, one text per payment. */
export function shortPayments({ payments }: PlannedDocument): string[] {
  return payments.map(
    ({ tender, accountId, amount }) => `${tender} ${accountId.slice(3)} ${amount}`,
  );
}
