/**
 * The lines of the document before its sign is known: sales by bucket or category, discounts shown
 * apart, rounding, cash in and out, over/short. Amounts are in invoice terms: positive earns,
 * negative gives away. Rows without money make no line.
 */

import { taxWithin } from '../../protocol/money.ts';
import type { Account, TaxRate } from '../xero/chart.ts';
import {
  type Books,
  chooseForCash,
  chooseForOverShort,
  chooseForRounding,
  chooseForSales,
  lineAccount,
  PRODUCT_KINDS,
} from './accounts.ts';
import { findTracking, ownValue, type TrackingChoice } from './chart-lookup.ts';
import { type MoneyParts, salesKey } from './difference.ts';
import { reason } from './reasons.ts';
import { type SalesRow, taxRateOf, untaxedRate, usable } from './taxes.ts';

/** One line to be; names are what the description is made of. */
export interface BookLine {
  label: string;
  names: string[];
  account: Account;
  rate: TaxRate;
  tracking: TrackingChoice[];
  amount: number;
  /** The till's tax within the amount. */
  tax: number;
  /** The tender that the line stands for. */
  tender?: string;
}

/** All lines of a day but those that tenders make. Reasons gather in `books`. */
export function salesAndCashLines(
  books: Books,
  parts: MoneyParts,
  whole: Pick<MoneyParts, 'sales'>,
): BookLine[] {
  return [
    ...salesLines(books, parts.sales, whole.sales),
    ...roundingLine(books, parts.rounding),
    ...parts.cash.flatMap(row => cashLine(books, row)),
    ...overShortLine(books, parts.overShort),
  ];
}

function salesLines(
  books: Books,
  rows: readonly SalesRow[],
  whole: readonly SalesRow[],
): BookLine[] {
  const wholeRows = new Map(whole.map(row => [salesKey(row), row]));
  const sales = new Map<string, BookLine>();
  const discounts = new Map<string, BookLine>();
  const earnedFirst = [...rows].sort((a, b) => rank(a) - rank(b));
  for (const row of earnedFirst) {
    if (row.amount === 0 && row.discount === 0) continue;
    const found = targetOf(books, row, wholeRows.get(salesKey(row)) ?? row);
    if (found === undefined) continue;
    const discount = discountLine(books, row, found);
    const amount = row.amount - (discount?.amount ?? 0);
    const tax = row.tax - (discount?.tax ?? 0);
    addTo(sales, books, row, { ...found, amount, tax });
    if (discount !== undefined) addTo(discounts, books, row, discount);
  }
  return [...sales.values(), ...discounts.values()].filter(line => line.amount !== 0);
}

/** What was earned stands before tips, gift cards and deposits. */
function rank({ kind }: SalesRow): number {
  return PRODUCT_KINDS.has(kind) ? 0 : 1;
}

/** Account, tax and tracking of a row; `tax` and `amount` are filled in by the caller. */
function targetOf(books: Books, row: SalesRow, whole: SalesRow): BookLine | undefined {
  const account = lineAccount(books, chooseForSales(books.mapping, row.kind, row.category));
  const tracking = trackingOf(books, row);
  if (account === undefined || tracking === undefined) return undefined;
  const rate = taxRateOf(books, whole, account);
  if (rate === undefined) return undefined;
  const names = [row.category ?? LABELS[row.kind]];
  return { label: LABELS[row.kind], names, account, rate, tracking, amount: 0, tax: 0 };
}

/** What was given away, as a line of its own: negative, with the tax that it took away. */
function discountLine(books: Books, row: SalesRow, found: BookLine): BookLine | undefined {
  const codeOrId = books.mapping.discounts;
  if (codeOrId === undefined || row.discount === 0) return undefined;
  const account = lineAccount(books, { what: 'discounts', account: codeOrId });
  if (account === undefined) return undefined;
  if (usable(books, found.rate.taxType, 'what was given away', account) === undefined) {
    return undefined;
  }
  const amount = -row.discount;
  const tax = taxWithin(amount, found.rate.ratePercent);
  return { ...found, label: 'Discounts', account, amount, tax };
}

/** Adds a line to the one that stands for its bucket (or its category). */
function addTo(lines: Map<string, BookLine>, books: Books, row: SalesRow, line: BookLine): void {
  const bucket = [
    line.account.id,
    line.rate.taxType,
    ...line.tracking.map(t => [t.category, t.option]),
  ];
  const by = books.mapping.lines === 'category' ? [row.kind, row.category ?? null] : [];
  const key = JSON.stringify([...bucket, ...by]);
  const there = lines.get(key);
  if (there === undefined) {
    lines.set(key, line);
    return;
  }
  there.amount += line.amount;
  there.tax += line.tax;
  there.names.push(...line.names.filter(name => !there.names.includes(name)));
}

/** The category's own tracking, else the store's; undefined and a reason when one is gone. */
function trackingOf(books: Books, row?: SalesRow): TrackingChoice[] | undefined {
  const { categories, tracking: everywhere = [] } = books.mapping;
  const own =
    row?.category !== undefined && PRODUCT_KINDS.has(row.kind)
      ? ownValue(categories, row.category)?.tracking
      : undefined;
  const found: TrackingChoice[] = [];
  for (const choice of own ?? everywhere) {
    const there = findTracking(books.chart, choice);
    if (there === undefined) {
      const message = `The tracking option ${choice.category}: ${choice.option} is not (or no longer active) in Xero.`;
      books.reasons.push(reason('tracking-missing', message));
      return undefined;
    }
    found.push(there);
  }
  return found;
}

function roundingLine(books: Books, amount: number): BookLine[] {
  if (amount === 0) return [];
  const chosen = chooseForRounding(books);
  return plainLine(books, lineAccount(books, chosen), 'noTax', 'Cash rounding', amount);
}

function cashLine(books: Books, row: MoneyParts['cash'][number]): BookLine[] {
  if (row.amount === 0) return [];
  const account = lineAccount(books, chooseForCash(books.mapping, row.reason));
  const label = row.amount < 0 ? 'Cash out' : 'Cash in';
  return plainLine(books, account, 'outOfScope', `${label}: ${row.reason}`, row.amount);
}

function overShortLine(books: Books, amount: number): BookLine[] {
  if (amount === 0) return [];
  const account = lineAccount(books, chooseForOverShort(books.mapping));
  const label = amount < 0 ? 'Cash short' : 'Cash over';
  return plainLine(books, account, 'outOfScope', label, amount);
}

/** A line of its own without tax, with the store's tracking. */
function plainLine(
  books: Books,
  account: Account | undefined,
  prefer: 'noTax' | 'outOfScope',
  label: string,
  amount: number,
): BookLine[] {
  const tracking = trackingOf(books);
  if (account === undefined || tracking === undefined) return [];
  const rate = untaxedRate(books, account, prefer);
  if (rate === undefined) return [];
  return [{ label, names: [], account, rate, tracking, amount, tax: 0 }];
}

const LABELS: Readonly<Record<SalesRow['kind'], string>> = {
  item: 'Sales',
  tip: 'Tips',
  'service-charge': 'Service charge',
  surcharge: 'Surcharge',
  'gift-card': 'Gift cards sold',
  deposit: 'Deposits',
  'account-payment': 'Account payments',
};
