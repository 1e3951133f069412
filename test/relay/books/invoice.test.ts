/**
 * Worked days: what the tills say, and the one document that Xero shall hold for it. Every example
 * shows its arithmetic; amounts are cents.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRevision } from '../../../relay/books/invoice.ts';
import {
  fullMapping,
  input,
  parts,
  posted,
  shortLines,
  shortPayments,
} from '../../support/books.ts';

test('a simple shop needs only the two default accounts', () => {
  // 11.00 at 9 %: 1100 × 9 / 109 = 90.8, the till says 91
  const day = parts({
    sales: [{ category: 'Coffee', taxCode: 'GST9', amount: 1100, tax: 91 }],
    tenders: { card: 500, cash: 600 },
  });
  const plan = planRevision(input(day));
  const document = posted(plan);
  assert.equal(document.kind, 'invoice');
  assert.equal(document.number, 'TB-orchard-20261121');
  assert.equal(document.reference, 'Orchard 2026-11-21 r1 0001020304050607');
  assert.deepEqual(shortLines(document), ['200 OUTPUTY24 1100']);
  assert.deepEqual(shortPayments(document), ['card 615 500', 'cash 615 600']);
  assert.equal(document.payments[1]?.reference, 'TB-orchard-20261121 cash');
  assert.deepEqual([document.total, document.tax, document.xeroTax], [1100, 91, 91]);
  assert.deepEqual(plan.kind === 'post' && plan.notes, []);
});

test('the day of the contract: tip, rounding, milk money and a short drawer', () => {
  // lines: 2200 + 200 − 2 rounding − 1250 milk − 50 short = 1098
  // payments: card 1303 on one side, cash 1095 − 1250 − 50 = −205 → line of +205
  // 1098 + 205 = 1303
  const day = parts({
    sales: [
      { category: 'Coffee', taxCode: 'GST9', count: 4, amount: 2200, discount: 100, tax: 182 },
      { kind: 'tip', amount: 200 },
    ],
    tenders: { card: 1303, cash: 1095 },
    rounding: -2,
    cash: { milk: -1250 },
    overShort: -50,
  });
  const document = posted(planRevision(input(day, { mapping: fullMapping() })));
  assert.deepEqual(shortLines(document), [
    '201 OUTPUTY24 2200',
    '830 NONE 200',
    '860 NONE -2',
    '429 NONE -1250',
    '430 NONE -50',
    '615 NONE 205',
  ]);
  assert.deepEqual(shortPayments(document), ['card 616 1303']);
  assert.equal(document.total, 1303);
});
