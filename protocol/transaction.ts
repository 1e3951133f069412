/**
 * What a terminal publishes: one receipt as JSON. Comes in: the payload's bytes. Goes out: a
 * transaction with its defaults filled in, or a problem with a code, a sentence and a path. Rules
 * that need the shop's memory (duplicates, currency, dates, voids) are the agent's intake.
 */
import { z } from 'zod';
import { DATE_PATTERN, INSTANT_PATTERN, INSTANT_WORDS } from './business-date.ts';
import { AMOUNT_MAX, CURRENCY_PATTERN } from './money.ts';
import { quickCheckOf } from './quick-check.ts';
import { parseWith } from './schema-words.ts';
import { parseStrictJson } from './strict-json.ts';

/** Largest payload that is read as a transaction: 64 KiB. */
export const TRANSACTION_BYTES_MAX = 64 * 1024;
/** Largest payload that is kept (in the quarantine) at all: 256 KiB. */
export const PAYLOAD_BYTES_MAX = 256 * 1024;

export const PROBLEM_CODES = [
  'not-json',
  'not-utf8',
  'too-deep',
  'too-large',
  'schema',
  'unbalanced',
  'currency',
  'business-date',
  'clock',
  'conflict-id',
  'conflict-number',
  'void-target',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** Why a message was stored but not accepted; `path` as in `lines[0].amount`, '' for the whole. */
export interface Problem {
  code: ProblemCode;
  message: string;
  path: string;
}

/** 1–`max` characters, counted as code points (as JSON Schema's maxLength would). */
const text = (max: number) =>
  z.string().regex(new RegExp(`^[\\s\\S]{1,${max}}$`, 'u'), `must have 1 to ${max} characters`);
const amount = z.int().min(-AMOUNT_MAX).max(AMOUNT_MAX);
const amountFromZero = z.int().min(0).max(AMOUNT_MAX);

export const LINE_KINDS = [
  'item',
  'tip',
  'service-charge',
  'surcharge',
  'gift-card',
  'deposit',
  'account-payment',
] as const;
export type LineKind = (typeof LINE_KINDS)[number];

const lineSchema = z
  .object({
    kind: z.enum(LINE_KINDS),
    sku: z.string().optional(),
    name: z.string().optional(),
    category: text(255).optional(),
    quantity: z.number().min(-AMOUNT_MAX).max(AMOUNT_MAX).default(1),
    amount: amount.describe('what the customer pays for the line, minor units, tax included'),
    discount: amountFromZero.default(0).describe('given away, already taken off the amount'),
    taxCode: text(64).optional(),
    tax: amount.default(0).describe('the tax within the amount, same sign, not larger'),
  })
  .meta({ id: 'line' });

const tenderSchema = z
  .object({
    method: text(64).describe("the shop's own word: cash, card, gift-card, on-account, …"),
    amount: amount.describe('net of change, minor units'),
  })
  .meta({ id: 'tender' });

const common = {
  version: z.literal(1),
  id: text(64).describe('unique for ever within the store; repeated when resent'),
  epoch: z.int().min(1).default(1),
  sequence: z.int().min(1),
  receipt: z.string().optional(),
  occurredAt: z.string().regex(INSTANT_PATTERN, INSTANT_WORDS).describe('RFC 3339 with offset'),
  businessDate: z.string().regex(DATE_PATTERN, 'must be a date, YYYY-MM-DD').optional(),
  currency: z
    .string()
    .regex(CURRENCY_PATTERN, 'must be three capital letters (ISO 4217)')
    .describe('ISO 4217'),
  training: z.boolean().optional(),
};

const trade = {
  ...common,
  lines: z.array(lineSchema).min(1),
  tenders: z.array(tenderSchema),
  rounding: amount.default(0).describe('Σ lines.amount + rounding = Σ tenders.amount'),
};

const cashMoved = z.object({
  amount: z.int().min(1).max(AMOUNT_MAX),
  reason: text(64),
});

/** Said instead of zod's words when `type` is none of the seven or is not there. */
const typeWords = (issue: { code?: string | undefined }) =>
  issue.code === 'invalid_union'
    ? 'must be sale, refund, void, cash-in, cash-out, cash-count or no-sale'
    : undefined;

export const transactionSchema = z
  .discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('sale'), ...trade }),
      z.object({ type: z.literal('refund'), ...trade }),
      z.object({ type: z.literal('void'), ...common, voids: text(64) }),
      z.object({ type: z.literal('cash-in'), ...common, cash: cashMoved }),
      z.object({ type: z.literal('cash-out'), ...common, cash: cashMoved }),
      z.object({
        type: z.literal('cash-count'),
        ...common,
        cash: z.object({ counted: amountFromZero, expected: amount.optional() }),
      }),
      z.object({ type: z.literal('no-sale'), ...common }),
    ],
    { error: typeWords },
  )
  .meta({ title: 'Tillbook transaction, version 1' });

export type Transaction = z.infer<typeof transactionSchema>;
export type TransactionType = Transaction['type'];
/** A sale or a refund: what has lines and tenders. */
export type Trade = Extract<Transaction, { type: 'sale' | 'refund' }>;
export type Line = Trade['lines'][number];
export type Tender = Trade['tenders'][number];

export type ParsedTransaction =
  | {
      ok: true;
      transaction: Transaction;
      /** The message's own text on one line, extra fields included, numbers as they were written. */
      compact: string;
    }
  | { ok: false; problem: Problem };

/** Never throws, whatever the bytes. */
export function parseTransaction(bytes: Buffer): ParsedTransaction {
  if (bytes.length > TRANSACTION_BYTES_MAX) {
    const message = `the message has ${bytes.length} bytes; at most ${TRANSACTION_BYTES_MAX} fit`;
    return problem('too-large', message, '');
  }
  const json = parseStrictJson(bytes);
  if (!json.ok) return problem(json.code, json.message, json.path);
  const parsed = checkShape(json.value);
  if (!parsed.ok) return problem('schema', parsed.message, parsed.path);
  const broken = checkTransaction(parsed.data);
  if (broken !== undefined) return { ok: false, problem: broken };
  return { ok: true, transaction: parsed.data, compact: json.compact };
}

const isQuicklyGood = quickCheckOf(transactionSchema);

/** What the schema says; it need not be asked about what is plainly good. */
function checkShape(value: unknown): ReturnType<typeof parseWith<Transaction>> {
  if (isQuicklyGood(value)) return { ok: true, data: value as Transaction };
  return parseWith(transactionSchema, value, 'the message');
}

/** The rules across fields, which a JSON Schema cannot say: size, tax, signs and the balance. */
export function checkTransaction(transaction: Transaction): Problem | undefined {
  if (transaction.type !== 'sale' && transaction.type !== 'refund') return undefined;
  return (
    checkSize(transaction) ??
    checkTax(transaction) ??
    checkSign(transaction) ??
    checkBalance(transaction)
  );
}

/**
 * One receipt's amounts together stay within the limit of a single one: a broken till cannot drive
 * the day's totals out of the integers that a double holds exactly.
 */
function checkSize({ lines, tenders }: Trade): Problem | undefined {
  let [moved, given, paid] = [0, 0, 0];
  for (const { amount, discount } of lines) {
    moved += Math.abs(amount);
    given += discount;
  }
  for (const { amount } of tenders) paid += Math.abs(amount);
  if (Math.max(moved, given, paid) <= AMOUNT_MAX) return undefined;
  const path = paid > AMOUNT_MAX ? 'tenders' : 'lines';
  return broken('schema', `${path} add up to more than ${AMOUNT_MAX}, whatever the sign`, path);
}

function checkTax({ lines }: Trade): Problem | undefined {
  const index = lines.findIndex(line => !isTaxWithin(line));
  const line = lines[index];
  if (line === undefined) return undefined;
  const path = `lines[${index}].tax`;
  if (line.taxCode === undefined) {
    return broken('schema', `lines[${index}]: tax other than 0 needs a taxCode`, path);
  }
  if (Math.sign(line.tax) !== Math.sign(line.amount)) {
    return broken('schema', `${path}: tax needs the same sign as the amount`, path);
  }
  return broken('schema', `${path}: tax is larger than the amount it is within`, path);
}

/** No tax, or one with a code that has the amount's sign and is not larger. */
function isTaxWithin({ tax, taxCode, amount }: Line): boolean {
  if (tax === 0) return true;
  if (taxCode === undefined || Math.sign(tax) !== Math.sign(amount)) return false;
  return Math.abs(tax) <= Math.abs(amount);
}

function checkSign(trade: Trade): Problem | undefined {
  const sum = sumOf(trade.lines);
  if (trade.type === 'sale' && sum < 0) {
    return broken('schema', `a sale adds up to 0 or more, this one to ${sum}`, 'lines');
  }
  if (trade.type === 'refund' && sum > 0) {
    return broken('schema', `a refund adds up to 0 or less, this one to ${sum}`, 'lines');
  }
  return undefined;
}

function checkBalance(trade: Trade): Problem | undefined {
  const owed = sumOf(trade.lines) + trade.rounding;
  const paid = sumOf(trade.tenders);
  if (owed === paid) return undefined;
  const message = `lines plus rounding make ${owed}, tenders make ${paid}: they must be equal`;
  return broken('unbalanced', message, 'tenders');
}

function sumOf(rows: readonly { amount: number }[]): number {
  let sum = 0;
  for (const { amount } of rows) sum += amount;
  return sum;
}

function broken(code: ProblemCode, message: string, path: string): Problem {
  return { code, message, path };
}

function problem(code: ProblemCode, message: string, path: string): ParsedTransaction {
  return { ok: false, problem: { code, message, path } };
}
