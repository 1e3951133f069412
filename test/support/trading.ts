/**
 * Random trading for property tests: receipts of a café with honest tills (each line's tax rounded by
 * itself), folded into the parts of a day summary by a few plain loops of their own.
 */

import type { DayParts } from '../../protocol/day-summary.ts';
import type { LineKind } from '../../protocol/transaction.ts';
import type { PlannedDocument } from '../../relay/books/plan.ts';
import { fc } from './fast-check.ts';

/** Till tax codes and their rates in percent. */
export const RATES: Readonly<Record<string, number>> = { GST9: 9, GST8: 8, ZERO: 0 };

interface SoldLine {
  kind: LineKind;
  category?: string;
  taxCode?: string;
  amount: number;
  discount: number;
  tax: number;
}

export type Happening =
  | { type: 'receipt'; lines: SoldLine[]; rounding: number; tenders: [string, number][] }
  | { type: 'cash'; reason: string; amount: number }
  | { type: 'count'; over: number };

const amount = fc.oneof(
  fc.integer({ min: -2_000, max: 5_000 }),
  fc.integer({ min: -300_000, max: 300_000 }),
);

const item = fc
  .record({
    category: fc.constantFrom('Coffee', 'Beans', 'Tea', 'Cake'),
    taxCode: fc.constantFrom('GST9', 'GST9', 'GST8', 'ZERO'),
    amount,
    discount: fc.constantFrom(0, 0, 50, 199),
  })
  .map(({ category, taxCode, amount: paid, discount }): SoldLine => {
    const rate = RATES[taxCode] ?? 0;
    const tax = Math.sign(paid) * Math.round((Math.abs(paid) * rate) / (100 + rate)) || 0;
    return { kind: 'item', category, taxCode, amount: paid, discount, tax };
  });

const other = fc
  .record({
    kind: fc.constantFrom<LineKind>('tip', 'gift-card', 'deposit', 'account-payment'),
    amount,
  })
  .map(({ kind, amount: paid }): SoldLine => ({ kind, amount: paid, discount: 0, tax: 0 }));

const TENDERS = ['cash', 'card', 'wallet', 'gift-card', 'on-account', 'deposit'];

const receipt = fc
  .record({
    lines: fc.array(fc.oneof({ weight: 4, arbitrary: item }, other), {
      minLength: 1,
      maxLength: 4,
    }),
    rounding: fc.constantFrom(0, 0, 0, 2, -2),
    first: fc.constantFrom(...TENDERS),
    second: fc.constantFrom(...TENDERS),
    split: fc.integer({ min: -500, max: 500 }),
  })
  .map(({ lines, rounding, first, second, split }): Happening => {
    const due = lines.reduce<number>((sum, line) => sum + line.amount, rounding);
    const tenders: [string, number][] =
      first === second
        ? [[first, due]]
        : [
            [first, due - split],
            [second, split],
          ];
    return { type: 'receipt', lines, rounding, tenders };
  });

const cash = fc.record({
  type: fc.constant('cash' as const),
  reason: fc.constantFrom('milk', 'float', 'bank'),
  amount: fc.integer({ min: -20_000, max: 20_000 }),
});

const count = fc.record({
  type: fc.constant('count' as const),
  over: fc.integer({ min: -300, max: 300 }),
});

export const trading: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof({ weight: 8, arbitrary: receipt }, cash, count),
  { maxLength: 12 },
);

/** The parts of a summary of these happenings. */
export function partsOf(happenings: readonly Happening[]): DayParts {
  const sales = new Map<string, DayParts['sales'][number]>();
  const tenders = new Map<string, { count: number; amount: number }>();
  const moved = new Map<string, { count: number; amount: number }>();
  let rounding = 0;
  let overShort = 0;
  for (const happening of happenings) {
    if (happening.type === 'count') overShort += happening.over;
    else if (happening.type === 'cash') add(moved, happening.reason, happening.amount);
    else {
      rounding += happening.rounding;
      for (const [name, paid] of happening.tenders) add(tenders, name, paid);
      for (const line of happening.lines) addLine(sales, line);
    }
  }
  return {
    counts: {},
    sales: [...sales.values()],
    tenders: [...tenders].map(([method, row]) => ({ method, ...row })),
    cash: [...moved].map(([reason, row]) => ({ reason, ...row })),
    rounding,
    overShort,
    terminals: [],
  };
}

function add(rows: Map<string, { count: number; amount: number }>, name: string, by: number): void {
  const row = rows.get(name) ?? { count: 0, amount: 0 };
  rows.set(name, { count: row.count + 1, amount: row.amount + by });
}

function addLine(rows: Map<string, DayParts['sales'][number]>, line: SoldLine): void {
  const key = `${line.kind} ${line.category} ${line.taxCode}`;
  const row = rows.get(key);
  if (row === undefined) rows.set(key, { ...line, count: 1 });
  else {
    row.count += 1;
    row.amount += line.amount;
    row.discount += line.discount;
    row.tax += line.tax;
  }
}

/** What documents do to the ledger: account → cents, credit positive; receivables come out at 0. */
export function ledgerOf(documents: readonly PlannedDocument[]): Map<string, number> {
  const ledger = new Map<string, number>();
  const book = (account: string, by: number) => {
    const sum = (ledger.get(account) ?? 0) + by;
    if (sum === 0) ledger.delete(account);
    else ledger.set(account, sum);
  };
  for (const { kind, lines, payments } of documents) {
    const sign = kind === 'invoice' ? 1 : -1;
    for (const line of lines) book(line.accountId, sign * line.amount);
    for (const payment of payments) book(payment.accountId, -sign * payment.amount);
  }
  return ledger;
}

/** Xero's tax by account, tax type and tracking, summed line by line. */
export function xeroTaxOf(
  documents: readonly PlannedDocument[],
  rateOf: (taxType: string) => number,
): Map<string, { tax: number; lines: number }> {
  const taxes = new Map<string, { tax: number; lines: number }>();
  for (const { kind, lines } of documents) {
    for (const line of lines) {
      const key = JSON.stringify([line.accountId, line.taxType, line.tracking]);
      const rate = rateOf(line.taxType);
      const tax = Math.round((Math.abs(line.amount) * rate) / (100 + rate));
      const signed = (kind === 'invoice' ? 1 : -1) * Math.sign(line.amount) * tax;
      const there = taxes.get(key) ?? { tax: 0, lines: 0 };
      taxes.set(key, { tax: there.tax + signed, lines: there.lines + 1 });
    }
  }
  return taxes;
}
