/**
 * One accepted message as the journal keeps it. The terminal's own text stands in the line as it
 * was written (numbers included), so reading it back fills in the schema's defaults once more; it
 * was checked before it was accepted and its hash is right, so it is not judged a second time.
 */
import type { Voidable } from '../../protocol/day-totals.ts';
import type { Transaction } from '../../protocol/transaction.ts';

export interface Entry {
  /** Business date, `YYYY-MM-DD`. */
  date: string;
  /** RFC 3339, UTC. */
  receivedAt: string;
  terminal: string;
  transaction: Transaction;
  /** What a void reverses. */
  target?: Voidable;
}

/** A line as it is read back. */
export interface JournalRecord {
  receivedAt: string;
  terminal: string;
  /** With its defaults filled in. */
  transaction: Transaction;
  /** As the terminal wrote it; what a duplicate is compared with. */
  value: unknown;
}

/** As the terminal wrote it: what has a default may be missing. */
interface RawTransaction {
  lines?: object[];
  rounding?: number;
  [field: string]: unknown;
}

/** The line's text up to the chain's members. */
export function entryBody(receivedAt: string, terminal: string, compact: string): string {
  return `{"receivedAt":"${receivedAt}","terminal":"${terminal}","transaction":${compact}`;
}

/** @param line the bytes of one proven line */
export function readRecord(line: Buffer): JournalRecord {
  const raw = JSON.parse(line.toString('utf8')) as {
    receivedAt: string;
    terminal: string;
    transaction: RawTransaction;
  };
  return {
    receivedAt: raw.receivedAt,
    terminal: raw.terminal,
    transaction: withDefaults(raw.transaction),
    value: raw.transaction,
  };
}

/** The defaults of `transactionSchema`, on a copy. */
function withDefaults(raw: RawTransaction): Transaction {
  const filled: RawTransaction = { epoch: 1, ...raw };
  if (raw.lines !== undefined) {
    filled.rounding = raw.rounding ?? 0;
    filled.lines = raw.lines.map(line => ({ quantity: 1, discount: 0, tax: 0, ...line }));
  }
  return filled as Transaction;
}

/** What a void may reverse: money that counts. */
export function isVoidable(transaction: Transaction): transaction is Voidable {
  if (transaction.training === true) return false;
  switch (transaction.type) {
    case 'sale':
    case 'refund':
    case 'cash-in':
    case 'cash-out':
      return true;
    case 'void':
    case 'cash-count':
    case 'no-sale':
      return false;
  }
}
