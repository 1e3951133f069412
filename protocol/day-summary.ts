/**
 * The day summary (Z report) that an agent signs: whole totals of one business date and revision.
 * Schema, and the check that its parts add up and stand in their order. A summary is data: nothing
 * here computes a date or a total.
 */
import { z } from 'zod';
import { DATE_PATTERN, INSTANT_PATTERN } from './business-date.ts';
import { compareSales, compareText } from './day-totals.ts';
import { CURRENCY_PATTERN } from './money.ts';
import { LINE_KINDS, pathOf } from './transaction.ts';

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
  const parsed = daySummarySchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = pathOf(issue?.path ?? []);
    return { ok: false, message: `${path || 'the summary'}: ${issue?.message ?? 'wrong'}`, path };
  }
  const broken = checkDaySummary(parsed.data);
  return broken === undefined ? { ok: true, summary: parsed.data } : { ok: false, ...broken };
}

/** What does not add up or stands in the wrong order, if anything. */
export function checkDaySummary(
  summary: DaySummary,
): { message: string; path: string } | undefined {
  const sold = sum(summary.sales, row => row.amount) + summary.rounding;
  const paid = sum(summary.tenders, row => row.amount);
  if (sold !== paid) {
    return {
      path: 'tenders',
      message: `sales plus rounding make ${sold}, tenders make ${paid}: they must be equal`,
    };
  }
  const counted = sum(Object.values(summary.counts), value => value);
  const numbered = sum(summary.terminals, row => row.count);
  if (summary.journal.entries !== counted || counted !== numbered) {
    return {
      path: 'journal.entries',
      message: `entries ${summary.journal.entries}, counts ${counted}, terminals ${numbered}: they must be equal`,
    };
  }
  const terminal = summary.terminals.find(row => row.first > row.last);
  if (terminal !== undefined) {
    return { path: 'terminals', message: `${terminal.terminal}: first is after last` };
  }
  return checkOrder(summary);
}

function checkOrder(summary: DaySummary): { message: string; path: string } | undefined {
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

function sum<Row>(rows: readonly Row[], amount: (row: Row) => number): number {
  return rows.reduce((total, row) => total + amount(row), 0);
}

/** Σ sales.amount of all kinds, without rounding, minor units. */
export function grossOf(parts: Pick<DayParts, 'sales'>): number {
  return sum(parts.sales, row => row.amount);
}

/** Σ sales.tax, minor units. */
export function taxOf(parts: Pick<DayParts, 'sales'>): number {
  return sum(parts.sales, row => row.tax);
}
