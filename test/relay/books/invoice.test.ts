/**
 * Worked days: what the tills say, and the one document that Xero shall hold for it. Every example
 * shows its arithmetic; amounts are cents.
 */
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
  shortPayments,
  waitsFor,
} from '../../support/books.ts';
import { brokenRules } from '../../support/xero-rules.ts';

const COFFEE = { category: 'Coffee', taxCode: 'GST9' };

/** The document of a day under a mapping, checked against Xero's rules. */
function documentOf(
  day: Parameters<typeof parts>[0],
  chosen: Mapping = fullMapping(),
  more: Partial<PlanInput> = {},
) {
  const document = posted(planRevision(input(parts(day), { mapping: chosen, ...more })));
  assert.deepEqual(brokenRules(document, more.chart ?? chart()), []);
  return { ...document, short: [...shortLines(document), ...shortPayments(document)] };
}

test('a simple shop needs only the two default accounts', () => {
  // 11.00 at 9 %: 1100 × 9 / 109 = 90.8, the till says 91
  const day = { sales: [{ ...COFFEE, amount: 1100, tax: 91 }], tenders: { card: 500, cash: 600 } };
  const document = documentOf(day, mapping());
  assert.equal(document.kind, 'invoice');
  assert.equal(document.number, 'TB-orchard-20261121');
  assert.equal(document.reference, 'Orchard 2026-11-21 r1 0001020304050607');
  assert.deepEqual(document.short, ['200 OUTPUTY24 1100', 'card 615 500', 'cash 615 600']);
  assert.equal(document.payments[1]?.reference, 'TB-orchard-20261121 cash');
  assert.deepEqual([document.total, document.tax, document.xeroTax], [1100, 91, 91]);
});

test('the day of the contract: tip, rounding, milk money and a short drawer', () => {
  // lines: 2200 + 200 − 2 rounding − 1250 milk − 50 short = 1098
  // card 1303; cash 1095 − 1250 − 50 = −205: a line of +205 on its clearing account
  // 1098 + 205 = 1303
  const sales = [
    { ...COFFEE, count: 4, amount: 2200, discount: 100, tax: 182 },
    { kind: 'tip' as const, amount: 200 },
  ];
  const tenders = { card: 1303, cash: 1095 };
  const cash = { milk: -1250 };
  const cashTo615 = fullMapping({ payment: '615' });
  const document = documentOf({ sales, tenders, rounding: -2, cash, overShort: -50 }, cashTo615);
  assert.deepEqual(document.short, [
    '201 OUTPUTY24 2200',
    '830 NONE 200',
    '860 NONE -2',
    '429 NONE -1250',
    '430 NONE -50',
    '615 NONE 205',
    'card 616 1303',
  ]);
});

test('a gift card is owed when it is sold and earned when it is redeemed, never twice', () => {
  // 5000 sold for cash + coffee 1100 paid with 1100 of a card: lines 1100 + 5000 − 1100 = 5000
  const sales = [
    { ...COFFEE, amount: 1100, tax: 91 },
    { kind: 'gift-card' as const, amount: 5000 },
  ];
  const document = documentOf({ sales, tenders: { cash: 5000, 'gift-card': 1100 } });
  assert.deepEqual(document.short, [
    '201 OUTPUTY24 1100',
    '835 NONE 5000',
    '835 NONE -1100',
    'cash 615 5000',
  ]);
});

test('a deposit, a sale on account and the payment of an account', () => {
  // taken: deposit 3000 + old account 800 + goods 2180 = 5980 = card 3800 + on account 2180
  const sales = [
    { kind: 'deposit' as const, amount: 3000 },
    { kind: 'account-payment' as const, amount: 800 },
    { category: 'Beans', taxCode: 'GST9', amount: 2180, tax: 180 },
  ];
  const document = documentOf({ sales, tenders: { card: 3800, 'on-account': 2180 } });
  assert.deepEqual(document.short, [
    '202 OUTPUTY24 2180',
    '836 NONE 3000',
    '611 NONE 800',
    '611 NONE -2180',
    'card 616 3800',
  ]);
});

test('a day of refunds is a credit note with refund payments', () => {
  // −1090 of beans go back on the card; 200 of coffee for cash: net −890
  // credit note: beans 1090 − coffee 200 + cash line 200 = 1090 = card refund 1090
  const sales = [
    { category: 'Beans', taxCode: 'GST9', amount: -1090, tax: -90 },
    { ...COFFEE, amount: 200, tax: 17 },
  ];
  const document = documentOf({ sales, tenders: { card: -1090, cash: 200 } });
  assert.equal(document.kind, 'credit-note');
  assert.deepEqual(document.short, [
    '202 OUTPUTY24 1090',
    '201 OUTPUTY24 -200',
    '615 NONE 200',
    'card 616 1090',
  ]);
  assert.deepEqual([document.total, document.tax, document.xeroTax], [1090, 73, 73]);
});

test('a tender below zero on a good day becomes a line on its clearing account', () => {
  // cash 3000, card −500: sales 2500 + 500 = 3000
  const sales = [{ ...COFFEE, amount: 2500, tax: 206 }];
  const document = documentOf({ sales, tenders: { card: -500, cash: 3000 } });
  assert.deepEqual(document.short, ['201 OUTPUTY24 2500', '616 NONE 500', 'cash 615 3000']);
  assert.equal(document.lines[1]?.description, 'Refunded by card');
});

test('when tenders cancel out the invoice is paid by the one that came in', () => {
  // card +1000, cash −1000: net 0 is an invoice; line of +1000 for cash, sales 0
  const document = documentOf({ tenders: { card: 1000, cash: -1000 } });
  assert.equal(document.kind, 'invoice');
  assert.deepEqual(document.short, ['615 NONE 1000', 'card 616 1000']);
});

test('an exchange of equal worth is a zero invoice with its lines and no payment', () => {
  const sales = [
    { category: 'Beans', taxCode: 'GST9', amount: -1090, tax: -90 },
    { ...COFFEE, amount: 1090, tax: 90 },
  ];
  const document = documentOf({ sales });
  assert.equal(document.total, 0);
  assert.deepEqual(document.short, ['202 OUTPUTY24 -1090', '201 OUTPUTY24 1090']);
});

test('a day paid by gift cards alone is a zero invoice with its lines', () => {
  const sales = [{ ...COFFEE, amount: 1100, tax: 91 }];
  const document = documentOf({ sales, tenders: { 'gift-card': 1100 } });
  assert.deepEqual(document.short, ['201 OUTPUTY24 1100', '835 NONE -1100']);
});

test('a day without money is not posted, unless HQ wants a zero invoice', () => {
  const day = parts({ sales: [{ ...COFFEE, count: 2, amount: 0 }], tenders: { cash: 0 } });
  assert.deepEqual(planRevision(input(day)), { kind: 'nothing' });
  const document = documentOf({}, mapping({ zeroInvoice: true }));
  assert.deepEqual(document.short, ['200 NONE 0']);
  assert.equal(document.total, 0);
});

test('a day of milk money alone is a credit note out of the drawer', () => {
  // nothing sold, 1250 taken for milk: drawer −1250
  const document = documentOf({ cash: { milk: -1250 } });
  assert.equal(document.kind, 'credit-note');
  assert.deepEqual(document.short, ['429 NONE 1250', 'cash 615 1250']);
});

test('categories of one account and tax share a line, or have one each', () => {
  const sales = [
    { category: 'Coffee', taxCode: 'GST9', amount: 1090, tax: 90 },
    { category: 'Tea', taxCode: 'GST9', amount: 545, tax: 45 },
    { category: 'Cake', taxCode: 'GST9', amount: 327, tax: 27 },
    { category: 'Cake', taxCode: 'ZERO', amount: 100 },
  ];
  const tenders = { cash: 2062 };
  const bucket = documentOf({ sales, tenders }, mapping({ taxes: { ZERO: 'ZERORATEDOUTPUT' } }));
  assert.deepEqual(
    bucket.lines.map(line => `${line.description} ${line.amount}`),
    ['Sales: Coffee, Tea, Cake 1962', 'Sales: Cake 100'],
  );
  const category = mapping({ lines: 'category', taxes: { ZERO: 'ZERORATEDOUTPUT' } });
  assert.deepEqual(
    documentOf({ sales, tenders }, category).lines.map(line => line.amount),
    [1090, 545, 327, 100],
  );
});

test('discounts shown apart: the full price on the sales account, what was given away beside it', () => {
  // price 1300, 200 off, 1100 paid: 1300 − 200 = 1100; tax 107 − 17 = 90, the till says 91
  const sales = [{ ...COFFEE, amount: 1100, discount: 200, tax: 91 }];
  const apart = fullMapping({ discounts: '205' });
  const document = documentOf({ sales, tenders: { cash: 1100 } }, apart);
  assert.deepEqual(document.short, ['201 OUTPUTY24 1300', '205 OUTPUTY24 -200', 'cash 615 1100']);
  assert.deepEqual([document.tax, document.xeroTax], [91, 90]);
});

test('discounts on an account that their tax rate is not allowed on: the day waits', () => {
  const sales = [{ ...COFFEE, amount: 1100, discount: 200, tax: 91 }];
  const expense = fullMapping({ discounts: '429' });
  const day = parts({ sales, tenders: { cash: 1100 } });
  const plan = planRevision(input(day, { mapping: expense }));
  assert.deepEqual(waitsFor(plan), ['tax-type-not-applicable']);
});

test('service charge and surcharge are sales, unless an account is chosen', () => {
  const sales = [
    { kind: 'service-charge' as const, taxCode: 'GST9', amount: 109, tax: 9 },
    { kind: 'surcharge' as const, taxCode: 'GST9', amount: 218, tax: 18 },
  ];
  const day = { sales, tenders: { cash: 327 } };
  assert.deepEqual(documentOf(day).short, ['200 OUTPUTY24 327', 'cash 615 327']);
  const chosen = fullMapping({ kinds: { 'service-charge': '260' } });
  assert.deepEqual(documentOf(day, chosen).short.slice(0, 2), [
    '260 OUTPUTY24 109',
    '200 OUTPUTY24 218',
  ]);
});

test('a yen shop posts without decimals', () => {
  // 1,080 yen at 8 %: 1080 × 8 / 108 = 80
  const sales = [{ category: 'Tea', taxCode: 'GST8', amount: 1080, tax: 80 }];
  const document = documentOf(
    { sales, tenders: { till: 1080 } },
    mapping({ taxes: { GST8: 'OUTPUTY23' } }),
    {
      store: { name: 'Ginza', slug: 'ginza', currency: 'JPY' },
      chart: chart({ currency: 'JPY' }),
    },
  );
  assert.deepEqual([document.total, document.xeroTax, document.currency], [1080, 80, 'JPY']);
});

test('a draft takes no payments', () => {
  const sales = [{ ...COFFEE, amount: 1100, tax: 91 }];
  const document = documentOf({ sales, tenders: { cash: 1100 } }, fullMapping({ status: 'DRAFT' }));
  assert.deepEqual([document.status, document.payments, document.total], ['DRAFT', [], 1100]);
});

test('tracking: the category’s own, else the store’s', () => {
  const orchard = { category: 'Store', option: 'Orchard' };
  const byId = { category: 'track-1', option: 'opt-1' };
  const chosen = mapping({
    tracking: [byId],
    categories: { Tea: { account: '200', tracking: [] } },
  });
  const sales = [
    { category: 'Cake', amount: 100 },
    { category: 'Tea', amount: 50 },
  ];
  const document = documentOf({ sales, tenders: { cash: 150 } }, chosen);
  assert.deepEqual(
    document.lines.map(line => line.tracking),
    [[orchard], []],
  );
});
