/**
 * The published JSON Schema says what the parser says, for 1,000 good and bad messages; the rules
 * across fields, which no schema can hold, are told apart by name.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import {
  checkTransaction,
  parseTransaction,
  transactionSchema,
} from '../../protocol/transaction.ts';
import { bytesOf, dayArb } from '../support/messages.ts';
import { transactionJsonSchema } from '../support/vectors/schemas.ts';

const MESSAGES = 1000;
const validate = new Ajv2020().compile(transactionJsonSchema() as object);

type Json = Record<string, unknown>;

const messageArb = dayArb
  .filter(day => day.length > 0)
  .chain(day => fc.constantFrom(...day))
  .map(({ transaction }) => JSON.parse(JSON.stringify(transaction)) as Json);

const oddArb = fc.constantFrom<unknown[]>(
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  -1e12,
  2 ** 53,
  '',
  'x',
  'x'.repeat(65),
  'x'.repeat(256),
  'SGD',
  '2026-11-22',
  '2026-02-30T00:00:00Z',
  'sale',
  'refund',
  'void',
  'tip',
  [],
  {},
  [{}],
);

/** Nothing, a field taken away, a field replaced, or a number moved by a cent. */
const changedArb = fc.oneof(
  messageArb,
  fc.tuple(messageArb, fc.nat(), fc.constant(undefined)).map(change),
  fc.tuple(messageArb, fc.nat(), oddArb).map(change),
  fc.tuple(messageArb, fc.nat(), fc.constantFrom(1, -1)).map(nudge),
);

function change([message, at, value]: [Json, number, unknown]): Json {
  const places = placesOf(message);
  const [holder, key] = places[at % places.length] ?? [message, 'id'];
  if (value === undefined) delete holder[key];
  else holder[key] = value;
  return message;
}

function nudge([message, at, by]: [Json, number, number]): Json {
  const places = placesOf(message).filter(([holder, key]) => typeof holder[key] === 'number');
  const [holder, key] = places[at % places.length] ?? [message, 'sequence'];
  holder[key] = Number(holder[key]) + by;
  return message;
}

/** Every field at any depth, as the object that holds it and its name. */
function placesOf(value: unknown): [Json, string][] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Json;
  const own = Object.keys(holder).map((key): [Json, string] => [holder, key]);
  return [...own.filter(() => !Array.isArray(value)), ...Object.values(holder).flatMap(placesOf)];
}

test('schema and parser agree on 1,000 messages, and differ only by a rule across fields', () => {
  const seen = { accepted: 0, refusedByBoth: 0, refusedAcrossFields: 0 };
  for (const message of fc.sample(changedArb, { numRuns: MESSAGES, seed: 20261122 })) {
    const text = JSON.stringify(message);
    const parsed = parseTransaction(bytesOf(text));
    const bySchema = validate(JSON.parse(text));
    if (parsed.ok) {
      assert.ok(bySchema, text);
      seen.accepted += 1;
    } else if (bySchema) {
      const rule = checkTransaction(transactionSchema.parse(JSON.parse(text)));
      assert.deepEqual(parsed.problem, rule, text);
      seen.refusedAcrossFields += 1;
    } else {
      assert.equal(parsed.problem.code, 'schema', text);
      seen.refusedByBoth += 1;
    }
  }
  assert.ok(Math.min(...Object.values(seen)) >= 50, JSON.stringify(seen));
});
