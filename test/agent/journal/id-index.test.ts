/** The index of ids is written down in pieces while sales come in, and taken back whole. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdIndex } from '../../../agent/journal/id-index.ts';

const BEFORE = 60_000;
const AFTER = 120_000;
const placeOfSale = (number: number) => ({ file: 1, offset: number * 900 });

function add(index: IdIndex, from: number, to: number): void {
  for (let number = from; number < to; number += 1)
    index.add(`sale-${number}`, placeOfSale(number));
}

/** All pieces, with sales between the first and the second; the table grows on the way. */
function dumpWhileSelling(index: IdIndex): Uint32Array {
  const words: number[] = [];
  let sold = BEFORE;
  for (const piece of index.dump()) {
    for (const word of piece) words.push(word);
    const next = Math.min(AFTER, sold + 20_000);
    add(index, sold, next);
    sold = next;
  }
  assert.equal(sold, AFTER, 'too few pieces: it proves nothing');
  return Uint32Array.from(words);
}

test('what comes in while the index is written down is left out by its place, the rest is whole', () => {
  const index = new IdIndex(7);
  add(index, 0, BEFORE);
  const end = placeOfSale(BEFORE).offset;
  const loaded = IdIndex.load(7, dumpWhileSelling(index), ({ offset }) => offset < end);
  assert.equal(loaded.size, BEFORE);
  for (let number = 0; number < BEFORE; number += 1) {
    assert.deepEqual(loaded.find(`sale-${number}`), [placeOfSale(number)]);
  }
  assert.equal(index.size, AFTER);
});

test('a file that is deleted takes its ids along, and only its own', () => {
  const index = new IdIndex(7);
  add(index, 0, 100);
  index.add('other', { file: 2, offset: 5 * 2 ** 32 });
  index.setVoided('other', { file: 2, offset: 5 * 2 ** 32 });
  index.forget(1);
  assert.equal(index.size, 1);
  assert.deepEqual(index.find('sale-5'), []);
  assert.ok(index.isVoided('other', { file: 2, offset: 5 * 2 ** 32 }));
});
