/**
 * What a later revision adds to the one that stands in Xero: the difference of two days' parts, row
 * by row. Signed summaries are whole totals, so every number here is a plain subtraction.
 */

import type { DayParts } from '../../protocol/day-summary.ts';
import { compareSales, compareText } from '../../protocol/row-order.ts';

export type MoneyParts = Pick<DayParts, 'sales' | 'tenders' | 'rounding' | 'cash' | 'overShort'>;

/** `after` − `before`; rows that only one of them has count as zero in the other. */
export function differenceOf(after: MoneyParts, before: MoneyParts | undefined): MoneyParts {
  if (before === undefined) return after;
  return {
    sales: subtract(after.sales, before.sales, salesKey, (a, b) => ({
      ...a,
      count: a.count - b.count,
      amount: minus(a.amount, b.amount),
      discount: minus(a.discount, b.discount),
      tax: minus(a.tax, b.tax),
    })).sort(compareSales),
    tenders: subtract(after.tenders, before.tenders, row => row.method, amountMinus).sort((a, b) =>
      compareText(a.method, b.method),
    ),
    cash: subtract(after.cash, before.cash, row => row.reason, amountMinus).sort((a, b) =>
      compareText(a.reason, b.reason),
    ),
    rounding: minus(after.rounding, before.rounding),
    overShort: minus(after.overShort, before.overShort),
  };
}

/** The same key for the same row of two summaries. */
export function salesKey(row: Pick<DayParts['sales'][number], 'kind' | 'category' | 'taxCode'>) {
  return JSON.stringify([row.kind, row.category ?? null, row.taxCode ?? null]);
}

function subtract<Row extends { count: number; amount: number }>(
  after: readonly Row[],
  before: readonly Row[],
  keyOf: (row: Row) => string,
  minusRow: (a: Row, b: Row) => Row,
): Row[] {
  const rows = new Map(after.map(row => [keyOf(row), row]));
  for (const row of before) {
    const key = keyOf(row);
    const other = rows.get(key) ?? minusRow(row, row);
    rows.set(key, minusRow(other, row));
  }
  return [...rows.values()];
}

function amountMinus<Row extends { count: number; amount: number }>(a: Row, b: Row): Row {
  return { ...a, count: a.count - b.count, amount: minus(a.amount, b.amount) };
}

/** Integer subtraction without −0. */
function minus(a: number, b: number): number {
  return a - b || 0;
}
