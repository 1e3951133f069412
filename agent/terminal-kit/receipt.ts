/**
 * What a till hands to the kit, and what the kit makes of it: the terminal's message of
 * protocol/README.md. The till says what was sold; id, epoch, sequence and time are the kit's work.
 */

/** ISO 4217, three capital letters: `SGD`. */
export type Currency = string;

/** Fields of every receipt. */
export interface ReceiptBase {
  /** 1 to 64 characters, unique for ever within the store; made (a UUID) when left out. */
  id?: string;
  /** What is printed on the receipt. */
  receipt?: string;
  /** RFC 3339 with offset; this machine's time when left out. */
  occurredAt?: string;
  /** `YYYY-MM-DD`, if the till knows better than the agent. */
  businessDate?: string;
  /** Needed unless `connect` was given one. */
  currency?: Currency;
  /** Numbered and kept, never totalled. */
  training?: boolean;
}

export interface Line {
  kind:
    | 'item'
    | 'tip'
    | 'service-charge'
    | 'surcharge'
    | 'gift-card'
    | 'deposit'
    | 'account-payment';
  /** What the customer pays for the line: minor units, tax included, discount taken off. */
  amount: number;
  sku?: string;
  name?: string;
  /** Head office maps it to an account. */
  category?: string;
  /** 1 when left out. */
  quantity?: number;
  /** Minor units, 0 or more, already taken off `amount`. */
  discount?: number;
  /** The till's own name of the rate; needed with `tax`. */
  taxCode?: string;
  /** Minor units, the tax within `amount`, same sign. */
  tax?: number;
}

export interface Tender {
  /** The shop's own word: `cash`, `card`, `gift-card`, `on-account`, … */
  method: string;
  /** Minor units, net of change. */
  amount: number;
}

/** Σ `lines.amount` + `rounding` = Σ `tenders.amount`. A sale adds up to 0 or more, a refund to 0 or less. */
export interface Trade extends ReceiptBase {
  type: 'sale' | 'refund';
  lines: Line[];
  tenders: Tender[];
  /** Minor units, cash rounding. */
  rounding?: number;
}

export interface Void extends ReceiptBase {
  type: 'void';
  /** `id` of the accepted sale, refund, cash-in or cash-out that is reversed. */
  voids: string;
}

export interface CashMovement extends ReceiptBase {
  type: 'cash-in' | 'cash-out';
  /** Minor units, more than 0. */
  cash: { amount: number; reason: string };
}

export interface CashCount extends ReceiptBase {
  type: 'cash-count';
  /** Minor units; `expected` by the till's own reckoning since its last count. */
  cash: { counted: number; expected?: number };
}

export interface NoSale extends ReceiptBase {
  type: 'no-sale';
}

/** One receipt; further fields are kept in the agent's journal and ignored. */
export type Receipt = Trade | Void | CashMovement | CashCount | NoSale;

/** What a receipt became once it was on the till's disk. */
export interface Recorded {
  id: string;
  epoch: number;
  sequence: number;
}

/** A recorded message as it is sent. */
export interface Message extends Recorded {
  /** The JSON text that every resend repeats, byte for byte. */
  body: string;
}

export type Json = Record<string, unknown>;

/** @param at ms since 1970 → `2026-11-22T19:04:11+08:00`, in this machine's zone */
export function localInstant(at: number): string {
  const minutes = -new Date(at).getTimezoneOffset();
  const wall = new Date(at + minutes * 60_000).toISOString().slice(0, 19);
  const two = (value: number) => String(Math.trunc(value)).padStart(2, '0');
  const east = Math.abs(minutes);
  return `${wall}${minutes < 0 ? '-' : '+'}${two(east / 60)}:${two(east % 60)}`;
}
