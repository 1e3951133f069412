/** What a terminal may say: good messages are read, bad ones get a code, a sentence and a path. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AMOUNT_MAX } from '../../protocol/money.ts';
import { PROBLEM_CODES, parseTransaction } from '../../protocol/transaction.ts';
import { fc } from '../support/fast-check.ts';
import { bytesOf, dayArb, saleMessage } from '../support/messages.ts';

/** `code path` of a message's problem, or `ok`. */
function verdict(message: unknown): string {
  const parsed = parseTransaction(bytesOf(message));
  return parsed.ok ? 'ok' : `${parsed.problem.code} ${parsed.problem.path}`.trim();
}

function line(fields: object): Record<string, unknown> {
  return { lines: [{ kind: 'item', amount: 1100, ...fields }] };
}

test('what is left out of a sale takes its default', () => {
  const bare = saleMessage(line({}));
  const parsed = parseTransaction(bytesOf(bare));
  assert.ok(parsed.ok && parsed.transaction.type === 'sale');
  assert.equal(parsed.transaction.epoch, 1);
  assert.equal(parsed.transaction.rounding, 0);
  assert.deepEqual(parsed.transaction.lines, [
    { kind: 'item', amount: 1100, quantity: 1, discount: 0, tax: 0 },
  ]);
  assert.deepEqual(JSON.parse(parsed.compact), bare);
});

test('money is a whole number of cents: by its value, not by how it is written', () => {
  const written = (amount: string) => JSON.stringify(saleMessage()).replaceAll('1100', amount);
  for (const amount of ['1100.0', '11e2', '1.1E+3']) assert.equal(verdict(written(amount)), 'ok');
  for (const amount of ['11.005', '1e308', '1e400', '9007199254740993', '"1100"', 'null', 'true']) {
    assert.equal(verdict(written(amount)), 'schema lines[0].amount', amount);
  }
  for (const amount of ['NaN', '0x44c', '+1100', '01100', '.5']) {
    assert.equal(verdict(written(amount)), 'not-json', amount);
  }
});

test('a receipt of nothing has no negative zero and needs no tender', () => {
  const parsed = parseTransaction(
    bytesOf(JSON.stringify(saleMessage(line({}))).replaceAll('1100', '-0')),
  );
  assert.ok(parsed.ok);
  assert.equal(verdict(saleMessage({ ...line({ amount: 0 }), tenders: [] })), 'ok');
  assert.equal(
    verdict(saleMessage({ ...line({ amount: 0 }), tenders: undefined })),
    'schema tenders',
  );
});

test('lines plus rounding must equal the tenders to the cent', () => {
  assert.equal(verdict(saleMessage({ rounding: -2 })), 'unbalanced tenders');
  assert.equal(verdict(saleMessage({ tenders: [] })), 'unbalanced tenders');
  const cash = [{ method: 'cash', amount: 1098 }];
  assert.equal(verdict(saleMessage({ rounding: -2, tenders: cash })), 'ok');
});

test('a sale does not go below nothing, a refund not above, single lines may', () => {
  const exchange = [
    { kind: 'item', amount: -500 },
    { kind: 'item', amount: 700 },
  ];
  const tenders = [{ method: 'cash', amount: 200 }];
  assert.equal(verdict(saleMessage({ lines: exchange, tenders })), 'ok');
  assert.equal(verdict(saleMessage({ type: 'refund', lines: exchange, tenders })), 'schema lines');
  const back = { lines: [{ kind: 'item', amount: -5 }], tenders: [{ method: 'cash', amount: -5 }] };
  assert.equal(verdict(saleMessage(back)), 'schema lines');
  assert.equal(verdict(saleMessage({ ...back, type: 'refund' })), 'ok');
});

test('tax is within its amount, has its sign and names its rate', () => {
  assert.equal(verdict(saleMessage(line({ tax: 91, taxCode: 'GST9' }))), 'ok');
  assert.equal(verdict(saleMessage(line({ tax: 91 }))), 'schema lines[0].tax');
  assert.equal(verdict(saleMessage(line({ tax: -91, taxCode: 'GST9' }))), 'schema lines[0].tax');
  assert.equal(verdict(saleMessage(line({ tax: 1101, taxCode: 'GST9' }))), 'schema lines[0].tax');
  assert.equal(verdict(saleMessage(line({ tax: 1100, taxCode: 'GST9' }))), 'ok');
});

test('one receipt cannot carry more than the largest amount, however it is cut up', () => {
  const twice = [AMOUNT_MAX, -AMOUNT_MAX].map(amount => ({ kind: 'item', amount }));
  assert.equal(verdict(saleMessage({ lines: twice, tenders: [] })), 'schema lines');
  const most = {
    ...line({ amount: AMOUNT_MAX }),
    tenders: [{ method: 'cash', amount: AMOUNT_MAX }],
  };
  assert.equal(verdict(saleMessage(most)), 'ok');
  assert.equal(verdict(saleMessage(line({ amount: AMOUNT_MAX + 1 }))), 'schema lines[0].amount');
});

test('each type needs what it is about', () => {
  const is = (type: string, fields: object) =>
    verdict(saleMessage({ type, lines: undefined, tenders: undefined, ...fields }));
  assert.equal(is('void', {}), 'schema voids');
  assert.equal(is('void', { voids: 'sale-1' }), 'ok');
  assert.equal(is('cash-in', { cash: { amount: 0, reason: 'float' } }), 'schema cash.amount');
  assert.equal(is('cash-out', { cash: { amount: 5 } }), 'schema cash.reason');
  assert.equal(is('cash-out', { cash: { amount: 5, reason: 'milk' } }), 'ok');
  assert.equal(is('cash-count', { cash: { expected: 5 } }), 'schema cash.counted');
  assert.equal(is('cash-count', { cash: { counted: 5 } }), 'ok');
  assert.equal(is('no-sale', {}), 'ok');
  assert.equal(is('sale', { tenders: [] }), 'schema lines');
  assert.equal(is('layby', {}), 'schema type');
});

test('a number, an id, a date or a currency that is out of bounds is named', () => {
  const bad: [Record<string, unknown>, string][] = [
    [{ version: 2 }, 'version'],
    [{ id: '' }, 'id'],
    [{ id: '😀'.repeat(65) }, 'id'],
    [{ sequence: 0 }, 'sequence'],
    [{ sequence: 1.5 }, 'sequence'],
    [{ epoch: 0 }, 'epoch'],
    [{ occurredAt: '2026-11-22T19:04:11' }, 'occurredAt'],
    [{ businessDate: '2026-02-29' }, 'businessDate'],
    [{ currency: 'sgd' }, 'currency'],
    [{ training: 'yes' }, 'training'],
    [{ lines: [] }, 'lines'],
    [line({ kind: 'thing' }), 'lines[0].kind'],
    [line({ discount: -1 }), 'lines[0].discount'],
  ];
  for (const [fields, path] of bad) {
    assert.equal(verdict(saleMessage(fields)), `schema ${path}`);
  }
  assert.equal(verdict(saleMessage({ id: '😀'.repeat(64) })), 'ok');
});

test('a problem says in words which field is wrong and what it should be', () => {
  const said = (message: unknown) => {
    const parsed = parseTransaction(bytesOf(message));
    return parsed.ok ? '' : parsed.problem.message;
  };
  assert.equal(said(saleMessage({ currency: undefined })), 'currency is missing');
  assert.equal(said(saleMessage({ sequence: '7' })), 'sequence must be a whole number, not a text');
  assert.equal(said([]), 'the message must be an object, not an array');
  assert.match(
    said(saleMessage({ rounding: 1 })),
    /^lines plus rounding make 1101, tenders make 1100/,
  );
  assert.match(said(saleMessage({ occurredAt: 'now' })), /RFC 3339.*2026-11-22T19:04:11\+08:00/);
  assert.ok(said(`{"${'k'.repeat(9000)}":1,"${'k'.repeat(9000)}":1}`).length < 200);
});

test('fields that nobody knows are kept and ignored, whatever they are called', () => {
  const text = JSON.stringify(saleMessage()).replace(
    '{',
    '{"__proto__":{"type":"refund","lines":[]},"constructor":1,"table":{"x":[1e400]},',
  );
  const parsed = parseTransaction(Buffer.from(text));
  assert.ok(parsed.ok);
  assert.equal(parsed.compact, text);
  assert.equal(parsed.transaction.type, 'sale');
  assert.equal(Object.getPrototypeOf(parsed.transaction), Object.prototype);
});

test('64 KiB are read, one byte more is too large', () => {
  const padded = (bytes: number) => {
    const text = JSON.stringify(saleMessage({ note: '' }));
    return text.replace('"note":""', `"note":"${'x'.repeat(bytes - text.length)}"`);
  };
  assert.equal(verdict(padded(65_536)), 'ok');
  assert.equal(verdict(padded(65_537)), 'too-large');
});

test('no bytes make the parser throw, and every refusal has a code of the list', () => {
  const judge = (bytes: Uint8Array) => {
    const parsed = parseTransaction(Buffer.from(bytes));
    if (!parsed.ok) assert.ok(PROBLEM_CODES.includes(parsed.problem.code));
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), judge));
  fc.assert(fc.property(fc.jsonValue(), value => judge(bytesOf(value))));
});

test('a good message with any field replaced, any byte changed or its end cut off never crashes', () => {
  const text = JSON.stringify(saleMessage());
  const oddArb = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(1e308, -0, 2 ** 53, 1e-300, '\0', '__proto__'),
  );
  const keyArb = fc.constantFrom(...Object.keys(saleMessage()), '__proto__');
  fc.assert(
    fc.property(keyArb, oddArb, fc.nat(text.length), fc.nat(255), (key, odd, at, byte) => {
      parseTransaction(bytesOf(saleMessage({ [key]: odd })));
      parseTransaction(bytesOf(saleMessage(line({ [key]: odd, amount: odd }))));
      const bytes = Buffer.from(text);
      bytes[at] = byte;
      parseTransaction(bytes);
      assert.equal(
        parseTransaction(bytes.subarray(0, at)).ok,
        at === text.length && bytes.equals(Buffer.from(text)),
      );
    }),
  );
});

test('every generated message of a trading day is accepted', () => {
  fc.assert(
    fc.property(dayArb, day => {
      for (const { transaction } of day) assert.equal(verdict(transaction), 'ok');
    }),
  );
});
