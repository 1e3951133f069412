/** Tills = agent = relay = Xero, to the cent: what counts as reconciled, and what is told if not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DayParts } from '../../../protocol/day-summary.ts';
import { planRevision } from '../../../relay/books/invoice.ts';
import type { PlannedDocument } from '../../../relay/books/plan.ts';
import { type PostedDocument, reconcile } from '../../../relay/books/reconcile.ts';
import type { ReadBack } from '../../../relay/db/records.ts';
import { fullMapping, input, parts, posted } from '../../support/books.ts';
import { fc } from '../../support/fast-check.ts';
import { partsOf, trading } from '../../support/trading.ts';

const DAY = parts({
  sales: [
    { category: 'Coffee', taxCode: 'GST9', count: 2, amount: 1090, tax: 91 },
    { kind: 'gift-card', amount: 2000 },
  ],
  tenders: { card: 1500, cash: 1190, 'gift-card': 400 },
  cash: { milk: -250 },
  overShort: -40,
});

/** What an obedient Xero would read back. */
function obeyed(plan: PlannedDocument, changes: Partial<ReadBack> = {}): PostedDocument {
  const { total, xeroTax, payments, status } = plan;
  const readBack: ReadBack = {
    at: '2026-11-22T00:10:00Z',
    status: status === 'DRAFT' ? 'DRAFT' : 'PAID',
    total,
    tax: xeroTax,
    amountDue: status === 'DRAFT' ? total : 0,
    lines: plan.lines.map(({ accountCode: account, taxType, amount }) => ({
      account,
      taxType,
      amount,
    })),
    payments: payments.map(({ reference, accountId, amount }) => ({
      reference,
      account: accountId,
      amount,
    })),
    ...changes,
  };
  return { plan, state: 'reconciled', readBack };
}

function planOf(day: DayParts, before?: DayParts): PlannedDocument {
  const more = before === undefined ? {} : { before };
  return posted(planRevision(input(day, { mapping: fullMapping(), ...more })));
}

test('a day that Xero wrote as it was told is reconciled; its tax is shown in cents', () => {
  const { verdict, rows, reasons } = reconcile({ parts: DAY, documents: [obeyed(planOf(DAY))] });
  assert.deepEqual([verdict, reasons], ['reconciled', []]);
  const tax = rows.find(({ label }) => label === 'Tax');
  assert.deepEqual(
    [tax?.tills, tax?.agent, tax?.relay, tax?.xero, tax?.difference, tax?.verdict],
    [91, 91, 91, 90, -1, 'within'],
  );
  const cash = rows.find(({ label }) => label === 'Tender cash');
  // Xero holds 9.00 in cash: 2.50 was spent on milk and 0.40 was short.
  assert.deepEqual(
    [cash?.agent, cash?.relay, cash?.xero, cash?.verdict],
    [1190, 1190, 1190, 'equal'],
  );
  const giftCard = rows.find(({ label }) => label === 'Tender gift-card');
  assert.deepEqual([giftCard?.relay, giftCard?.xero, giftCard?.verdict], [400, undefined, 'equal']);
});

test('a payment that is not in Xero is missing in its tender', () => {
  const document = obeyed(planOf(DAY), { payments: [] });
  const { rows } = reconcile({ parts: DAY, documents: [document] });
  const card = rows.find(({ label }) => label === 'Tender card');
  assert.deepEqual([card?.tills, card?.relay, card?.xero], [1500, 1500, 0]);
  const unread = { plan: document.plan, state: document.state };
  const before = reconcile({ parts: DAY, documents: [unread] });
  assert.equal(before.rows.find(({ label }) => label === 'Tender card')?.verdict, 'unknown');
});

const WRONG: [string, Partial<ReadBack>, RegExp][] = [
  ['another total', { total: 2399 }, /TB-orchard-20261121 total: relay 24.00, Xero 23.99/],
  ['something still due', { amountDue: 1 }, /still due: relay 0.00, Xero 0.01/],
  ['no payments', { payments: [] }, /paid by card: relay 15.00, Xero 0.00/],
  [
    'a line whose account Xero dropped',
    {
      lines: [
        { account: '', taxType: 'OUTPUTY24', amount: 1090 },
        { account: '835', taxType: 'NONE', amount: 1600 },
        { account: '429', taxType: 'NONE', amount: -250 },
        { account: '430', taxType: 'NONE', amount: -40 },
      ],
    },
    /lines on 201 OUTPUTY24: relay 10.90, Xero 0.00/,
  ],
  ['tax beyond the tolerance', { tax: 50 }, /Tax: tills 0.91, agent 0.91, relay 0.91, Xero 0.50/],
];

for (const [what, changes, message] of WRONG) {
  test(`a document with ${what} is not reconciled`, () => {
    // card 15.00 + cash 11.90 − 2.50 milk − 0.40 short = 24.00
    const documents = [obeyed(planOf(DAY), changes)];
    const { verdict, reasons } = reconcile({ parts: DAY, documents });
    assert.equal(verdict, 'differs');
    assert.ok(reasons.some(reason => message.test(reason.message)));
  });
}

test('a payment that stands twice in Xero is found', () => {
  const plan = planOf(DAY);
  const good = obeyed(plan).readBack?.payments ?? [];
  const twice = obeyed(plan, { payments: [...good, ...good.slice(0, 1)] });
  const { verdict, reasons } = reconcile({ parts: DAY, documents: [twice] });
  assert.equal(verdict, 'differs');
  assert.match(reasons[0]?.message ?? '', /that is not ours: relay 0.00, Xero 15.00/);
});

test('a document that was voided by hand is told as gone', () => {
  const documents = [obeyed(planOf(DAY), { status: 'VOIDED' })];
  assert.deepEqual(
    reconcile({ parts: DAY, documents }).reasons.map(({ code }) => code),
    ['document-gone'],
  );
});

test('a draft is drafted, never reconciled; what was not read back is unknown', () => {
  const plan = posted(planRevision(input(DAY, { mapping: fullMapping({ status: 'DRAFT' }) })));
  assert.equal(reconcile({ parts: DAY, documents: [obeyed(plan)] }).verdict, 'drafted');
  const unread: PostedDocument = { plan: planOf(DAY), state: 'created' };
  assert.equal(reconcile({ parts: DAY, documents: [unread] }).verdict, 'unknown');
});

test('a summary that the plan does not carry is found, whatever Xero says', () => {
  const other = structuredClone(DAY);
  for (const row of other.tenders) if (row.method === 'cash') row.amount += 100;
  const { verdict, reasons } = reconcile({ parts: other, documents: [obeyed(planOf(DAY))] });
  assert.equal(verdict, 'differs');
  assert.match(reasons[0]?.message ?? '', /Tender cash: tills 12.90, agent 12.90, relay 11.90/);
});

test('whatever is sold and however late, an obedient Xero is reconciled', () => {
  fc.assert(
    fc.property(trading, trading, (first, late) => {
      const revisions = [partsOf(first), partsOf([...first, ...late])] as const;
      const documents: PostedDocument[] = [];
      let before: DayParts | undefined;
      for (const day of revisions) {
        const more = before === undefined ? {} : { before };
        const plan = planRevision(input(day, { mapping: fullMapping(), ...more }));
        if (plan.kind === 'post') documents.push(obeyed(plan.document));
        before = day;
      }
      const found = reconcile({ parts: revisions[1], documents });
      assert.deepEqual([found.verdict, found.reasons], ['reconciled', []]);
    }),
    { numRuns: 500 },
  );
});
