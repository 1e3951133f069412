/** When a day waits: each reason has a code, a sentence for a bookkeeper and the fix. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRevision } from '../../../relay/books/invoice.ts';
import type { Mapping } from '../../../relay/books/mapping.ts';
import type { PlanInput } from '../../../relay/books/plan.ts';
import {
  chart,
  fullMapping,
  input,
  mapping,
  parts,
  posted,
  shortLines,
  waitsFor,
} from '../../support/books.ts';

type Day = Parameters<typeof parts>[0];
const CASH_DAY: Day = { sales: [{ amount: 1000 }], tenders: { cash: 1000 } };

function codes(day: Day, chosen: Mapping = mapping(), more: Partial<PlanInput> = {}): string[] {
  return waitsFor(planRevision(input(parts(day), { mapping: chosen, ...more })));
}

const UNMAPPED: [string, Day][] = [
  ['a tip', { sales: [{ kind: 'tip', amount: 200 }], tenders: { cash: 200 } }],
  ['a gift card sold', { sales: [{ kind: 'gift-card', amount: 200 }], tenders: { cash: 200 } }],
  ['a gift card redeemed', { sales: [{ amount: 200 }], tenders: { 'gift-card': 200 } }],
  ['a gift card by another spelling', { sales: [{ amount: 2 }], tenders: { 'Gift Card': 2 } }],
  ['a sale on account', { sales: [{ amount: 200 }], tenders: { 'on-account': 200 } }],
  ['a deposit used', { sales: [{ amount: 200 }], tenders: { deposit: 200 } }],
  ['a cash-out', { cash: { milk: -200 } }],
  ['a drawer that is short', { overShort: -5 }],
  ['a tax code that the default rate does not explain', taxed('GST8', 1080, 80)],
  ['a zero-rated code on an account with 9 %', taxed('ZERO', 1080, 0)],
];

for (const [what, day] of UNMAPPED) {
  test(`${what} without an account waits as unmapped`, () => {
    assert.deepEqual(codes(day), ['unmapped']);
  });
}

function taxed(taxCode: string, amount: number, tax: number): Day {
  return { sales: [{ taxCode, amount, tax }], tenders: { cash: amount } };
}

test('a till may round each line, but another rate is not explained by many lines', () => {
  // 100 lines, 108.00: at 9 % 8.92 tax; 50 cents of rounding and 1 are explained, 8 % (8.00) is not
  const row = (tax: number) => [{ taxCode: 'A', count: 100, amount: 10_800, tax }];
  const day = (tax: number) => parts({ sales: row(tax), tenders: { cash: 10_800 } });
  assert.equal(planRevision(input(day(892 - 51))).kind, 'post');
  assert.deepEqual(waitsFor(planRevision(input(day(892 - 52)))), ['unmapped']);
  assert.deepEqual(waitsFor(planRevision(input(day(800)))), ['unmapped']);
});

test('a name that moves no money needs no account', () => {
  const day = parts({ ...CASH_DAY, cash: { milk: 0 }, overShort: 0 });
  day.sales.push({ kind: 'tip', count: 2, amount: 0, discount: 0, tax: 0 });
  assert.equal(planRevision(input(day)).kind, 'post');
});

test('a category called constructor is only a name', () => {
  const sales = [{ category: 'constructor', amount: 1000 }];
  const day = parts({ sales, tenders: { toString: 1000 } });
  assert.deepEqual(shortLines(posted(planRevision(input(day)))), ['200 NONE 1000']);
});

test('a tender against the day whose account is a bank account waits for a clearing account', () => {
  const bank = mapping({ payment: '090' });
  const day = { sales: [{ amount: 500 }], tenders: { card: -500, cash: 1000 } };
  assert.deepEqual(codes(day, bank), ['needs-clearing-account']);
  const refunds = { sales: [{ amount: -500 }], tenders: { card: -1000, cash: 500 } };
  assert.deepEqual(codes(refunds, bank), ['needs-clearing-account']);
});

test('accounts that Xero would refuse hold the day before anything is sent', () => {
  assert.deepEqual(codes(CASH_DAY, mapping({ payment: '617' })), ['account-archived']);
  assert.deepEqual(codes(CASH_DAY, mapping({ payment: '611' })), ['payments-not-enabled']);
  assert.deepEqual(codes(CASH_DAY, mapping({ payment: '999' })), ['account-missing']);
  assert.deepEqual(codes(CASH_DAY, mapping({ products: '090' })), ['account-not-for-lines']);
  assert.deepEqual(codes(CASH_DAY, mapping({ products: '610' })), ['account-not-for-lines']);
  assert.deepEqual(codes(CASH_DAY, mapping({ products: '820' })), ['account-not-for-lines']);
});

test('a bank account in another currency takes no payments of this store', () => {
  const other = chart();
  for (const account of other.accounts) if (account.code === '090') account.currency = 'USD';
  assert.deepEqual(codes(CASH_DAY, mapping({ payment: '090' }), { chart: other }), ['currency']);
});

test('tax types that are gone, not for sales, or not zero where they must be', () => {
  const day = taxed('A', 1090, 90);
  assert.deepEqual(codes(day, mapping({ taxes: { A: 'OUTPUTOLD' } })), ['tax-type-missing']);
  assert.deepEqual(codes(day, mapping({ taxes: { A: 'NEVER' } })), ['tax-type-missing']);
  assert.deepEqual(codes(day, mapping({ taxes: { A: 'INPUTY24' } })), ['tax-type-not-applicable']);
  assert.deepEqual(codes(CASH_DAY, mapping({ noTax: 'OUTPUTY24' })), ['tax-not-zero']);
});

test('tax beyond the tolerance holds the day, within it is shown', () => {
  // 10.90 at 9 % is 90; 2 till lines and 1 Xero line allow 1 + 1 = 2
  const sales = (tax: number) => [{ taxCode: 'A', count: 2, amount: 1090, tax }];
  const chosen = mapping({ taxes: { A: 'OUTPUTY24' } });
  assert.deepEqual(codes({ sales: sales(87), tenders: { cash: 1090 } }, chosen), ['tax-differs']);
  const plan = planRevision(
    input(parts({ sales: sales(88), tenders: { cash: 1090 } }), { mapping: chosen }),
  );
  assert.deepEqual(plan.kind === 'post' && plan.notes, [
    'Xero computes 0.02 SGD more tax than the tills; the total is the same.',
  ]);
  const strict = mapping({ taxes: { A: 'OUTPUTY24' }, taxTolerance: 0 });
  assert.deepEqual(codes({ sales: sales(88), tenders: { cash: 1090 } }, strict), ['tax-differs']);
});

test('another currency than the organisation’s, or one with three decimals', () => {
  const store = { name: 'Kuwait', slug: 'kuwait', currency: 'KWD' };
  const kwd = { store, chart: chart({ currency: 'KWD' }) };
  assert.deepEqual(codes(CASH_DAY, mapping(), kwd), ['currency-three-decimals']);
  assert.deepEqual(codes(CASH_DAY, mapping(), { chart: chart({ currency: 'AUD' }) }), ['currency']);
});

test('a locked date holds the day, or makes a draft on the first open date', () => {
  const locked = {
    chart: chart({ periodLockDate: '2026-11-21', endOfYearLockDate: '2025-12-31' }),
  };
  assert.deepEqual(codes(CASH_DAY, mapping(), locked), ['period-locked']);
  const asDraft = mapping({ lockPolicy: 'draft' });
  const document = posted(planRevision(input(parts(CASH_DAY), { mapping: asDraft, ...locked })));
  assert.deepEqual(
    [document.status, document.date, document.number, document.payments],
    ['DRAFT', '2026-11-22', 'TB-orchard-20261121', []],
  );
  const before = { chart: chart({ periodLockDate: '2026-11-20' }) };
  assert.equal(planRevision(input(parts(CASH_DAY), before)).kind, 'post');
});

test('gaps and quarantine are posted with a note, or hold the day until HQ releases it', () => {
  const day = parts({ ...CASH_DAY, missing: [[4, 5]] });
  const revision = { ...input(day).revision, quarantined: 2 };
  const plan = planRevision(input(day, { revision }));
  assert.deepEqual(plan.kind === 'post' && plan.notes, [
    '2 numbers of terminal till-1 never arrived (4–5).',
    '2 messages were set aside at the shop and not counted.',
  ]);
  const hold = { revision, mapping: mapping({ gaps: 'hold' }) };
  assert.deepEqual(waitsFor(planRevision(input(day, hold))), ['gaps', 'quarantined']);
  const released = { ...hold, options: { released: true } };
  assert.equal(planRevision(input(day, released)).kind, 'post');
});

test('a day of which nothing arrived waits under the hold policy, though it has no money', () => {
  const day = parts({ missing: [[1, 9]] });
  assert.deepEqual(waitsFor(planRevision(input(day, { mapping: mapping({ gaps: 'hold' }) }))), [
    'gaps',
  ]);
});

test('tracking that was archived in Xero holds the days that use it', () => {
  const tracking = [{ category: 'Store', option: 'Closed store' }];
  assert.deepEqual(codes(CASH_DAY, mapping({ tracking })), ['tracking-missing']);
});

test('every reason is told at once, and once', () => {
  const sales = [
    { kind: 'tip' as const, amount: 100 },
    { kind: 'tip' as const, taxCode: 'X', amount: 100 },
    { kind: 'deposit' as const, amount: 100 },
  ];
  const found = codes({ sales, tenders: { cash: 300 } }, fullMapping({ kinds: {} }));
  assert.deepEqual(found, ['unmapped', 'unmapped']);
});
