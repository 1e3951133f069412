/**
 * The running totals of one trading day: adds transactions one by one and gives the parts of a day
 * summary. Addition commutes: the same transactions in any order give the same totals, as long as
 * `fullness` had nothing against each. Everything is whole minor units; nothing is ever divided.
 */
import type { DayParts } from './day-summary.ts';
import { compareSales, compareText, type SalesKey } from './row-order.ts';
import type { SequenceRuns } from './sequence.ts';
import type { Line, Trade, Transaction } from './transaction.ts';

/** What a void may reverse. */
export type Voidable = Extract<Transaction, { type: 'sale' | 'refund' | 'cash-in' | 'cash-out' }>;

export interface TerminalNumbers {
  terminal: string;
  epoch: number;
  first: number;
  last: number;
  count: number;
}

interface SalesRow {
  kind: Line['kind'];
  category?: string | undefined;
  taxCode?: string | undefined;
  count: number;
  amount: number;
  discount: number;
  tax: number;
}

interface CountedAmount {
  count: number;
  amount: number;
}

/** What `toJSON` gives and the constructor takes back: the checkpoint of a day. */
export interface DayTotalsState {
  counts: Record<string, number>;
  sales: SalesRow[];
  tenders: ({ method: string } & CountedAmount)[];
  cash: ({ reason: string } & CountedAmount)[];
  rounding: number;
  overShort: number;
  terminals: TerminalNumbers[];
  /** Sum of every amount without its sign; a signed summary that is built on has none. */
  volume?: number;
}

/** Half of the safe integers: what is on its way to the disk while one asks has the other half. */
const VOLUME_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 2);
/** A row has 400 bytes at most; a signed summary 8 MiB. */
export const DAY_ROWS_MAX = 10_000;

export class DayTotals {
  readonly #counts = new Map<string, number>();
  readonly #sales = new Map<string, SalesRow>();
  readonly #tenders = new Map<string, CountedAmount>();
  readonly #cash = new Map<string, CountedAmount>();
  readonly #terminals = new Map<string, TerminalNumbers>();
  #rounding = 0;
  #overShort = 0;
  #volume = 0;

  constructor(state?: DayTotalsState) {
    if (state === undefined) return;
    for (const [type, count] of Object.entries(state.counts)) this.#counts.set(type, count);
    for (const row of state.sales) this.#sales.set(salesKey(row), { ...row });
    for (const { method, count, amount } of state.tenders) {
      this.#tenders.set(method, { count, amount });
    }
    for (const { reason, count, amount } of state.cash) this.#cash.set(reason, { count, amount });
    for (const { terminal, epoch, first, last, count } of state.terminals) {
      const row = { terminal, epoch, first, last, count };
      this.#terminals.set(terminalKey(row), row);
    }
    this.#rounding = state.rounding;
    this.#overShort = state.overShort;
    this.#volume = state.volume ?? volumeOfState(state);
  }

  /** How many messages of all types were added. */
  get entries(): number {
    let entries = 0;
    for (const count of this.#counts.values()) entries += count;
    return entries;
  }

  /**
   * Why intake must set a message aside before it is accepted; undefined: there is room. `amounts`:
   * further sums might leave the safe integers. `rows`: it brings another name, and there are so
   * many that the summary would be too large to sign; what brings no new one is still taken.
   */
  fullness(
    terminal: string,
    transaction: Transaction,
    target?: Voidable,
  ): 'amounts' | 'rows' | undefined {
    if (this.#volume > VOLUME_MAX) return 'amounts';
    const rows = this.#sales.size + this.#tenders.size + this.#cash.size + this.#terminals.size;
    if (rows < DAY_ROWS_MAX) return undefined;
    return this.#bringsRow(terminal, transaction, target) ? 'rows' : undefined;
  }

  /**
   * Adds one accepted message. A target that was training counted nothing, so its void takes
   * nothing back.
   * @param target what a void reverses; needed for a void that is no training
   */
  add(terminal: string, transaction: Transaction, target?: Voidable): void {
    this.#countNumber(terminal, transaction);
    const kind = transaction.training === true ? 'training' : transaction.type;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    if (transaction.training === true) return;
    this.#volume = plus(this.#volume, volumeOf(transaction, target));
    if (transaction.type === 'void') {
      if (target === undefined) throw new Error(`void ${transaction.id} without its target`);
      if (target.training !== true) this.#addMoney(target, -1);
    } else this.#addMoney(transaction, 1);
  }

  /** The counted parts of a summary, sorted as the contract says. */
  parts(): Omit<DayParts, 'terminals'> {
    return {
      counts: Object.fromEntries([...this.#counts].sort(([a], [b]) => compareText(a, b))),
      sales: [...this.#sales.values()].sort(compareSales).map(row => ({ ...row })),
      tenders: named(this.#tenders).map(([method, sum]) => ({ method, ...sum })),
      rounding: this.#rounding,
      cash: named(this.#cash).map(([reason, sum]) => ({ reason, ...sum })),
      overShort: this.#overShort,
    };
  }

  /** The numbers each terminal used on this day, sorted by terminal and epoch. */
  terminals(): TerminalNumbers[] {
    return [...this.#terminals.values()]
      .sort((a, b) => compareText(a.terminal, b.terminal) || a.epoch - b.epoch)
      .map(row => ({ ...row }));
  }

  /** The highest number the terminal used on this day in that epoch; 0 when it used none. */
  lastNumber(terminal: string, epoch: number): number {
    return this.#terminals.get(terminalKey({ terminal, epoch }))?.last ?? 0;
  }

  toJSON(): DayTotalsState {
    return { ...this.parts(), terminals: this.terminals(), volume: this.#volume };
  }

  #bringsRow(terminal: string, transaction: Transaction, target: Voidable | undefined): boolean {
    if (!this.#terminals.has(terminalKey({ terminal, epoch: transaction.epoch }))) return true;
    const counted = transaction.type === 'void' ? target : transaction;
    switch (counted?.type) {
      case 'sale':
      case 'refund':
        return (
          counted.lines.some(line => !this.#sales.has(salesKey(line))) ||
          counted.tenders.some(({ method }) => !this.#tenders.has(method))
        );
      case 'cash-in':
      case 'cash-out':
        return !this.#cash.has(counted.cash.reason);
      default:
        return false;
    }
  }

  #countNumber(terminal: string, { epoch, sequence }: Transaction): void {
    const key = terminalKey({ terminal, epoch });
    const row = this.#terminals.get(key);
    if (row === undefined) {
      this.#terminals.set(key, { terminal, epoch, first: sequence, last: sequence, count: 1 });
      return;
    }
    row.first = Math.min(row.first, sequence);
    row.last = Math.max(row.last, sequence);
    row.count += 1;
  }

  /** @param sign −1 when a void takes it back */
  #addMoney(transaction: Exclude<Transaction, { type: 'void' }>, sign: 1 | -1): void {
    switch (transaction.type) {
      case 'sale':
      case 'refund':
        for (const line of transaction.lines) this.#addLine(transaction, line, sign);
        for (const { method, amount } of transaction.tenders) {
          addTo(this.#tenders, method, sign * amount);
        }
        this.#rounding = plus(this.#rounding, sign * transaction.rounding);
        return;
      case 'cash-in':
        addTo(this.#cash, transaction.cash.reason, sign * transaction.cash.amount);
        return;
      case 'cash-out':
        addTo(this.#cash, transaction.cash.reason, -sign * transaction.cash.amount);
        return;
      case 'cash-count': {
        const { counted, expected } = transaction.cash;
        if (expected !== undefined) this.#overShort = plus(this.#overShort, counted - expected);
        return;
      }
      case 'no-sale':
        return;
    }
  }

  #addLine(trade: Trade, line: Line, sign: 1 | -1): void {
    const { kind, category, taxCode } = line;
    const key = salesKey(line);
    let row = this.#sales.get(key);
    if (row === undefined) {
      row = { kind, count: 0, amount: 0, discount: 0, tax: 0 };
      if (category !== undefined) row.category = category;
      if (taxCode !== undefined) row.taxCode = taxCode;
      this.#sales.set(key, row);
    }
    row.count += 1;
    row.amount = plus(row.amount, sign * line.amount);
    row.discount = plus(row.discount, sign * lineSign(trade, line) * line.discount);
    row.tax = plus(row.tax, sign * line.tax);
  }
}

/** The gaps of a day: numbers after the terminal's last on any earlier date that nobody has sent. */
export function missingNumbers(
  row: TerminalNumbers,
  lastOnEarlierDates: number,
  taken: SequenceRuns,
): [number, number][] {
  return taken.missing(lastOnEarlierDates + 1, row.last);
}

/** A line given away whole has no sign of its own: it takes its receipt's. */
function lineSign(trade: Trade, line: Line): 1 | -1 {
  if (line.amount !== 0) return line.amount < 0 ? -1 : 1;
  return trade.type === 'refund' ? -1 : 1;
}

/** At least as much as any one total can move by this message. */
function volumeOf(transaction: Transaction, target: Voidable | undefined): number {
  const counted = transaction.type === 'void' ? target : transaction;
  if (transaction.training === true || counted === undefined) return 0;
  switch (counted.type) {
    case 'sale':
    case 'refund':
      return volumeOfTrade(counted);
    case 'cash-in':
    case 'cash-out':
      return counted.cash.amount;
    case 'cash-count':
      return Math.abs(counted.cash.counted) + Math.abs(counted.cash.expected ?? 0);
    default:
      return 0;
  }
}

function volumeOfTrade({ lines, tenders, rounding }: Trade): number {
  let volume = Math.abs(rounding);
  for (const { amount, discount } of lines) volume += Math.abs(amount) + Math.abs(discount);
  for (const { amount } of tenders) volume += Math.abs(amount);
  return volume;
}

/** What a signed summary shows of its volume: a lower bound, its opposite amounts have met. */
function volumeOfState(state: DayTotalsState): number {
  return (
    absoluteSum(state.sales.flatMap(row => [row.amount, row.discount])) +
    absoluteSum(state.tenders.map(row => row.amount)) +
    absoluteSum(state.cash.map(row => row.amount)) +
    Math.abs(state.rounding) +
    Math.abs(state.overShort)
  );
}

function absoluteSum(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + Math.abs(amount), 0);
}

/** Lengths, for a category may hold any character; an absent one has none. */
function salesKey({ kind, category, taxCode }: SalesKey): string {
  return `${kind} ${category?.length ?? ''} ${category ?? ''} ${taxCode?.length ?? ''} ${taxCode ?? ''}`;
}

function terminalKey(row: { terminal: string; epoch: number }): string {
  return `${row.terminal} ${row.epoch}`;
}

function named(sums: ReadonlyMap<string, CountedAmount>): [string, CountedAmount][] {
  return [...sums].sort(([a], [b]) => compareText(a, b));
}

function addTo(sums: Map<string, CountedAmount>, name: string, amount: number): void {
  let sum = sums.get(name);
  if (sum === undefined) {
    sum = { count: 0, amount: 0 };
    sums.set(name, sum);
  }
  sum.amount = plus(sum.amount, amount);
  sum.count += 1;
}

/** Integer addition without −0, refused beyond what a double holds exactly. */
function plus(a: number, b: number): number {
  const sum = a + b;
  if (!Number.isSafeInteger(sum)) throw new RangeError('a total left the safe integers');
  return sum === 0 ? 0 : sum;
}
