/**
 * Messages of a made-up shop: one good sale to change by hand, and fast-check generators of valid
 * transactions and whole trading days. Everything it generates is balanced by construction.
 */

import type { Voidable } from '../../protocol/day-totals.ts';
import { LINE_KINDS, type Transaction, transactionSchema } from '../../protocol/transaction.ts';
import { fc } from './fast-check.ts';

/** A good sale as a terminal writes it; `changes` replace whole fields. */
export function saleMessage(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    version: 1,
    id: 'sale-1',
    type: 'sale',
    sequence: 1,
    occurredAt: '2026-11-22T19:04:11+08:00',
    currency: 'SGD',
    lines: [{ kind: 'item', category: 'Coffee', amount: 1100, taxCode: 'GST9', tax: 91 }],
    tenders: [{ method: 'cash', amount: 1100 }],
    ...changes,
  };
}

/** A till's JSON bytes. */
export function bytesOf(message: unknown): Buffer {
  return Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
}

const amountArb = fc.integer({ min: -500_000, max: 500_000 });

const lineArb = fc
  .record({
    kind: fc.constantFrom(...LINE_KINDS),
    category: fc.option(fc.constantFrom('Coffee', 'Food', '__proto__', 'Ö', '😀'), {
      nil: undefined,
    }),
    taxCode: fc.option(fc.constantFrom('GST9', 'ZERO', 'toString'), { nil: undefined }),
    amount: amountArb,
    discount: fc.nat(1000),
    taxPercent: fc.nat(100),
  })
  .map(({ taxPercent, ...line }) => ({
    ...line,
    tax: line.taxCode === undefined ? 0 : Math.trunc((line.amount * taxPercent) / 100),
  }));

const tradeArb = fc
  .record({
    lines: fc.array(lineArb, { minLength: 1, maxLength: 5 }),
    rounding: fc.integer({ min: -4, max: 4 }),
    methods: fc.array(fc.constantFrom('cash', 'card', 'gift-card', 'on-account'), {
      minLength: 1,
      maxLength: 3,
    }),
    cuts: fc.array(amountArb, { minLength: 3, maxLength: 3 }),
  })
  .map(({ lines, rounding, methods, cuts }) => {
    const sum = lines.reduce((total, line) => total + line.amount, 0);
    const tenders = methods.map((method, i) => ({ method, amount: cuts[i] ?? 0 }));
    const last = tenders[tenders.length - 1] ?? { amount: 0 };
    last.amount += sum + rounding - tenders.reduce((total, tender) => total + tender.amount, 0);
    return { type: sum < 0 ? 'refund' : 'sale', lines, tenders, rounding };
  });

const reasonArb = fc.constantFrom('milk', 'float', 'constructor');
const cashArb = fc.oneof(
  fc.record({
    type: fc.constantFrom('cash-in', 'cash-out'),
    cash: fc.record({ amount: fc.integer({ min: 1, max: 100_000 }), reason: reasonArb }),
  }),
  fc.record({
    type: fc.constant('cash-count'),
    cash: fc.record(
      { counted: fc.nat(100_000), expected: fc.integer({ min: -100, max: 100_000 }) },
      { requiredKeys: ['counted'] },
    ),
  }),
  fc.constant({ type: 'no-sale' }),
);

/** The fields of one message of any type but void, without id and number. */
const contentArb = fc.record({
  body: fc.oneof({ weight: 4, arbitrary: tradeArb }, { weight: 2, arbitrary: cashArb }),
  training: fc.option(fc.constant(true), { nil: undefined, freq: 8 }),
  terminal: fc.constantFrom('till-1', 'till-2', 'Bar.3'),
  epoch: fc.integer({ min: 1, max: 2 }),
  voided: fc.boolean(),
});

/** One accepted message with its terminal and, for a void, what it reverses. */
export interface Accepted {
  terminal: string;
  transaction: Transaction;
  target?: Voidable;
}

/** A trading day of up to 40 messages, voids right after their targets, numbers without gaps. */
export const dayArb: fc.Arbitrary<Accepted[]> = fc
  .array(contentArb, { maxLength: 20 })
  .map(contents => {
    const numbers = new Map<string, number>();
    const day: Accepted[] = [];
    const take = (terminal: string, epoch: number, fields: object): Transaction => {
      const key = `${terminal} ${epoch}`;
      const sequence = (numbers.get(key) ?? 0) + 1;
      numbers.set(key, sequence);
      const message = { ...saleMessage({ ...fields, epoch, sequence, id: `m-${day.length}` }) };
      const transaction = transactionSchema.parse(JSON.parse(JSON.stringify(message)));
      return transaction;
    };
    for (const { body, training, terminal, epoch, voided } of contents) {
      const transaction = take(terminal, epoch, { ...body, training });
      day.push({ terminal, transaction });
      const target = asVoidable(transaction);
      if (!voided || target === undefined) continue;
      const voiding = take('till-2', 1, { type: 'void', voids: target.id });
      day.push({ terminal: 'till-2', transaction: voiding, target });
    }
    return day;
  });

function asVoidable(transaction: Transaction): Voidable | undefined {
  switch (transaction.type) {
    case 'sale':
    case 'refund':
    case 'cash-in':
    case 'cash-out':
      return transaction;
    default:
      return undefined;
  }
}
