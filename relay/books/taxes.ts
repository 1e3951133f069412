/**
 * Which Xero tax type a line carries, and how much tax Xero will compute on it. The till's own tax
 * is never sent: it is compared. A tax type is always chosen explicitly, so that a default somebody
 * changes in Xero changes nothing here.
 */
import type { DayParts } from '../../protocol/day-summary.ts';
import { taxWithin } from '../../protocol/money.ts';
import type { Account, TaxRate } from '../xero/chart.ts';
import { BALANCE_KINDS, type Books } from './accounts.ts';
import { appliesTo, findAccount, findTaxRate, nameOf, ownValue } from './chart-lookup.ts';
import { reason } from './reasons.ts';

export type SalesRow = DayParts['sales'][number];

/**
 * The tax rate of a sales row on its account, or undefined and a reason.
 * @param whole the row over the whole revision: what the till's tax is judged by
 */
export function taxRateOf(books: Books, whole: SalesRow, account: Account): TaxRate | undefined {
  const { kind, taxCode } = whole;
  const balance = BALANCE_KINDS.has(kind);
  if (taxCode === undefined || (balance && whole.tax === 0)) {
    return untaxedRate(books, account, balance ? 'outOfScope' : 'noTax');
  }
  const mapped = ownValue(books.mapping.taxes, taxCode);
  if (mapped !== undefined) return usable(books, mapped, `the tax code “${taxCode}”`, account);
  const fallback = productsTaxType(books);
  const rate = fallback === undefined ? undefined : findTaxRate(books.chart, fallback);
  if (rate !== undefined && explains(rate.ratePercent, whole)) {
    return usable(books, rate.taxType, `the tax code “${taxCode}”`, account);
  }
  const why =
    rate === undefined
      ? 'Accounts for Products has no tax rate of its own'
      : `${rate.name} (${rate.ratePercent} %) of Accounts for Products does not explain the till’s tax`;
  const message = `No tax rate is chosen for the tax code “${taxCode}”, and ${why}.`;
  const fix = 'Open the mapping of the store, choose a tax rate for the code, and Save.';
  books.reasons.push(reason('unmapped', message, { fix }));
  return undefined;
}

/**
 * The rate of a line that the till puts no tax on. The preferred type stands unless Xero does not
 * allow it on this class of account and allows the other one.
 */
export function untaxedRate(
  books: Books,
  account: Account,
  prefer: 'noTax' | 'outOfScope',
): TaxRate | undefined {
  const { noTax, outOfScope = noTax } = books.mapping;
  const types = prefer === 'noTax' ? [noTax, outOfScope] : [outOfScope, noTax];
  for (const taxType of types) {
    const rate = findTaxRate(books.chart, taxType);
    if (rate?.status === 'ACTIVE' && rate.ratePercent === 0 && appliesTo(rate, account)) {
      return rate;
    }
  }
  const what = prefer === 'noTax' ? 'lines without tax' : 'balance-sheet lines';
  const rate = usable(books, types[0] ?? noTax, what, account);
  if (rate !== undefined) books.reasons.push(notZero(rate, what));
  return undefined;
}

/** The rate if it is there, active and allowed on the account; else undefined and a reason. */
export function usable(
  books: Books,
  taxType: string,
  what: string,
  account: Account | undefined,
): TaxRate | undefined {
  const rate = findTaxRate(books.chart, taxType);
  if (rate === undefined || rate.status !== 'ACTIVE') {
    const state = rate === undefined ? 'is not in Xero' : `is ${rate.status.toLowerCase()} in Xero`;
    const message = `The tax rate ${rate?.name ?? taxType}, chosen for ${what}, ${state}.`;
    books.reasons.push(reason('tax-type-missing', message));
    return undefined;
  }
  if (account === undefined || appliesTo(rate, account)) return rate;
  const message = `Xero does not allow the tax rate ${rate.name}, chosen for ${what}, on ${nameOf(account)}.`;
  books.reasons.push(reason('tax-type-not-applicable', message));
  return undefined;
}

export function notZero(rate: TaxRate, what: string) {
  return reason(
    'tax-not-zero',
    `The tax rate ${rate.name}, chosen for ${what}, is ${rate.ratePercent} %: Xero would add tax that the till did not take.`,
  );
}

function productsTaxType({ chart, mapping }: Books): string | undefined {
  return findAccount(chart, mapping.products)?.taxType;
}

/**
 * Would this rate have given the till's tax? A till rounds per line: half a minor unit for each,
 * and one for the whole. A row without tax is only explained by tax too small to be seen.
 */
export function explains(ratePercent: number, row: Pick<SalesRow, 'amount' | 'tax' | 'count'>) {
  if (ratePercent === 0) return row.tax === 0;
  const off = Math.abs(taxWithin(row.amount, ratePercent) - row.tax);
  return off <= Math.floor(row.count / 2) + (row.tax === 0 ? 0 : 1);
}

/** 1 minor unit per 2 till lines plus 1 per Xero line, unless HQ chose a number. */
export function toleranceOf(
  chosen: number | undefined,
  tillLines: number,
  xeroLines: number,
): number {
  return chosen ?? Math.floor(tillLines / 2) + xeroLines;
}
