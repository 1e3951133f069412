/**
 * The demo's trading day: what three tills of a coffee shop publish, the same every time but for
 * the date. Goes out: the messages in order per till, and the day's totals by an arithmetic of its
 * own, so that agent, relay and Xero are compared with the tills and not with each other.
 */

/** One message of a till: JSON, as design section 4 has it. */
export type Message = Record<string, unknown> & { id: string; sequence: number; type: string };

export interface Till {
  id: string;
  messages: Message[];
}

/** What the books must say, minor units. */
export interface Tally {
  transactions: number;
  gross: number;
  tax: number;
  rounding: number;
  tenders: Record<string, number>;
  /** Cash brought in and taken out, and what the count was over or short. */
  cash: number;
}

export interface TradingDay {
  date: string;
  currency: string;
  tills: Till[];
  tally: Tally;
}

interface Product {
  sku: string;
  name: string;
  category: string;
  price: number;
}

const MENU: readonly Product[] = [
  { sku: 'LATTE', name: 'Latte', category: 'Coffee', price: 620 },
  { sku: 'FLAT', name: 'Flat white', category: 'Coffee', price: 590 },
  { sku: 'ESP', name: 'Espresso', category: 'Coffee', price: 383 },
  { sku: 'CROI', name: 'Croissant', category: 'Food', price: 452 },
  { sku: 'KAYA', name: 'Kaya toast', category: 'Food', price: 520 },
  { sku: 'BEANS', name: 'House beans 250 g', category: 'Retail', price: 1890 },
];
const CURRENCY = 'SGD';
const GST_PERCENT = 9;

interface LineOf {
  kind: string;
  amount: number;
  tax?: number;
  taxCode?: string;
  [field: string]: unknown;
}

/** Messages of one till, numbered without gaps. */
class TillRoll {
  readonly messages: Message[] = [];
  readonly #id: string;
  readonly #at: (share: number) => string;

  constructor(id: string, at: (share: number) => string) {
    this.#id = id;
    this.#at = at;
  }

  print(type: string, fields: Record<string, unknown>): Message {
    const sequence = this.messages.length + 1;
    const receipt = `${this.#id.toUpperCase()}-${String(sequence).padStart(6, '0')}`;
    const occurredAt = this.#at(sequence / 60);
    const id = `${occurredAt.slice(0, 10)}-${this.#id}-${sequence}`;
    const message = {
      ...{ version: 1, id, type, epoch: 1, sequence, receipt, occurredAt, currency: CURRENCY },
      ...fields,
    };
    this.messages.push(message);
    return message;
  }

  sale(lines: LineOf[], tender: string): Message {
    const total = sum(lines);
    const rounding = tender === 'cash' ? roundToFiveCents(total) - total : 0;
    return this.print('sale', {
      lines,
      tenders: [{ method: tender, amount: total + rounding }],
      rounding,
    });
  }
}

/**
 * @param date business date the messages belong to
 * @param at gives the instant (RFC 3339) at a share 0 … 1 of the day's opening hours
 */
export function makeTradingDay(date: string, at: (share: number) => string): TradingDay {
  const rolls = ['till-1', 'till-2', 'till-3'].map(id => ({ id, roll: new TillRoll(id, at) }));
  for (const [index, { roll }] of rolls.entries()) {
    ordinarySales(roll, index);
    specials(roll, index);
  }
  const tills = rolls.map(({ id, roll }) => ({ id, messages: roll.messages }));
  return { date, currency: CURRENCY, tills, tally: tallyOf(tills.flatMap(till => till.messages)) };
}

/** About forty sales a till: a walk through the menu that differs from till to till. */
function ordinarySales(roll: TillRoll, till: number): void {
  for (let n = 0; n < 38 + till * 3; n += 1) {
    const lines = [productLine(n + till, 1 + (n % 2))];
    if (n % 3 === 0) lines.push(productLine(n * 2 + till + 3, 1, n % 9 === 0 ? 50 : 0));
    const tender = ['card', 'cash', 'card', 'paynow'][(n + till) % 4] ?? 'card';
    roll.sale(lines, tender);
  }
}

/** What makes bookkeeping hard: a refund, a void, a tip, gift cards, cash movements, a count. */
function specials(roll: TillRoll, till: number): void {
  if (till === 0) {
    roll.print('cash-in', { cash: { amount: 20_000, reason: 'float' } });
    const mistake = roll.sale([productLine(5, 2)], 'card');
    roll.print('void', { voids: mistake.id });
    roll.sale([productLine(0, 2), { kind: 'tip', amount: 200 }], 'card');
    roll.print('cash-out', { cash: { amount: 1250, reason: 'milk' } });
    roll.print('cash-count', { cash: { counted: 41_850, expected: 41_900 } });
  }
  if (till === 1) {
    roll.sale([{ kind: 'gift-card', name: 'Gift card', amount: 5000 }], 'card');
    roll.print('no-sale', {});
    roll.print('refund', {
      lines: [negated(productLine(3, 1))],
      tenders: [{ method: 'card', amount: -452 }],
    });
  }
  if (till === 2) {
    const lines = [productLine(5, 1), productLine(4, 1)];
    const tenders = [
      { method: 'gift-card', amount: 2000 },
      { method: 'cash', amount: sum(lines) - 2000 },
    ];
    roll.print('sale', { lines, tenders });
  }
}

function productLine(index: number, quantity: number, discount = 0): LineOf {
  const { price, ...product } = MENU[index % MENU.length] as Product;
  const amount = price * quantity - discount;
  const tax = Math.round((amount * GST_PERCENT) / (100 + GST_PERCENT));
  return { kind: 'item', ...product, quantity, amount, discount, taxCode: 'GST9', tax };
}

function negated(line: LineOf): LineOf {
  return { ...line, amount: -line.amount, tax: -(line.tax ?? 0) };
}

function sum(rows: readonly { amount: number }[]): number {
  return rows.reduce((total, row) => total + row.amount, 0);
}

function roundToFiveCents(amount: number): number {
  return Math.round(amount / 5) * 5;
}

interface Trade {
  lines: LineOf[];
  tenders: { method: string; amount: number }[];
  rounding?: number;
}

/** The shop's own sum, straight from the receipts. */
function tallyOf(messages: readonly Message[]): Tally {
  const tally: Tally = { transactions: 0, gross: 0, tax: 0, rounding: 0, tenders: {}, cash: 0 };
  const byId = new Map(messages.map(message => [message.id, message]));
  for (const message of messages) {
    tally.transactions += 1;
    const voided = message['voids'];
    if (typeof voided === 'string') addTrade(tally, byId.get(voided) as unknown as Trade, -1);
    if ('lines' in message) addTrade(tally, message as unknown as Trade, 1);
    const cash = message['cash'] as Record<string, number> | undefined;
    if (message.type === 'cash-in') tally.cash += cash?.['amount'] ?? 0;
    if (message.type === 'cash-out') tally.cash -= cash?.['amount'] ?? 0;
    if (message.type === 'cash-count') {
      tally.cash += (cash?.['counted'] ?? 0) - (cash?.['expected'] ?? 0);
    }
  }
  return tally;
}

function addTrade(tally: Tally, trade: Trade, sign: 1 | -1): void {
  for (const line of trade.lines) {
    tally.gross += sign * line.amount;
    tally.tax += sign * (line.tax ?? 0);
  }
  tally.rounding += sign * (trade.rounding ?? 0);
  for (const { method, amount } of trade.tenders) {
    tally.tenders[method] = (tally.tenders[method] ?? 0) + sign * amount;
  }
}
