/** How fast one terminal may go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../agent/broker/pace.ts';

test('a till that empties a full outbox is never held up, a wild one ever longer', () => {
  let nowMs = 0;
  const pace = new Pace({ nowMs: () => nowMs });
  for (let i = 0; i < 500_000; i += 1) assert.equal(pace.delayMs('till-1', false), 0);
  assert.equal(pace.delayMs('till-1', false), 5);
  assert.equal(pace.delayMs('till-1', false), 10);
  for (let i = 0; i < 5000; i += 1) pace.delayMs('till-1', false);
  assert.equal(pace.delayMs('till-1', false), 5000);
  assert.equal(pace.delayMs('till-2', false), 0);
  nowMs += 60_000;
  assert.equal(pace.delayMs('till-1', false), 0);
});

test('broken messages slow a terminal down much sooner', () => {
  const pace = new Pace({ nowMs: () => 0 });
  for (let i = 0; i < 500; i += 1) assert.equal(pace.delayMs('till-1', true), 0);
  assert.equal(pace.delayMs('till-1', true), 200);
  assert.equal(pace.delayMs('till-1', false), 0);
});
