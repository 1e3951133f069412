/** The checks of a day summary: what does not add up, or stands in the wrong place, is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grossOf, parseDaySummary, taxOf } from '../../protocol/day-summary.ts';
import { fc } from '../support/fast-check.ts';
import { faultOf, handMadeSummary } from '../support/summaries.ts';

const good = handMadeSummary();
const [till] = good.terminals;

test('the worked example of the contract adds up', () => {
  assert.equal(faultOf(good), '');
  assert.equal(grossOf(good), 2400);
  assert.equal(taxOf(good), 182);
});

test('a day without sales is a summary too', () => {
  const nothing = { counts: {}, sales: [], tenders: [], cash: [], terminals: [] };
  const journal = { entries: 0, head: '0'.repeat(64) };
  assert.equal(faultOf(handMadeSummary({ ...nothing, journal, rounding: 0, overShort: 0 })), '');
});

test('one cent off anywhere is found', () => {
  const [card, cash] = good.tenders;
  assert.equal(faultOf(handMadeSummary({ rounding: -1 })), 'tenders');
  assert.equal(faultOf(handMadeSummary({ tenders: [card] })), 'tenders');
  assert.equal(faultOf(handMadeSummary({ tenders: [card, { ...cash, amount: 1096 }] })), 'tenders');
});

test('entries, counts and the numbers of the terminals are the same', () => {
  const counts = { ...good.counts, 'no-sale': 1 };
  assert.equal(faultOf(handMadeSummary({ counts })), 'journal.entries');
  assert.equal(
    faultOf(handMadeSummary({ journal: { ...good.journal, entries: 8 } })),
    'journal.entries',
  );
  assert.equal(faultOf(handMadeSummary({ terminals: [] })), 'journal.entries');
});

test('rows stand once and in code-unit order, what is absent first', () => {
  const twoTills = (a: string, b: string) => [
    { ...till, terminal: a, count: 3 },
    { ...till, terminal: b, count: 4 },
  ];
  assert.equal(faultOf(handMadeSummary({ terminals: twoTills('B', 'a') })), '');
  assert.equal(faultOf(handMadeSummary({ terminals: twoTills('a', 'B') })), 'terminals');
  assert.equal(faultOf(handMadeSummary({ terminals: twoTills('a', 'a') })), 'terminals');
  assert.equal(faultOf(handMadeSummary({ sales: [...good.sales].reverse() })), 'sales');
  assert.equal(faultOf(handMadeSummary({ tenders: [...good.tenders].reverse() })), 'tenders');
  const [coffee] = good.sales;
  const { category: _, ...bare } = { ...coffee, amount: 200, count: 1 };
  assert.equal(faultOf(handMadeSummary({ sales: [bare, coffee] })), '');
  assert.equal(faultOf(handMadeSummary({ sales: [coffee, bare] })), 'sales');
});

test('the numbers of a terminal are possible', () => {
  const of = (fields: object) => faultOf(handMadeSummary({ terminals: [{ ...till, ...fields }] }));
  assert.equal(of({ first: 910 }), 'terminals[0]');
  assert.equal(of({ first: 904 }), 'terminals[0]');
  assert.equal(of({ missing: [[905, 904]] }), 'terminals[0].missing');
  assert.equal(
    of({
      missing: [
        [906, 907],
        [904, 905],
      ],
    }),
    'terminals[0].missing',
  );
  assert.equal(of({ missing: [[908, 909]] }), 'terminals[0].missing');
  assert.equal(of({ missing: [[1, 2, 3]] }), 'terminals[0].missing[0]');
  assert.equal(
    of({
      missing: [
        [880, 899],
        [904, 905],
      ],
    }),
    '',
  );
});

test('only the first summary of a store has none before it', () => {
  const digest = 'A'.repeat(43);
  assert.equal(faultOf(handMadeSummary({ previous: digest })), 'previous');
  assert.equal(faultOf(handMadeSummary({ number: 2 })), 'previous');
  assert.equal(faultOf(handMadeSummary({ number: 2, previous: digest })), '');
});

test('fields of no use, and names that JavaScript has itself, are refused', () => {
  assert.equal(faultOf({ ...good, note: 'x' }), 'the summary');
  assert.equal(faultOf(handMadeSummary({ counts: { sale: 7, layby: 0 } })), 'counts');
  const odd = JSON.stringify(good).replace('{', '{"__proto__":{"revision":9},');
  const parsed = parseDaySummary(JSON.parse(odd));
  assert.ok(!parsed.ok || Object.getPrototypeOf(parsed.summary) === Object.prototype);
});

test('totals that no double holds exactly are refused instead of compared by accident', () => {
  const big = Number.MAX_SAFE_INTEGER;
  const [coffee, tip] = good.sales;
  const [card, cash] = good.tenders;
  const sales = [
    { ...coffee, amount: big },
    { ...tip, amount: 2 },
  ];
  const off = [
    { ...card, amount: big },
    { ...cash, amount: 1 },
  ];
  assert.equal(faultOf(handMadeSummary({ sales, tenders: off, rounding: 0 })), 'tenders');
  const equal = [
    { ...card, amount: big },
    { ...cash, amount: 2 },
  ];
  assert.equal(faultOf(handMadeSummary({ sales, tenders: equal, rounding: 0 })), 'sales');
});

test('no value makes the check throw', () => {
  const keyArb = fc.constantFrom(...Object.keys(good), '__proto__');
  const oddArb = fc.oneof(fc.jsonValue(), fc.constantFrom(1e308, -0, 2 ** 53, Number.NaN));
  fc.assert(fc.property(fc.anything(), value => void parseDaySummary(value)));
  fc.assert(
    fc.property(keyArb, oddArb, (key, odd) => void parseDaySummary({ ...good, [key]: odd })),
  );
});
