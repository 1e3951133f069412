/**
 * Finds what a mapping names in the chart of a Xero organisation: accounts by id or code, tax rates
 * by type, tracking options by name or id. Nothing here judges; see accounts.ts and taxes.ts.
 */
import type { Account, Chart, TaxRate } from '../xero/chart.ts';

export interface TrackingChoice {
  category: string;
  option: string;
}

/** By id, else by code; an active account wins over an archived one with the same code. */
export function findAccount(chart: Chart, codeOrId: string): Account | undefined {
  const byId = chart.accounts.find(({ id }) => id.toLowerCase() === codeOrId.toLowerCase());
  if (byId !== undefined) return byId;
  const byCode = chart.accounts.filter(({ code }) => code === codeOrId);
  return byCode.find(({ status }) => status === 'ACTIVE') ?? byCode[0];
}

/** The account that Xero itself keeps for cash rounding. */
export function findRoundingAccount(chart: Chart): Account | undefined {
  return chart.accounts.find(
    ({ systemAccount, status }) => systemAccount === 'ROUNDING' && status === 'ACTIVE',
  );
}

/** Xero knows NONE in most countries without listing it among the organisation's rates. */
const NONE: TaxRate = {
  taxType: 'NONE',
  name: 'No tax',
  ratePercent: 0,
  status: 'ACTIVE',
  canApplyToRevenue: true,
  canApplyToAssets: true,
  canApplyToLiabilities: true,
  canApplyToExpenses: true,
  canApplyToEquity: true,
};

export function findTaxRate(chart: Chart, taxType: string): TaxRate | undefined {
  const found = chart.taxRates.find(rate => rate.taxType === taxType);
  return found ?? (taxType === NONE.taxType ? NONE : undefined);
}

/** May a line with this tax rate stand on an account of this class? */
export function appliesTo(rate: TaxRate, account: Pick<Account, 'class'>): boolean {
  switch (account.class) {
    case 'ASSET':
      return rate.canApplyToAssets;
    case 'LIABILITY':
      return rate.canApplyToLiabilities;
    case 'EXPENSE':
      return rate.canApplyToExpenses;
    case 'EQUITY':
      return rate.canApplyToEquity;
    default:
      return rate.canApplyToRevenue;
  }
}

/** The category and option as Xero names them today; undefined when one is gone or inactive. */
export function findTracking(chart: Chart, choice: TrackingChoice): TrackingChoice | undefined {
  const category = chart.tracking.find(
    ({ id, name }) => id === choice.category || name === choice.category,
  );
  const option = category?.options.find(
    ({ id, name, active }) => active && (id === choice.option || name === choice.option),
  );
  if (category === undefined || option === undefined) return undefined;
  return { category: category.name, option: option.name };
}

/** `200 Sales`, or the name alone when the account has no code. */
export function nameOf(account: Account): string {
  return account.code === undefined ? account.name : `${account.code} ${account.name}`;
}

/** The record's own value: a category may be called `constructor`. */
export function ownValue<Value>(
  record: Readonly<Record<string, Value>>,
  key: string,
): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
