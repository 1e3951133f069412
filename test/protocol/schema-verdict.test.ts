/**
 * The published JSON Schema says what the parser says, for 1,000 good and bad messages; the rules
 * across fields, which no schema can hold, are told apart by name.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  checkTransaction,
  parseTransaction,
  transactionSchema,
} from '../../protocol/transaction.ts';
import { changedMessages } from '../support/changed-messages.ts';
import { bytesOf } from '../support/messages.ts';
import { transactionJsonSchema } from '../support/vectors/schemas.ts';

const validate = new Ajv2020().compile(transactionJsonSchema() as object);

test('schema and parser agree on 1,000 messages, and differ only by a rule across fields', () => {
  const seen = { accepted: 0, refusedByBoth: 0, refusedAcrossFields: 0 };
  for (const message of changedMessages(1000)) {
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
