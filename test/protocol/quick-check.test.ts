/**
 * The quick check says yes only to what the schema accepts, and fills in what the schema would; it
 * is no use where it has to ask, so good messages get their yes from it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { quickCheckOf } from '../../protocol/quick-check.ts';
import { transactionSchema } from '../../protocol/transaction.ts';
import { changedMessages } from '../support/changed-messages.ts';

const MESSAGES = 5000;
const check = quickCheckOf(transactionSchema);

test(`the quick check and the schema agree on ${MESSAGES} messages, defaults included`, () => {
  const seen = { good: 0, bad: 0 };
  for (const message of changedMessages(MESSAGES)) {
    const bySchema = transactionSchema.safeParse(structuredClone(message));
    const quickly = check(message);
    assert.equal(quickly, bySchema.success, JSON.stringify(message));
    // What the schema strips, the journal keeps: only what the contract names is compared.
    if (quickly) assert.deepEqual(transactionSchema.parse(message), bySchema.data);
    if (quickly) assert.deepEqual({ ...message, ...bySchema.data }, message);
    seen[quickly ? 'good' : 'bad'] += 1;
  }
  assert.ok(Math.min(seen.good, seen.bad) > MESSAGES / 10, JSON.stringify(seen));
});

test('nothing that is no message gets a yes', () => {
  for (const value of [null, undefined, true, 0, 'sale', [], {}, [{}], { type: 'constructor' }]) {
    assert.equal(check(value), false, JSON.stringify(value));
  }
});

test('numbers are as strict as the schema at the edges', () => {
  const schema = z.object({ n: z.int().min(0).max(10), q: z.number().gt(0).lt(1).default(0.5) });
  const quick = quickCheckOf(schema);
  const edges = [
    -1,
    -0,
    0,
    0.5,
    1,
    9.99,
    10,
    11,
    2 ** 53,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    '1',
  ];
  for (const n of edges) {
    for (const q of [...edges, undefined]) {
      const value = { n, q };
      assert.equal(quick({ ...value }), schema.safeParse(value).success, JSON.stringify(value));
    }
  }
});

test('a schema that it cannot speak for is refused when the program starts', () => {
  for (const schema of [
    z.date(),
    z.string().max(3),
    z.strictObject({ a: z.string() }),
    z.object({ a: z.string().transform(Number) }),
    z.object({ toString: z.string() }),
    z.object({ a: z.string() }).refine(() => false),
    z.string().regex(/a/g),
    z.union([z.string(), z.number()]),
    z.int32(),
  ]) {
    assert.throws(() => quickCheckOf(schema), TypeError, schema.def.type);
  }
});
