/** A day's totals: the same in whatever order the sales arrive, and never off by a cent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_ROWS_MAX, DayTotals, type Voidable } from '../../protocol/day-totals.ts';
import { AMOUNT_MAX } from '../../protocol/money.ts';
import { type Transaction, transactionSchema } from '../../protocol/transaction.ts';
import { fc } from '../support/fast-check.ts';
import { type Accepted, dayArb, saleMessage } from '../support/messages.ts';
import { faultOf, summaryOf } from '../support/summaries.ts';

function message(changes: Record<string, unknown>): Transaction {
  return transactionSchema.parse(saleMessage(changes));
}

function totalsOf(day: readonly Accepted[]): DayTotals {
  const totals = new DayTotals();
  for (const { terminal, transaction, target } of day) totals.add(terminal, transaction, target);
  return totals;
}

/** A day, and the same messages in another order. */
const shuffledArb = dayArb.chain(day =>
  fc.record({
    day: fc.constant(day),
    other: fc.shuffledSubarray(day, { minLength: day.length, maxLength: day.length }),
  }),
);

test('totals and the summary do not depend on the order of arrival', () => {
  fc.assert(
    fc.property(shuffledArb, ({ day, other }) => {
      assert.equal(JSON.stringify(totalsOf(other)), JSON.stringify(totalsOf(day)));
      assert.equal(JSON.stringify(summaryOf(other)), JSON.stringify(summaryOf(day)));
    }),
  );
});

test('the summary of any day adds up and stands in its order', () => {
  fc.assert(
    fc.property(dayArb, day => {
      const summary = summaryOf(day);
      assert.equal(faultOf(JSON.parse(JSON.stringify(summary))), '');
      assert.equal(summary.journal.entries, day.length);
    }),
  );
});

test('a day that goes on from its checkpoint is the day that never stopped', () => {
  fc.assert(
    fc.property(dayArb, fc.nat(40), (day, at) => {
      const saved = JSON.parse(JSON.stringify(totalsOf(day.slice(0, at))));
      const resumed = new DayTotals(saved);
      for (const { terminal, transaction, target } of day.slice(at)) {
        resumed.add(terminal, transaction, target);
      }
      assert.equal(JSON.stringify(resumed), JSON.stringify(totalsOf(day)));
    }),
  );
});

test('a day can be built on a signed summary, which has more fields than a checkpoint', () => {
  fc.assert(
    fc.property(dayArb, day => {
      const resumed = new DayTotals(summaryOf(day));
      assert.deepEqual(resumed.parts(), totalsOf(day).parts());
      assert.deepEqual(resumed.terminals(), totalsOf(day).terminals());
    }),
  );
});

test('a void takes back money, tax and rounding, and is counted once more', () => {
  const sale = message({ rounding: -1, tenders: [{ method: 'cash', amount: 1099 }] });
  const voiding = message({ type: 'void', id: 'v', sequence: 2, voids: 'sale-1' });
  const totals = totalsOf([
    { terminal: 'till-1', transaction: sale },
    { terminal: 'till-2', transaction: voiding, target: sale as Voidable },
  ]).parts();
  const nothing = { count: 2, amount: 0 };
  assert.deepEqual(totals.sales, [
    { kind: 'item', category: 'Coffee', taxCode: 'GST9', ...nothing, discount: 0, tax: 0 },
  ]);
  assert.deepEqual(totals.tenders, [{ method: 'cash', ...nothing }]);
  assert.equal(totals.rounding, 0);
  assert.deepEqual(totals.counts, { sale: 1, void: 1 });
});

test('training is numbered and counted, never totalled, and its void takes nothing back', () => {
  const training = message({ training: true });
  const voiding = message({ type: 'void', id: 'v', sequence: 2, voids: 'sale-1' });
  const totals = totalsOf([
    { terminal: 'till-1', transaction: training },
    { terminal: 'till-1', transaction: voiding, target: training as Voidable },
  ]);
  assert.deepEqual(totals.parts().counts, { training: 1, void: 1 });
  assert.deepEqual(totals.parts().sales, []);
  assert.deepEqual(totals.terminals(), [
    { terminal: 'till-1', epoch: 1, first: 1, last: 2, count: 2 },
  ]);
});

test('a discount counts with the sign of its line; a free line has the sign of its receipt', () => {
  const line = (amount: number) => ({ kind: 'item', amount, discount: 100 });
  const lines = [line(-300), line(0)];
  const tenders = [{ method: 'cash', amount: -300 }];
  const refund = message({ type: 'refund', lines, tenders });
  const sale = message({ lines: [line(0), line(50)], tenders: [{ method: 'cash', amount: 50 }] });
  const discount = (transaction: Transaction) =>
    totalsOf([{ terminal: 'a', transaction }]).parts().sales[0]?.discount;
  assert.equal(discount(refund), -200);
  assert.equal(discount(sale), 200);
});

test('cash is net per reason, cash-out negative; only an expected count is over or short', () => {
  const cash = (type: string, fields: object) =>
    message({ type, id: type, cash: fields, lines: undefined, tenders: undefined });
  const totals = totalsOf(
    [
      cash('cash-in', { amount: 5000, reason: 'float' }),
      cash('cash-out', { amount: 1250, reason: 'milk' }),
      cash('cash-out', { amount: 200, reason: 'float' }),
      cash('cash-count', { counted: 950, expected: 1000 }),
      cash('cash-count', { counted: 7777 }),
    ].map(transaction => ({ terminal: 'a', transaction })),
  ).parts();
  assert.deepEqual(totals.cash, [
    { reason: 'float', count: 2, amount: 4800 },
    { reason: 'milk', count: 1, amount: -1250 },
  ]);
  assert.equal(totals.overShort, -50);
  assert.deepEqual(totals.tenders, []);
});

test('a day says when it is full, before a total would lose a cent', () => {
  const most = message({
    lines: [{ kind: 'item', amount: AMOUNT_MAX, discount: AMOUNT_MAX }],
    tenders: [{ method: 'cash', amount: AMOUNT_MAX }],
  });
  const totals = new DayTotals();
  let added = 0;
  while (totals.fullness('till-1', most) === undefined) {
    totals.add('till-1', { ...most, sequence: added + 1 });
    added += 1;
  }
  assert.ok(added > 1000);
  assert.equal(totals.parts().sales[0]?.amount, added * AMOUNT_MAX);
  const again = new DayTotals(JSON.parse(JSON.stringify(totals)));
  assert.equal(again.fullness('till-1', most), 'amounts');
});

test('a till that puts receipt numbers in the category fills the day, and stops no other till', () => {
  const named = (category: string) =>
    message({
      lines: [{ kind: 'item', category, amount: 1 }],
      tenders: [{ method: 'cash', amount: 1 }],
    });
  const totals = new DayTotals();
  totals.add('till-1', named('Coffee'));
  let names = 0;
  for (; totals.fullness('till-2', named(`R-${names}`)) === undefined; names += 1) {
    totals.add('till-2', named(`R-${names}`));
  }
  assert.equal(totals.fullness('till-2', named(`R-${names}`)), 'rows');
  assert.equal(names, DAY_ROWS_MAX - 4);
  assert.equal(totals.fullness('till-1', named('Coffee')), undefined);
  assert.equal(totals.fullness('till-3', named('Coffee')), 'rows', 'a terminal is a row, too');
});
