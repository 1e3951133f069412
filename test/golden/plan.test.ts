/**
 * The golden set through the agent's adding up and the relay's plan: every day's documents are those
 * of the plain files, to the cent.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DayParts } from '../../protocol/day-summary.ts';
import { planRevision } from '../../relay/books/invoice.ts';
import { type Mapping, mappingSchema } from '../../relay/books/mapping.ts';
import type { PlannedDocument } from '../../relay/books/plan.ts';
import { input } from '../support/books.ts';
import { brokenRules } from '../support/xero-rules.ts';
import {
  asExpected,
  chartOf,
  type GoldenDay,
  loadBooks,
  loadDays,
  partsByRevision,
} from './load.ts';

const BOOKS = loadBooks();
const DAYS = loadDays();

function booksOf({ books }: GoldenDay) {
  const found = BOOKS[books];
  if (found === undefined) throw new Error(`no books called ${books}`);
  return found;
}

/** Documents of all revisions, or the codes for which the day waits. */
function planDay(day: GoldenDay): PlannedDocument[] | { waits: string[] } {
  const books = booksOf(day);
  const chart = chartOf(books.seed);
  const mapping: Mapping = mappingSchema.parse({ organisation: 'o', ...books.mapping });
  const store = { name: 'Golden', slug: 'golden', currency: books.currency };
  const documents: PlannedDocument[] = [];
  let before: DayParts | undefined;
  for (const [index, parts] of partsByRevision(day, books).entries()) {
    const revision = { ...input(parts).revision, revision: index + 1 };
    const standing = before === undefined ? {} : { before };
    const options = { adjustment: documents.length };
    const plan = planRevision(
      input(parts, { store, date: day.date, revision, mapping, chart, options, ...standing }),
    );
    if (plan.kind === 'wait') return { waits: plan.reasons.map(({ code }) => code) };
    if (plan.kind === 'post') documents.push(plan.document);
    before = parts;
  }
  return documents;
}

test('the golden set has 60 generated days and the hard ones made by hand', () => {
  assert.ok(DAYS.filter(({ title }) => title.startsWith('seed ')).length >= 60);
  assert.ok(DAYS.filter(({ title }) => !title.startsWith('seed ')).length >= 12);
});

for (const day of DAYS) {
  test(`${day.date} ${day.title}`, () => {
    const planned = planDay(day);
    if (!Array.isArray(planned)) {
      assert.deepEqual(planned, day.expected);
      return;
    }
    const chart = chartOf(booksOf(day).seed);
    assert.deepEqual(
      planned.map(document => asExpected(document, chart)),
      day.expected,
    );
    for (const document of planned) assert.deepEqual(brokenRules(document, chart), []);
  });
}
