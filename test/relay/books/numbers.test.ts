/** The texts by which a document is known again, within Xero's fields. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRevision } from '../../../relay/books/invoice.ts';
import {
  clip,
  contactName,
  DESCRIPTION_MAX,
  describe,
  documentReference,
} from '../../../relay/books/numbers.ts';
import { chart, input, mapping, parts, posted } from '../../support/books.ts';
import { brokenRules } from '../../support/xero-rules.ts';

const DAY = parts({ sales: [{ amount: 1000 }], tenders: { cash: 1000 } });

test('a store with a very long name still has its digest in the reference', () => {
  const store = { name: '长'.repeat(200) + '🙂'.repeat(100), slug: 'long', currency: 'SGD' };
  const reference = documentReference(input(DAY, { store }));
  assert.ok(reference.length <= 255 && reference.isWellFormed());
  assert.match(reference, /… 2026-11-21 r1 0001020304050607$/);
  const contact = contactName({ store, mapping: mapping() });
  assert.ok(contact.length <= 255 && contact.endsWith('… daily sales'));
});

test('HQ’s templates: what they leave out of the reference is only the words, never the digest', () => {
  const own = mapping({
    reference: 'Z {number} rev {revision} {what}',
    contact: 'Walk-ins {store}',
  });
  const plan = posted(planRevision(input(DAY, { mapping: own })));
  assert.equal(plan.reference, 'Z TB-orchard-20261121 rev 1 {what} 0001020304050607');
  assert.equal(plan.contactName, 'Walk-ins Orchard');
  const first = mapping({ reference: '{digest} {store}' });
  assert.equal(documentReference(input(DAY, { mapping: first })), '0001020304050607 Orchard');
  const long = mapping({ reference: `${'x'.repeat(245)}{store}` });
  assert.match(documentReference(input(DAY, { mapping: long })), /^x{200}.* 0001020304050607$/);
});

test('a store whose name looks like a template is only a name', () => {
  const store = { name: '{digest} $& {date}', slug: 'odd', currency: 'SGD' };
  const reference = documentReference(input(DAY, { store }));
  assert.equal(reference, '{digest} $& {date} 2026-11-21 r1 0001020304050607');
});

test('many categories are named until the line is full, then counted', () => {
  const names = Array.from({ length: 200 }, (_, i) => `Category ${i}`);
  const text = describe('Sales', names);
  assert.ok(text.length <= DESCRIPTION_MAX);
  assert.match(text, /^Sales: Category 0, Category 1, .* and \d+ more$/);
  assert.equal(describe('Tips', ['Tips']), 'Tips');
  assert.ok(describe('Sales', ['x'.repeat(900)]).length <= DESCRIPTION_MAX);
});

test('names at their longest break no field of Xero', () => {
  const method = '🙂'.repeat(64);
  const sales = [{ category: '🙂'.repeat(255), amount: 1000 }];
  const store = { name: 'S'.repeat(255), slug: 's'.repeat(100), currency: 'SGD' };
  const day = parts({ sales, tenders: { [method]: 1000 }, cash: { ['x'.repeat(64)]: 500 } });
  const more = { store, mapping: mapping({ cashOther: '429', prefix: 'P'.repeat(20) }) };
  const document = posted(planRevision(input(day, more)));
  assert.deepEqual(brokenRules(document, chart()), []);
});

test('a text is never cut within a character', () => {
  assert.equal(clip('ab🙂cd', 4), 'ab…');
  assert.equal(clip('abcd', 4), 'abcd');
});
