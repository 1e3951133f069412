/**
 * The receipts that the tills of the fault suites write, and what they add up to. Both are plain
 * code of the tests' own, so that the agent's arithmetic is checked against another.
 */

export interface ReceiptText {
  id: string;
  /** What is published; the same text whenever it is sent. */
  text: string;
  /** What it does to the day. */
  effect: Effect;
}

/** A day's totals as the tills know them: name of a row → minor units, or a number of messages. */
export type Effect = Readonly<Record<string, number>>;

/** One instant for all: a receipt is the same text whenever it is sent. */
const SOLD_AT = new Date().toISOString();

export interface ReceiptOptions {
  /** Longer by so many bytes. */
  paddingBytes?: number;
  /** RFC 3339; the same for all by default. */
  occurredAt?: string | (() => string);
}

/** Sales, now and then a refund, a void of the receipt before, cash paid out, a drawer opened. */
export function receiptOf(
  terminal: string,
  sequence: number,
  { paddingBytes = 0, occurredAt = SOLD_AT }: ReceiptOptions = {},
): ReceiptText {
  const id = `${terminal}-${sequence}`;
  const soldAt = typeof occurredAt === 'string' ? occurredAt : occurredAt();
  const fields = fieldsOf(terminal, sequence);
  const padding = paddingBytes === 0 ? {} : { note: 'x'.repeat(paddingBytes) };
  const message = {
    ...{ version: 1, id, sequence, occurredAt: soldAt, currency: 'SGD' },
    ...fields,
    ...padding,
  };
  return { id, text: JSON.stringify(message), effect: effectOf(terminal, sequence) };
}

type Kind = 'sale' | 'refund' | 'void' | 'cash-out' | 'no-sale';

function kindOf(sequence: number): Kind {
  if (sequence % 11 === 0) return 'void';
  if (sequence % 7 === 0) return 'refund';
  if (sequence % 13 === 0) return 'cash-out';
  return sequence % 17 === 0 ? 'no-sale' : 'sale';
}

/** A receipt that can be voided stands before every void: numbers 10, 21, 32, … */
function voidedBy(sequence: number): number {
  let target = sequence - 1;
  while (kindOf(target) !== 'sale') target -= 1;
  return target;
}

function amountOf(sequence: number): number {
  return 101 + ((sequence * 37) % 5000);
}

function fieldsOf(terminal: string, sequence: number): object {
  const kind = kindOf(sequence);
  switch (kind) {
    case 'void':
      return { type: kind, voids: `${terminal}-${voidedBy(sequence)}` };
    case 'cash-out':
      return { type: kind, cash: { amount: amountOf(sequence), reason: 'milk' } };
    case 'no-sale':
      return { type: kind };
    default:
      return { type: kind, ...saleOf(sequence, kind === 'sale' ? 1 : -1) };
  }
}

function saleOf(sequence: number, sign: number) {
  const amount = sign * amountOf(sequence);
  const tax = sign * Math.round((amountOf(sequence) * 9) / 109);
  const category = sequence % 2 === 0 ? 'Coffee' : 'Cake';
  return {
    lines: [{ kind: 'item', category, amount, taxCode: 'GST9', tax }],
    tenders: [{ method: sequence % 3 === 0 ? 'cash' : 'card', amount }],
  };
}

function effectOf(terminal: string, sequence: number): Effect {
  const kind = kindOf(sequence);
  const counted = { [`count ${kind}`]: 1, [`entries ${terminal}`]: 1 };
  switch (kind) {
    case 'sale':
      return { ...counted, ...soldBy(sequence, 1) };
    case 'refund':
      return { ...counted, ...soldBy(sequence, -1) };
    case 'void':
      return { ...counted, ...soldBy(voidedBy(sequence), -1) };
    case 'cash-out':
      return { ...counted, 'cash milk': -amountOf(sequence) };
    case 'no-sale':
      return counted;
  }
}

function soldBy(sequence: number, sign: number): Effect {
  const { lines, tenders } = saleOf(sequence, sign);
  const [line] = lines;
  const [tender] = tenders;
  if (line === undefined || tender === undefined) return {};
  return {
    [`sold ${line.category} GST9`]: line.amount,
    [`tax ${line.category} GST9`]: line.tax,
    [`tender ${tender.method}`]: tender.amount,
  };
}

/** Adds up; rows that come to nothing are left out. */
export function sumOf(effects: Iterable<Effect>): Record<string, number> {
  const sums = new Map<string, number>();
  for (const effect of effects) {
    for (const [name, by] of Object.entries(effect)) sums.set(name, (sums.get(name) ?? 0) + by);
  }
  return Object.fromEntries([...sums].filter(([, sum]) => sum !== 0).sort());
}
