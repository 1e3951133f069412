/** Strict JSON: what a kind parser would guess at is refused, and what is kept is kept as written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEPTH_MAX, parseStrictJson, sameJson } from '../../protocol/strict-json.ts';
import { fc } from '../support/fast-check.ts';

function codeOf(text: string | Buffer): string {
  const json = parseStrictJson(Buffer.from(text as string));
  return json.ok ? 'ok' : json.code;
}

test('the same key twice is refused, however it is written and at whatever depth', () => {
  for (const text of [
    '{"amount":1,"amount":1}',
    '{"amount":1,"\\u0061mount":2}',
    '{"a":[{"b":{"c":1,"d":"{\\"","c":2}}]}',
    '{"__proto__":1,"__proto__":2}',
    '{"\\ud83d\\ude00":1,"😀":2}',
    '{"a" :1,"b":2,"a"\n:3}',
  ]) {
    assert.equal(codeOf(text), 'not-json', text);
  }
});

test('equal keys in different objects, and keys equal to values, are fine', () => {
  for (const text of ['{"a":{"a":{"a":"a"}},"b":"a"}', '[{"a":1},{"a":1}]', '{"a":["a","a"]}']) {
    assert.equal(codeOf(text), 'ok', text);
  }
});

test('half a surrogate pair is refused in values and keys, a whole pair is not', () => {
  for (const text of ['"\\ud800"', '["x\\uDFFF"]', '{"\\uDbff":1}', '"\\ude00\\ud83d"']) {
    assert.equal(codeOf(text), 'not-json', text);
  }
  for (const text of ['"\\ud83d\\ude00"', '"\\\\ud800"', '"😀"', '{"k":"\\\\\\\\"}']) {
    assert.equal(codeOf(text), 'ok', text);
  }
});

test('bytes that are no UTF-8, or start with a byte order mark, are refused', () => {
  assert.equal(codeOf(Buffer.from([0x22, 0xff, 0x22])), 'not-utf8');
  assert.equal(codeOf(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), 'not-utf8');
  assert.equal(codeOf('\ufeff{}'), 'not-json');
  assert.equal(codeOf(''), 'not-json');
});

test('32 levels are read, 33 are too deep', () => {
  assert.equal(codeOf('['.repeat(DEPTH_MAX) + ']'.repeat(DEPTH_MAX)), 'ok');
  assert.equal(codeOf(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`), 'too-deep');
  assert.equal(codeOf('['.repeat(100_000) + ']'.repeat(100_000)), 'too-deep');
  assert.equal(codeOf('['.repeat(200_000)), 'not-json');
});

test('no bytes make the parser throw', () => {
  const textArb = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.string({ unit: brokenUnit }),
  );
  fc.assert(fc.property(fc.uint8Array(), bytes => void parseStrictJson(Buffer.from(bytes))));
  fc.assert(fc.property(textArb, text => void parseStrictJson(Buffer.from(text))));
});

const brokenUnit = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '\\u',
  'd800',
  '1',
  ' ',
);

test('the compact text holds the same value, on one line, with its numbers as they were written', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ noUnicodeString: false, maxDepth: 5 }),
      fc.nat(4),
      (value, indent) => {
        const json = parseStrictJson(Buffer.from(JSON.stringify(value, null, indent)));
        if (!json.ok) return assert.equal(json.code, 'not-json');
        assert.doesNotMatch(json.compact, /[\n\r]/);
        assert.equal(json.compact, JSON.stringify(value));
      },
    ),
  );
  const json = parseStrictJson(Buffer.from('{ "a" : 1100.0,\r\n\t"b" : [ 1E2 , " x  y " ] }'));
  assert.equal(json.ok && json.compact, '{"a":1100.0,"b":[1E2," x  y "]}');
});

test('the scan takes time in proportion to the text, whatever the text', () => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `"${i}":""`).join(',');
  const texts = [
    `{${keys},"z":"\\n"}`,
    `"${'\\"'.repeat(100_000)}"`,
    `"${'\\\\'.repeat(100_000)}"`,
  ];
  for (const text of texts) {
    const started = performance.now();
    assert.equal(codeOf(text), 'ok');
    assert.ok(performance.now() - started < 1000);
  }
});

test('equal values are equal in whatever order their keys stand', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([k, v]) => [k, shuffled(v)]),
    );
  };
  fc.assert(fc.property(fc.jsonValue(), value => assert.ok(sameJson(value, shuffled(value)))));
  assert.ok(sameJson(JSON.parse('{"a":1100.0}'), JSON.parse('{"a":1100}')));
});

test('other values are other, also where JavaScript has names of its own', () => {
  const pairs = [
    ['{"__proto__":1}', '{}'],
    ['{"toString":1}', '{"valueOf":1}'],
    ['{"a":null}', '{}'],
    ['[1,2]', '{"0":1,"1":2}'],
    ['[1]', '[1,1]'],
    ['"1"', '1'],
    ['null', '{}'],
  ];
  for (const [a = '', b = ''] of pairs) {
    assert.ok(!sameJson(JSON.parse(a), JSON.parse(b)), `${a} ${b}`);
    assert.ok(!sameJson(JSON.parse(b), JSON.parse(a)), `${b} ${a}`);
  }
});
