/** The mapping held against the chart, and the names of the tills held against the mapping. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mappingSchema } from '../../../relay/books/mapping.ts';
import { changedRates, checkMapping } from '../../../relay/books/mapping-check.ts';
import { namesOf, namesToMap } from '../../../relay/books/names.ts';
import { noticesOf } from '../../../relay/books/notices.ts';
import { previewToday, unmappedReasons } from '../../../relay/books/preview.ts';
import { chart, fullMapping, mapping, parts } from '../../support/books.ts';

function codes(chosen: Parameters<typeof mapping>[0], currency = 'SGD'): string[] {
  return checkMapping(mapping(chosen), chart({ currency }), currency).map(({ code }) => code);
}

test('two accounts are a mapping; what is left out takes its default', () => {
  const filled = mappingSchema.parse({ organisation: 'o', products: '200', payment: '615' });
  assert.deepEqual(
    [filled.noTax, filled.cashTender, filled.lines, filled.status, filled.lockPolicy],
    ['NONE', 'cash', 'bucket', 'AUTHORISED', 'hold'],
  );
  assert.deepEqual([filled.zeroInvoice, filled.taxTolerance], [false, undefined]);
});

test('a mapping with a word that nobody knows is refused', () => {
  const typo = { organisation: 'o', products: '200', payment: '615', tender: {} };
  assert.equal(mappingSchema.safeParse(typo).success, false);
});

test('mappings that are well', () => {
  assert.deepEqual(codes({}), []);
  assert.deepEqual(codes({ payment: '090' }), []);
  assert.deepEqual(checkMapping(fullMapping(), chart(), 'SGD'), []);
});

const WRONG: [string, Parameters<typeof mapping>[0], string][] = [
  ['an account that is not in Xero', { products: '999' }, 'account-missing'],
  ['an archived clearing account', { payment: '617' }, 'account-archived'],
  ['a payment account that takes no payments', { payment: '611' }, 'payments-not-enabled'],
  ['sales on a bank account', { products: '090' }, 'account-not-for-lines'],
  ['tips on a system account', { kinds: { tip: '820' } }, 'account-not-for-lines'],
  ['a tender as a line on the bank', { tenders: { x: { line: '090' } } }, 'account-not-for-lines'],
  ['a tender paid to an expense', { tenders: { x: { payment: '429' } } }, 'payments-not-enabled'],
  ['a category on a lost account', { categories: { A: { account: '7' } } }, 'account-missing'],
  ['a cash reason on a lost account', { cash: { milk: '7' } }, 'account-missing'],
  ['over/short on a lost account', { overShort: '7' }, 'account-missing'],
  ['discounts on a lost account', { discounts: '7' }, 'account-missing'],
  ['a tax rate that was deleted', { taxes: { A: 'OUTPUTOLD' } }, 'tax-type-missing'],
  ['a tax rate for purchases', { taxes: { A: 'INPUTY24' } }, 'tax-type-not-applicable'],
  [
    'sales tax on discounts that are an expense',
    { taxes: { A: 'OUTPUTY24' }, discounts: '429' },
    'tax-type-not-applicable',
  ],
  ['lines without tax at 9 %', { noTax: 'OUTPUTY24' }, 'tax-not-zero'],
  ['tracking that is gone', trackedBy('Closed store'), 'tracking-missing'],
];

function trackedBy(option: string): Parameters<typeof mapping>[0] {
  return { categories: { A: { account: '200', tracking: [{ category: 'Store', option }] } } };
}

for (const [what, chosen, code] of WRONG) {
  test(`${what} is told when the mapping is saved`, () => {
    const reasons = checkMapping(mapping(chosen), chart(), 'SGD');
    assert.deepEqual(
      reasons.map(reason => reason.code),
      [code],
    );
    assert.ok(reasons.every(({ message, fix }) => message.endsWith('.') && fix.endsWith('.')));
  });
}

test('a store in another currency, or in one with three decimals', () => {
  assert.deepEqual(checkMapping(mapping(), chart(), 'EUR')[0]?.code, 'currency');
  assert.deepEqual(codes({}, 'KWD'), ['currency-three-decimals']);
  assert.deepEqual(codes({}, 'JPY'), []);
});

test('a tax rate that changed in Xero is noticed by the nightly reading', () => {
  const raised = chart();
  for (const rate of raised.taxRates) if (rate.taxType === 'OUTPUTY24') rate.ratePercent = 10;
  const [reason] = changedRates(mapping(), chart(), raised);
  assert.equal(reason?.code, 'tax-rate-changed');
  assert.match(reason?.message ?? '', /was 9 % and is 10 %/);
  assert.deepEqual(changedRates(mapping({ products: '429' }), chart(), raised), []);
});

const DAY = parts({
  sales: [
    { category: 'Coffee', taxCode: 'GST9', amount: 1090, tax: 90 },
    { category: 'Tea', taxCode: 'GST8', amount: 1080, tax: 80 },
    { kind: 'tip', amount: 100 },
  ],
  tenders: { cash: 1270, 'gift-card': 1000 },
  cash: { milk: -200 },
  overShort: -5,
});

test('every name is mapped, falls back, or is announced as unmapped before the close', () => {
  const names = namesToMap(namesOf(DAY), mapping(), chart(), DAY);
  assert.deepEqual(
    names.map(({ state, kind, name }) => `${state} ${kind} ${name}`),
    [
      'unmapped tax-code GST8',
      'unmapped tender gift-card',
      'unmapped line-kind tip',
      'unmapped cash-reason milk',
      'unmapped over-short cash over/short',
      'fallback category Coffee',
      'fallback category Tea',
      'fallback tax-code GST9',
      'fallback tender cash',
      'fallback line-kind item',
    ],
  );
  assert.equal(unmappedReasons(names).length, 5);
});

test('a full mapping leaves nothing to announce', () => {
  const names = namesToMap(namesOf(DAY), fullMapping(), chart(), DAY);
  assert.deepEqual(unmappedReasons(names), []);
});

test('the preview of today is the plan of the day so far', () => {
  const store = { name: 'Orchard', slug: 'orchard', currency: 'SGD' };
  const today = { businessDate: '2026-11-22', currency: 'SGD', ...DAY };
  const heartbeat = { today, names: namesOf(DAY) };
  const well = previewToday({ store, heartbeat, mapping: fullMapping(), chart: chart() });
  assert.equal(well?.plan.kind === 'post' && well.plan.document.total, 1270 - 200 - 5);
  const held = previewToday({ store, heartbeat, mapping: mapping(), chart: chart() });
  assert.equal(held?.plan.kind, 'wait');
  const none = { store, heartbeat: { names: namesOf(DAY) }, mapping: mapping(), chart: chart() };
  assert.equal(previewToday(none), undefined);
});

test('what will stop the next days is told before the close', () => {
  const today = { businessDate: '2026-11-22', currency: 'SGD', ...DAY };
  const names = { ...namesOf(DAY), taxCodes: ['GST8', 'GST9', 'of last week'] };
  const messages = (books: Parameters<typeof noticesOf>[0]) =>
    noticesOf(books, { names, today }, chart()).map(({ message }) => message);
  const told = messages({ mapping: mapping() });
  assert.equal(told.length, 5);
  assert.match(told[0] ?? '', /tax code “GST8” is not mapped yet/);
  assert.deepEqual(messages({ mapping: fullMapping() }), []);
  const archived = { code: 'account-archived', message: 'Archived.', fix: 'Restore it.' };
  assert.deepEqual(messages({ mapping: fullMapping(), problems: [archived] }), ['Archived.']);
});
