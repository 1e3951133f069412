/** The published vectors: they are what the generator makes, and each gets the verdict it claims. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { receiptSchema } from '../../protocol/agent-relay.ts';
import { parseDaySummary } from '../../protocol/day-summary.ts';
import { digestOf, keyIdOf, publicJwkSchema, verifyJws } from '../../protocol/signing.ts';
import { parseTransaction } from '../../protocol/transaction.ts';
import { allVectors } from '../support/vectors/all.ts';

const FOLDER = fileURLToPath(new URL('../../../test/vectors/', import.meta.url));

function read(path: string): Buffer {
  return readFileSync(join(FOLDER, path));
}

function filesIn(path: string): string[] {
  return readdirSync(join(FOLDER, path), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(FOLDER, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

async function keyOf(path: string) {
  const jwk = publicJwkSchema.parse(JSON.parse(read(path).toString()));
  const kid = await keyIdOf(jwk);
  return (asked: string) => (asked === kid ? jwk : undefined);
}

test('the files are what `npm run vectors` makes', async () => {
  const made = await allVectors();
  assert.deepEqual(filesIn('.'), [...made.keys()].sort(), 'run `npm run vectors`');
  for (const [path, bytes] of made) assert.ok(read(path).equals(bytes), `${path}: npm run vectors`);
});

test('every good message is accepted by the parser and by the published schema', () => {
  const schema = new Ajv2020().compile(JSON.parse(read('transaction.schema.json').toString()));
  for (const path of filesIn('messages/good')) {
    const parsed = parseTransaction(read(path));
    assert.ok(parsed.ok, path);
    assert.ok(schema(JSON.parse(parsed.compact)), path);
  }
});

test('every bad message gets its code and its path', () => {
  const expected = JSON.parse(read('messages/bad.expected.json').toString());
  for (const path of filesIn('messages/bad')) {
    const parsed = parseTransaction(read(path));
    const got = parsed.ok ? 'accepted' : { code: parsed.problem.code, path: parsed.problem.path };
    assert.deepEqual(got, expected[path.replace('messages/bad/', '')], path);
  }
});

test('the signed days are a chain whose receipts name their digests', async () => {
  const agent = await keyOf('signed/agent-public.jwk.json');
  const relay = await keyOf('signed/relay-public.jwk.json');
  const schema = new Ajv2020().compile(JSON.parse(read('day-summary.schema.json').toString()));
  let previous = '';
  for (const number of [1, 2]) {
    const jws = read(`signed/day-${number}.jws`).toString();
    const day = parseDaySummary((await verifyJws(jws, 'tillbook-day+jws', agent)).payload);
    assert.ok(day.ok && schema(day.summary));
    assert.equal(day.summary.previous, previous);
    const signed = read(`signed/receipt-${number}.jws`).toString();
    const { payload } = await verifyJws(signed, 'tillbook-receipt+jws', relay);
    assert.equal(receiptSchema.parse(payload).digest, digestOf(jws));
    previous = digestOf(jws);
  }
});

test('no bad signed text is believed', async () => {
  const agent = await keyOf('signed/agent-public.jwk.json');
  for (const path of filesIn('signed/bad')) {
    const code = path.endsWith('foreign-key.jws') ? 'unknown-key' : 'bad-signature';
    const jws = read(path).toString();
    await assert.rejects(verifyJws(jws, 'tillbook-day+jws', agent), { code }, path);
  }
});
