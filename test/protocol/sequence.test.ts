/** Runs of numbers, compared with a plain set that does the same thing slowly. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countInRuns, SequenceRuns } from '../../protocol/sequence.ts';
import { fc } from '../support/fast-check.ts';

const stepArb = fc.record({
  take: fc.boolean(),
  number: fc.integer({ min: 1, max: 40 }),
});

test('runs take, give back and find numbers as a plain set does', () => {
  fc.assert(
    fc.property(fc.array(stepArb, { maxLength: 120 }), steps => {
      const runs = new SequenceRuns();
      const model = new Set<number>();
      for (const { take, number } of steps) {
        if (take) assert.equal(runs.add(number), !model.has(number));
        else runs.remove(number);
        if (take) model.add(number);
        else model.delete(number);
      }
      for (let number = 0; number <= 41; number += 1) {
        assert.equal(runs.has(number), model.has(number));
      }
      assert.equal(runs.last, Math.max(0, ...model));
      assert.equal(countInRuns(runs.toJSON()), model.size);
      assert.deepEqual(new SequenceRuns(runs.toJSON()).toJSON(), runs.toJSON());
    }),
  );
});

test('gaps are the numbers in a range that the set does not hold', () => {
  const numberArb = fc.integer({ min: 1, max: 30 });
  fc.assert(
    fc.property(fc.uniqueArray(numberArb), numberArb, numberArb, (numbers, first, last) => {
      const runs = new SequenceRuns();
      for (const number of numbers) runs.add(number);
      const missing = runs
        .missing(first, last)
        .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
      const expected = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
      assert.deepEqual(
        missing,
        expected.filter(number => !numbers.includes(number)),
      );
    }),
  );
});

test('runs are as few as can be: touching ones are joined', () => {
  const runs = new SequenceRuns();
  for (const number of [1, 3, 5, 4, 2]) runs.add(number);
  assert.deepEqual(runs.toJSON(), [[1, 5]]);
  runs.remove(3);
  assert.deepEqual(runs.toJSON(), [
    [1, 2],
    [4, 5],
  ]);
});

test('a till that misses nothing costs one pair of numbers after a million sales', () => {
  const runs = new SequenceRuns();
  for (let number = 1; number <= 1_000_000; number += 1) runs.add(number);
  assert.deepEqual(runs.toJSON(), [[1, 1_000_000]]);
});
