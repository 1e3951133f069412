/**
 * The day summary (Z report) that an agent signs: whole totals of one business date and revision.
 * Schema, and the check that its parts add up and stand in their order. A summary is data: nothing
 * here computes a date or a total.
 */
import { z } from 'zod';
import { DATE_PATTERN, INSTANT_PATTERN } from './business-date.ts';
import { CURRENCY_PATTERN, sumMinor } from './money.ts';
import { compareSales, compareText } from './row-order.ts';
import { parseWith } from './schema-words.ts';
import { LINE_KINDS } from './transaction.ts';

const count = z.int().min(0);
/** A day's total: any sign, wider than one message's amount. */
const total = z.int();
const name = (max: number) => z.string().regex(new RegExp(`^[\\s\\S]{1,${max}}$`, 'u'));
const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const run = z.tuple([z.int().min(1), z.int().min(1)]);

const terminalRow = z.strictObject({
  terminal: name(64),
  epoch: z.int().min(1),
  first: z.int().min(1),
  last: z.int().min(1),
  count: z.int().min(1),
  missing: z.array(run),
});

/** Counted messages by type; `training` beside them. Types with no message are left out. */
const counts = z.partialRecord(
  z.enum(['sale', 'refund', 'void', 'cash-in', 'cash-out', 'cash-count', 'no-sale', 'training']),
  z.int().min(1),
);

export const dayPartsShape = {
  counts,
  sales: z.array(
    z.strictObject({
      kind: z.enum(LINE_KINDS),
      category: name(255).optional(),
      taxCode: name(64).optional(),
      count,
      amount: total,
      discount: total,
      tax: total,
    }),
  ),
  tenders: z.array(z.strictObject({ method: name(64), count, amount: total })),
  rounding: total,
  cash: z.array(z.strictObject({ reason: name(64), count, amount: total })),
  overShort: total,
  terminals: z.array(terminalRow),
};

export const daySummarySchema = z
  .strictObject({
    version: z.literal(1),
    storeId: name(64),
    businessDate: z.string().regex(DATE_PATTERN),
    revision: z.int().min(1),
    number: z.int().min(1),
    timezone: name(64),
    currency: z.string().regex(CURRENCY_PATTERN),
    closedAt: z.string().regex(INSTANT_PATTERN),
    ...dayPartsShape,
    quarantined: count,
    damaged: count,
    journal: z.strictObject({ entries: count, head: sha256Hex }),
    previous: z.union([z.literal(''), digest]),
  })
  .meta({ title: 'Tillbook day summary, version 1' });

export type DaySummary = z.infer<typeof daySummarySchema>;
/** The money and the numbers of a day, without its identity. */
export type DayParts = Pick<DaySummary, keyof typeof dayPartsShape>;

export type ParsedSummary =
  | { ok: true; summary: DaySummary }
  | { ok: false; message: string; path: string };

/** Schema, sums and order; never throws. */
export function parseDaySummary(value: unknown): ParsedSummary {
  const parsed = parseWith(daySummarySchema, value, 'the summary');
  if (!parsed.ok) return parsed;
  const broken = checkDaySummary(parsed.data);
  return broken === undefined ? { ok: true, summary: parsed.data } : { ok: false, ...broken };
}

/** What is wrong and where: `path` as in `terminals[0].missing`. */
export interface BrokenSummary {
  message: string;
  path: string;
}

/** What does not add up or stands in the wrong order, if anything. */
export function checkDaySummary(summary: DaySummary): BrokenSummary | undefined {
  return (
    checkMoney(summary) ??
    checkEntries(summary) ??
    checkNumbers(summary.terminals) ??
    checkChainStart(summary) ??
    checkOrder(summary)
  );
}

/** Exact even where forged totals leave the integers that a double holds. */
function checkMoney(summary: DaySummary): BrokenSummary | undefined {
  const gross = exactSum(summary.sales, row => row.amount);
  const sold = gross + BigInt(summary.rounding);
  const paid = exactSum(summary.tenders, row => row.amount);
  if (sold !== paid) {
    return {
      path: 'tenders',
      message: `sales plus rounding make ${sold}, tenders make ${paid}: they must be equal`,
    };
  }
  const tax = exactSum(summary.sales, row => row.tax);
  const cash = exactSum(summary.cash, row => row.amount);
  if ([gross, paid, tax, cash].every(isSafe)) return undefined;
  return { path: 'sales', message: 'the totals are too large to be counted in whole minor units' };
}

function checkEntries(summary: DaySummary): BrokenSummary | undefined {
  const entries = BigInt(summary.journal.entries);
  const counted = exactSum(Object.values(summary.counts), value => value);
  const numbered = exactSum(summary.terminals, row => row.count);
  if (entries === counted && counted === numbered) return undefined;
  const message = `entries ${entries}, counts ${counted}, terminals ${numbered}: they must be equal`;
  return { path: 'journal.entries', message };
}

/** The numbers of a terminal are distinct, and its last one is not missing. */
function checkNumbers(rows: DaySummary['terminals']): BrokenSummary | undefined {
  for (const [index, row] of rows.entries()) {
    const path = `terminals[${index}]`;
    if (row.first > row.last) return { path, message: `${path}: first is after last` };
    if (row.count > row.last - row.first + 1) {
      return { path, message: `${path}: more messages than numbers from first to last` };
    }
    const { missing } = row;
    const inOrder = missing.every(
      ([first, last], i) => first <= last && first > (missing[i - 1]?.[1] ?? 0) && last < row.last,
    );
    if (!inOrder) {
      const message = `${path}.missing: runs must rise, not overlap, and end before ${row.last}`;
      return { path: `${path}.missing`, message };
    }
  }
  return undefined;
}

function checkChainStart({ number, previous }: DaySummary): BrokenSummary | undefined {
  if ((number === 1) === (previous === '')) return undefined;
  const message = 'previous must be empty for number 1 and the digest of the one before otherwise';
  return { path: 'previous', message };
}

function checkOrder(summary: DaySummary): BrokenSummary | undefined {
  const unsorted =
    (!isSorted(summary.sales, compareSales) && 'sales') ||
    (!isSorted(summary.tenders, (a, b) => compareText(a.method, b.method)) && 'tenders') ||
    (!isSorted(summary.cash, (a, b) => compareText(a.reason, b.reason)) && 'cash') ||
    (!isSorted(
      summary.terminals,
      (a, b) => compareText(a.terminal, b.terminal) || a.epoch - b.epoch,
    ) &&
      'terminals');
  if (!unsorted) return undefined;
  return { path: unsorted, message: `${unsorted}: rows are not in order or stand twice` };
}

function isSorted<Row>(rows: readonly Row[], compare: (a: Row, b: Row) => number): boolean {
  return rows.every((row, i) => i === 0 || compare(rows[i - 1] as Row, row) < 0);
}

function exactSum<Row>(rows: readonly Row[], amount: (row: Row) => number): bigint {
  return rows.reduce((total, row) => total + BigInt(amount(row)), 0n);
}

function isSafe(total: bigint): boolean {
  return total <= BigInt(Number.MAX_SAFE_INTEGER) && total >= BigInt(Number.MIN_SAFE_INTEGER);
}

/** Σ sales.amount of all kinds, without rounding, minor units. */
export function grossOf(parts: Pick<DayParts, 'sales'>): number {
  return sumMinor(parts.sales.map(row => row.amount));
}

/** Σ sales.tax, minor units. */
export function taxOf(parts: Pick<DayParts, 'sales'>): number {
  return sumMinor(parts.sales.map(row => row.tax));
}
