/** Money: parts add up again, amounts survive Xero's decimals, and no currency loses a digit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AMOUNT_MAX,
  exponentOf,
  formatMinor,
  formatMinorGrouped,
  fromDecimal,
  splitMinor,
  sumMinor,
  taxWithin,
  toDecimal,
} from '../../protocol/money.ts';
import { fc } from '../support/fast-check.ts';

const amountArb = fc.integer({ min: -AMOUNT_MAX, max: AMOUNT_MAX });
const currencyArb = fc.constantFrom('SGD', 'JPY', 'KWD', 'CLF');

test('an amount that is split adds up again to the last cent and keeps its sign', () => {
  const weightsArb = fc
    .array(fc.nat(1_000_000), { minLength: 1, maxLength: 20 })
    .filter(weights => weights.some(weight => weight > 0));
  fc.assert(
    fc.property(amountArb, weightsArb, (amount, weights) => {
      const parts = splitMinor(amount, weights);
      assert.equal(sumMinor(parts), amount);
      assert.ok(parts.every(part => part === 0 || Math.sign(part) === Math.sign(amount)));
      assert.ok(parts.every((part, i) => weights[i] !== 0 || part === 0));
    }),
  );
});

test('each part is within one cent of its exact share', () => {
  assert.deepEqual(splitMinor(100, [1, 1, 1]), [34, 33, 33]);
  assert.deepEqual(splitMinor(-100, [1, 1, 1]), [-34, -33, -33]);
  assert.deepEqual(splitMinor(5, [0, 2, 1]), [0, 3, 2]);
  assert.deepEqual(splitMinor(0, [3, 1]), [0, 0]);
});

test('an amount cannot be split by nothing or by less than nothing', () => {
  assert.throws(() => splitMinor(100, []), RangeError);
  assert.throws(() => splitMinor(100, [0, 0]), RangeError);
  assert.throws(() => splitMinor(100, [3, -1]), RangeError);
});

test('what goes to Xero as a decimal comes back as the same minor units', () => {
  fc.assert(
    fc.property(amountArb, currencyArb, (amount, currency) => {
      const written = JSON.stringify(toDecimal(amount, currency));
      assert.equal(fromDecimal(JSON.parse(written), currency), amount);
      assert.equal(Number(written), Number(formatMinor(amount, currency)));
    }),
  );
  assert.equal(fromDecimal(9_999_999_999.97, 'SGD'), 999_999_999_997);
});

test('a document with half cents, or no number at all, is not taken for an amount', () => {
  for (const value of [11.005, 0.001, Number.NaN, Number.POSITIVE_INFINITY, '11.00', null, 1e300]) {
    assert.equal(fromDecimal(value, 'SGD'), undefined, String(value));
  }
  assert.ok(Object.is(fromDecimal(-0, 'SGD'), 0));
});

test('amounts are written with the decimals of their currency', () => {
  assert.equal(formatMinor(1105, 'SGD'), '11.05');
  assert.equal(formatMinor(-5, 'SGD'), '-0.05');
  assert.equal(formatMinor(1105, 'JPY'), '1105');
  assert.equal(formatMinor(5, 'KWD'), '0.005');
  assert.equal(formatMinor(-0, 'SGD'), '0.00');
  assert.equal(formatMinorGrouped(-123_456_789, 'SGD'), '-1,234,567.89');
  assert.equal(formatMinorGrouped(1_234_567, 'JPY'), '1,234,567');
});

test('the decimals are those of ISO 4217, where Intl has others', () => {
  assert.deepEqual(['IQD', 'UGX', 'ISK', 'CLF', 'EUR'].map(exponentOf), [3, 0, 0, 4, 2]);
});

test('the tax within an amount is rounded half away from zero, the same for a refund', () => {
  assert.equal(taxWithin(1100, 10), 100);
  assert.equal(taxWithin(-1100, 10), -100);
  assert.equal(taxWithin(1000, 9), 83);
  assert.equal(taxWithin(21, 5), 1);
  assert.equal(taxWithin(10_810, 8.1), 810);
  fc.assert(
    fc.property(amountArb, fc.integer({ min: 0, max: 3000 }), (amount, rate) => {
      const tax = taxWithin(amount, rate / 100);
      assert.ok(
        Math.abs(tax * (10_000 + rate) - amount * rate) <= (10_000 + rate) / 2 + 1e-3 * rate,
      );
      assert.equal(taxWithin(-amount, rate / 100), tax === 0 ? 0 : -tax);
    }),
  );
});

test('a sum that a double cannot hold is refused', () => {
  assert.throws(() => sumMinor([Number.MAX_SAFE_INTEGER, 1]), RangeError);
  assert.ok(Object.is(sumMinor([5, -5, -0]), 0));
});
