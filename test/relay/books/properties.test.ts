/** What holds for every trading day, whatever is sold and however it is paid. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DayParts } from '../../../protocol/day-summary.ts';
import { planRevision } from '../../../relay/books/invoice.ts';
import type { Mapping } from '../../../relay/books/mapping.ts';
import type { PlannedDocument } from '../../../relay/books/plan.ts';
import { chart, fullMapping, input } from '../../support/books.ts';
import { fc } from '../../support/fast-check.ts';
import { ledgerOf, partsOf, trading, xeroTaxOf } from '../../support/trading.ts';
import { brokenRules } from '../../support/xero-rules.ts';

const CHART = chart();
const RUNS = { numRuns: 1_000 };

const mappings = fc
  .record({
    lines: fc.constantFrom('bucket', 'category'),
    discounts: fc.constantFrom(undefined, '205'),
    status: fc.constantFrom('AUTHORISED', 'AUTHORISED', 'DRAFT'),
    payment: fc.constantFrom('615', '090'),
    zeroInvoice: fc.boolean(),
  })
  .map(({ discounts, ...more }) => fullMapping(discounts ? { ...more, discounts } : more));

/** The documents of revisions that follow each other; undefined when one of them waits. */
function documentsOf(
  mapping: Mapping,
  revisions: readonly DayParts[],
): PlannedDocument[] | undefined {
  const documents: PlannedDocument[] = [];
  let before: DayParts | undefined;
  for (const parts of revisions) {
    const more = before === undefined ? {} : { before };
    const plan = planRevision(input(parts, { mapping, chart: CHART, ...more }));
    if (plan.kind === 'wait') {
      const codes = plan.reasons.map(({ code }) => code);
      assert.deepEqual([...new Set(codes)], ['needs-clearing-account'], JSON.stringify(plan));
      return undefined;
    }
    if (plan.kind === 'post') documents.push(plan.document);
    before = parts;
  }
  return documents;
}

test('no plan ever breaks a rule of Xero, and nothing stays due but for a draft', () => {
  fc.assert(
    fc.property(trading, mappings, (happenings, mapping) => {
      for (const document of documentsOf(mapping, [partsOf(happenings)]) ?? []) {
        assert.deepEqual(brokenRules(document, CHART), []);
      }
    }),
    RUNS,
  );
});

test('what the accounts are credited is what the tills took, to the cent', () => {
  fc.assert(
    fc.property(trading, mappings, (happenings, mapping) => {
      const parts = partsOf(happenings);
      const documents = documentsOf(mapping, [parts]);
      if (documents === undefined || mapping.status === 'DRAFT') return;
      const cash = parts.cash.reduce((sum, row) => sum + row.amount, parts.overShort);
      const card = parts.tenders.find(({ method }) => method === 'card')?.amount ?? 0;
      const ledger = ledgerOf(documents);
      assert.equal(ledger.get('id-616') ?? 0, -card || 0);
      const money = parts.tenders.filter(({ method }) => ['cash', 'wallet'].includes(method));
      const till = money.reduce((sum, row) => sum + row.amount, cash);
      const clearing = mapping.payment === '615' ? 'id-615' : 'id-090';
      assert.equal(ledger.get(clearing) ?? 0, -till || 0);
    }),
    RUNS,
  );
});

test('revision 1 and then 2 moves every account as revision 2 at once', () => {
  fc.assert(
    fc.property(trading, trading, trading, mappings, (first, late, later, mapping) => {
      const revisions = [first, [...first, ...late], [...first, ...late, ...later]].map(partsOf);
      const stepwise = documentsOf(mapping, revisions);
      const atOnce = documentsOf(mapping, revisions.slice(-1));
      if (stepwise === undefined || atOnce === undefined || mapping.status === 'DRAFT') return;
      assert.deepEqual([...ledgerOf(stepwise)].sort(), [...ledgerOf(atOnce)].sort());
    }),
    RUNS,
  );
});

test('revision 1 and then 2 has the tax of revision 2 at once within 1 cent per bucket', () => {
  fc.assert(
    fc.property(trading, trading, mappings, (first, late, mapping) => {
      const revisions = [first, [...first, ...late]].map(partsOf);
      const stepwise = documentsOf({ ...mapping, lines: 'bucket' }, revisions);
      const atOnce = documentsOf({ ...mapping, lines: 'bucket' }, revisions.slice(-1));
      if (stepwise === undefined || atOnce === undefined) return;
      const rateOf = (type: string) =>
        CHART.taxRates.find(({ taxType }) => taxType === type)?.ratePercent ?? 0;
      const one = xeroTaxOf(stepwise, rateOf);
      const other = xeroTaxOf(atOnce, rateOf);
      for (const key of new Set([...one.keys(), ...other.keys()])) {
        const off = (one.get(key)?.tax ?? 0) - (other.get(key)?.tax ?? 0);
        assert.ok(Math.abs(off) <= 1, `${key} is ${off} apart`);
      }
    }),
    RUNS,
  );
});

test('a plan is a function of what goes in: the same day gives the same document', () => {
  fc.assert(
    fc.property(trading, mappings, (happenings, mapping) => {
      const parts = partsOf(happenings);
      const once = planRevision(input(parts, { mapping, chart: CHART }));
      const frozen = structuredClone(parts);
      assert.deepEqual(planRevision(input(frozen, { mapping, chart: chart() })), once);
      assert.deepEqual(frozen, parts);
    }),
    { numRuns: 200 },
  );
});

const anyAccount = fc.constantFrom(...CHART.accounts.map(({ id }) => id), '200', '615', 'gone');
const anyTax = fc.constantFrom(...CHART.taxRates.map(({ taxType }) => taxType), 'GONE');
const anyMapping = fc
  .record({
    ...{ products: anyAccount, payment: anyAccount, rounding: anyAccount, overShort: anyAccount },
    ...{ noTax: anyTax, outOfScope: anyTax, discounts: anyAccount, cashOther: anyAccount },
    taxes: fc.record({ GST9: anyTax, GST8: anyTax, ZERO: anyTax }, { requiredKeys: [] }),
    kinds: fc.record({ tip: anyAccount, 'gift-card': anyAccount }, { requiredKeys: [] }),
    tenders: fc.record(
      {
        card: fc.record({ payment: anyAccount }),
        'gift-card': fc.record({ line: anyAccount }),
        deposit: fc.record({ payment: anyAccount }),
      },
      { requiredKeys: [] },
    ),
    lockPolicy: fc.constantFrom('hold', 'draft'),
  })
  .map(chosen => fullMapping({ ...chosen, taxTolerance: 1_000_000 }));

test('whatever HQ chose, a day becomes a document that Xero takes, or reasons with their fixes', () => {
  const locked = chart({ periodLockDate: '2026-11-30' });
  fc.assert(
    fc.property(trading, anyMapping, fc.boolean(), (happenings, mapping, lock) => {
      const books = lock ? locked : CHART;
      const plan = planRevision(input(partsOf(happenings), { mapping, chart: books }));
      if (plan.kind === 'post') assert.deepEqual(brokenRules(plan.document, books), []);
      if (plan.kind === 'wait') {
        assert.ok(plan.reasons.length > 0);
        for (const { message, fix } of plan.reasons) assert.ok(message !== '' && fix !== '');
      }
    }),
    { numRuns: 3_000 },
  );
});
