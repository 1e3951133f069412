/**
 * The organisations that the stand-in can start with. Each has a small café's chart of accounts;
 * the Singapore one is the demo's. Ids are derived from names, so that runs are comparable.
 */
import { createHash } from 'node:crypto';
import type {
  Account,
  AccountClass,
  Contact,
  Organisation,
  TaxRate,
  TrackingCategory,
} from './types.ts';

export type SeedKey = 'sg' | 'au' | 'jp' | 'kw';
export const SEED_KEYS: readonly SeedKey[] = ['sg', 'au', 'jp', 'kw'];

/** A UUID that depends only on `name`. */
export function stableId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  const variant = (8 + (Number.parseInt(hex.slice(16, 17), 16) % 4)).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}

const CLASSES: Readonly<Record<string, AccountClass>> = {
  BANK: 'ASSET',
  CURRENT: 'ASSET',
  FIXED: 'ASSET',
  INVENTORY: 'ASSET',
  NONCURRENT: 'ASSET',
  PREPAYMENT: 'ASSET',
  EQUITY: 'EQUITY',
  DEPRECIATN: 'EXPENSE',
  DIRECTCOSTS: 'EXPENSE',
  EXPENSE: 'EXPENSE',
  OVERHEADS: 'EXPENSE',
  CURRLIAB: 'LIABILITY',
  LIABILITY: 'LIABILITY',
  PAYG: 'LIABILITY',
  TERMLIAB: 'LIABILITY',
  OTHERINCOME: 'REVENUE',
  REVENUE: 'REVENUE',
  SALES: 'REVENUE',
};

/** Xero's class of an account type; unknown types are none. */
export function classOf(type: string): AccountClass | undefined {
  return CLASSES[type];
}

const ALL_CLASSES: readonly AccountClass[] = ['ASSET', 'EQUITY', 'EXPENSE', 'LIABILITY', 'REVENUE'];
const SALES_SIDE: readonly AccountClass[] = ['ASSET', 'EQUITY', 'LIABILITY', 'REVENUE'];
const PURCHASE_SIDE: readonly AccountClass[] = ['ASSET', 'EQUITY', 'EXPENSE', 'LIABILITY'];

type RateRow = readonly [
  taxType: string,
  name: string,
  report: string,
  percent: number,
  classes: readonly AccountClass[],
];

interface Country {
  readonly name: string;
  readonly countryCode: string;
  readonly currency: string;
  readonly timezone: string;
  readonly shortCode: string;
  readonly taxNumber: string;
  readonly salesTax: string;
  readonly purchaseTax: string;
  readonly noTax: string;
  readonly rates: readonly RateRow[];
}

const NONE: RateRow = ['NONE', 'No Tax', 'NONE', 0, ALL_CLASSES];

const COUNTRIES: Readonly<Record<SeedKey, Country>> = {
  sg: {
    name: 'Demo Company (SG)',
    countryCode: 'SG',
    currency: 'SGD',
    timezone: 'SINGAPORESTANDARDTIME',
    shortCode: '!tBsg1',
    taxNumber: '200912345A',
    salesTax: 'OUTPUT',
    purchaseTax: 'INPUT',
    noTax: 'NONE',
    rates: [
      ['OUTPUT', 'Standard-Rated Supplies', 'OUTPUT', 9, SALES_SIDE],
      ['ZERORATEDOUTPUT', 'Zero-Rated Supplies', 'ZERORATEDOUTPUT', 0, SALES_SIDE],
      ['ES33OUTPUT', 'Regulation 33 Exempt Supplies', 'ES33OUTPUT', 0, SALES_SIDE],
      ['OSOUTPUT', 'Out Of Scope Supplies', 'OSOUTPUT', 0, ALL_CLASSES],
      ['INPUT', 'Standard-Rated Purchases', 'INPUT', 9, PURCHASE_SIDE],
      NONE,
    ],
  },
  au: {
    name: 'Demo Company (AU)',
    countryCode: 'AU',
    currency: 'AUD',
    timezone: 'AUSEASTERNSTANDARDTIME',
    shortCode: '!tBau1',
    taxNumber: '11 111 111 138',
    salesTax: 'OUTPUT',
    purchaseTax: 'INPUT',
    noTax: 'BASEXCLUDED',
    rates: [
      ['OUTPUT', 'GST on Income', 'OUTPUT', 10, SALES_SIDE],
      ['EXEMPTOUTPUT', 'GST Free Income', 'EXEMPTOUTPUT', 0, SALES_SIDE],
      ['INPUT', 'GST on Expenses', 'INPUT', 10, PURCHASE_SIDE],
      ['EXEMPTEXPENSES', 'GST Free Expenses', 'EXEMPTEXPENSES', 0, PURCHASE_SIDE],
      ['BASEXCLUDED', 'BAS Excluded', 'BASEXCLUDED', 0, ALL_CLASSES],
      NONE,
    ],
  },
  jp: {
    name: 'Demo Company (Japan)',
    countryCode: 'JP',
    currency: 'JPY',
    timezone: 'TOKYOSTANDARDTIME',
    shortCode: '!tBjp1',
    taxNumber: 'T1234567890123',
    salesTax: 'OUTPUT',
    purchaseTax: 'INPUT',
    noTax: 'NONE',
    rates: [
      ['OUTPUT', 'Consumption Tax 10%', 'OUTPUT', 10, SALES_SIDE],
      ['TAX001', 'Consumption Tax 8% (reduced)', 'OUTPUT', 8, SALES_SIDE],
      ['INPUT', 'Consumption Tax on Purchases', 'INPUT', 10, PURCHASE_SIDE],
      NONE,
    ],
  },
  kw: {
    name: 'Demo Company (Kuwait)',
    countryCode: 'KW',
    currency: 'KWD',
    timezone: 'ARABSTANDARDTIME',
    shortCode: '!tBkw1',
    taxNumber: '',
    salesTax: 'NONE',
    purchaseTax: 'NONE',
    noTax: 'NONE',
    rates: [NONE],
  },
};

type AccountRow = readonly [
  code: string,
  name: string,
  type: string,
  tax: 'sales' | 'purchase' | 'none',
  more?: 'payments' | { readonly system: string },
];

const CHART: readonly AccountRow[] = [
  ['090', 'Business Bank Account', 'BANK', 'none'],
  ['091', 'Business Savings Account', 'BANK', 'none'],
  ['200', 'Sales', 'REVENUE', 'sales'],
  ['201', 'Sales – Coffee', 'REVENUE', 'sales'],
  ['202', 'Sales – Food', 'REVENUE', 'sales'],
  ['203', 'Sales – Retail', 'REVENUE', 'sales'],
  ['205', 'Discounts Given', 'REVENUE', 'sales'],
  ['210', 'Service Charge', 'REVENUE', 'sales'],
  ['211', 'Card Surcharge', 'REVENUE', 'sales'],
  ['260', 'Other Revenue', 'OTHERINCOME', 'sales'],
  ['310', 'Cost of Goods Sold', 'DIRECTCOSTS', 'purchase'],
  ['400', 'Advertising', 'EXPENSE', 'purchase'],
  ['404', 'Bank Fees', 'EXPENSE', 'none'],
  ['420', 'Petty Cash Expenses', 'EXPENSE', 'none'],
  ['421', 'Cash Over/Short', 'EXPENSE', 'none'],
  ['429', 'General Expenses', 'EXPENSE', 'purchase'],
  ['469', 'Rent', 'EXPENSE', 'purchase'],
  ['477', 'Salaries', 'EXPENSE', 'none'],
  ['497', 'Bank Revaluations', 'EXPENSE', 'none', { system: 'BANKCURRENCYGAIN' }],
  ['498', 'Unrealised Currency Gains', 'EXPENSE', 'none', { system: 'UNREALISEDCURRENCYGAIN' }],
  ['499', 'Realised Currency Gains', 'EXPENSE', 'none', { system: 'REALISEDCURRENCYGAIN' }],
  ['610', 'Accounts Receivable', 'CURRENT', 'none', { system: 'DEBTORS' }],
  ['620', 'Card Clearing', 'CURRENT', 'none', 'payments'],
  ['621', 'Cash in Tills', 'CURRENT', 'none', 'payments'],
  ['622', 'Mobile Payments Clearing', 'CURRENT', 'none', 'payments'],
  ['623', 'Customer Accounts', 'CURRENT', 'none'],
  ['630', 'Inventory', 'INVENTORY', 'none'],
  ['710', 'Office Equipment', 'FIXED', 'purchase'],
  ['800', 'Accounts Payable', 'CURRLIAB', 'none', { system: 'CREDITORS' }],
  ['801', 'Unpaid Expense Claims', 'CURRLIAB', 'none', { system: 'UNPAIDEXPCLM' }],
  ['820', 'GST', 'CURRLIAB', 'none', { system: 'GST' }],
  ['830', 'Gift Cards Outstanding', 'CURRLIAB', 'none'],
  ['831', 'Customer Deposits', 'CURRLIAB', 'none'],
  ['832', 'Tips Payable', 'CURRLIAB', 'none'],
  ['840', 'Historical Adjustment', 'CURRLIAB', 'none', { system: 'HISTORICAL' }],
  ['860', 'Rounding', 'CURRLIAB', 'none', { system: 'ROUNDING' }],
  ['877', 'Tracking Transfers', 'CURRLIAB', 'none', { system: 'TRACKINGTRANSFERS' }],
  ['900', 'Loan', 'TERMLIAB', 'none'],
  ['960', 'Retained Earnings', 'EQUITY', 'none', { system: 'RETAINEDEARNINGS' }],
  ['970', 'Owner A Funds Introduced', 'EQUITY', 'none', 'payments'],
];

const TRACKING: readonly (readonly [string, readonly string[]])[] = [
  ['Store', ['Tanjong Pagar', 'Tiong Bahru', 'East Coast']],
  ['Department', ['Bar', 'Kitchen']],
];

const CONTACTS = ['Daily Sales', 'Hospitality Supplies', 'Bank West'];

/** A new organisation with empty books. `at` is epoch milliseconds. */
export function makeOrganisation(key: SeedKey, at: number): Organisation {
  const country = COUNTRIES[key];
  return {
    id: stableId(`organisation ${key}`),
    key,
    name: country.name,
    countryCode: country.countryCode,
    baseCurrency: country.currency,
    currencies: [country.currency],
    timezone: country.timezone,
    shortCode: country.shortCode,
    taxNumber: country.taxNumber,
    defaultSalesTax: 'Tax Inclusive',
    createdAt: at,
    accounts: CHART.map(row => makeAccount(key, country, row, at)),
    taxRates: country.rates.map(makeTaxRate),
    tracking: TRACKING.map(([name, options]) => makeTracking(key, name, options)),
    contacts: CONTACTS.map(name => makeContact(key, name, at)),
    docs: [],
    payments: [],
  };
}

function makeAccount(key: string, country: Country, row: AccountRow, at: number): Account {
  const [code, name, type, tax, more] = row;
  const taxTypes = { sales: country.salesTax, purchase: country.purchaseTax, none: country.noTax };
  return {
    id: stableId(`account ${key} ${code}`),
    code,
    name,
    type,
    status: 'ACTIVE',
    whenArchived: 'error',
    taxType: taxTypes[tax],
    enablePayments: more === 'payments',
    ...(typeof more === 'object' && { systemAccount: more.system }),
    ...(type === 'BANK' && { currency: country.currency }),
    updatedAt: at,
  };
}

function makeTaxRate([taxType, name, reportTaxType, percent, appliesTo]: RateRow): TaxRate {
  return { taxType, name, reportTaxType, rate: percent * 10_000, status: 'ACTIVE', appliesTo };
}

function makeTracking(key: string, name: string, options: readonly string[]): TrackingCategory {
  return {
    id: stableId(`tracking ${key} ${name}`),
    name,
    status: 'ACTIVE',
    options: options.map(option => ({
      id: stableId(`option ${key} ${name} ${option}`),
      name: option,
      status: 'ACTIVE',
    })),
  };
}

function makeContact(key: string, name: string, at: number): Contact {
  return {
    id: stableId(`contact ${key} ${name}`),
    name,
    status: 'ACTIVE',
    isCustomer: name === 'Daily Sales',
    updatedAt: at,
  };
}
