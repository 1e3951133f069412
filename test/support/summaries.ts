/** A day summary made of accepted messages, and one written by hand, for tests of its checks. */
import { type DaySummary, parseDaySummary } from '../../protocol/day-summary.ts';
import { DayTotals, missingNumbers } from '../../protocol/day-totals.ts';
import { SequenceRuns } from '../../protocol/sequence.ts';
import type { Accepted } from './messages.ts';

/** The summary of one day of a store whose terminals start at 1 on that day. */
export function summaryOf(day: readonly Accepted[]): DaySummary {
  const totals = new DayTotals();
  const numbers = new Map<string, SequenceRuns>();
  for (const { terminal, transaction, target } of day) {
    totals.add(terminal, transaction, target);
    const key = `${terminal} ${transaction.epoch}`;
    const runs = numbers.get(key) ?? new SequenceRuns();
    runs.add(transaction.sequence);
    numbers.set(key, runs);
  }
  const terminals = totals.terminals().map(row => {
    const runs = numbers.get(`${row.terminal} ${row.epoch}`) ?? new SequenceRuns();
    return { ...row, missing: missingNumbers(row, 0, runs) };
  });
  return {
    ...handMadeSummary(),
    ...totals.parts(),
    terminals,
    journal: { entries: totals.entries, head: '0'.repeat(64) },
  };
}

/** The worked example of the contract: every kind of row, 7 messages, numbers 904 and 905 missing. */
export function handMadeSummary(changes: object = {}): DaySummary {
  return {
    version: 1,
    storeId: 'store-1',
    businessDate: '2026-11-21',
    revision: 1,
    number: 1,
    timezone: 'Asia/Singapore',
    currency: 'SGD',
    closedAt: '2026-11-22T00:15:04+08:00',
    counts: { sale: 3, refund: 1, void: 1, 'cash-out': 1, 'cash-count': 1 },
    sales: [
      {
        kind: 'item',
        category: 'Coffee',
        taxCode: 'GST9',
        ...row(4, 2200),
        discount: 100,
        tax: 182,
      },
      { kind: 'tip', ...row(1, 200), discount: 0, tax: 0 },
    ],
    tenders: [
      { method: 'card', ...row(2, 1303) },
      { method: 'cash', ...row(3, 1095) },
    ],
    rounding: -2,
    cash: [{ reason: 'milk', ...row(1, -1250) }],
    overShort: -50,
    terminals: [
      { terminal: 'till-1', epoch: 1, first: 901, last: 909, count: 7, missing: [[904, 905]] },
    ],
    quarantined: 0,
    damaged: 0,
    journal: { entries: 7, head: '0'.repeat(64) },
    previous: '',
    ...changes,
  };
}

/** The path of what is wrong with a summary; '' when nothing is. */
export function faultOf(value: unknown): string {
  const parsed = parseDaySummary(value);
  return parsed.ok ? '' : parsed.path || 'the summary';
}

function row(count: number, amount: number): { count: number; amount: number } {
  return { count, amount };
}
