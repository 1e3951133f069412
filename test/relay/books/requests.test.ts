/** A stored request may wait long for its turn: when it is still safe to send it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '../../../protocol/errors.ts';
import { mayLeave, newKey, wholeRequests } from '../../../relay/books/requests.ts';

const SENT_AT = '2026-11-21T00:00:00Z';
const request = { idempotencyKey: newKey(1), body: '{}', sentAt: SENT_AT };

function ask(minutes: number, ours: boolean): () => void {
  const clock = () => Date.parse(SENT_AT) + minutes * 60_000;
  return mayLeave({ clock, isOurTurn: () => ours }, request);
}

const isConflict = (error: unknown) => isAppError(error, 'conflict') && error.retryable;

test('within five minutes and with the lease it leaves', () => {
  assert.doesNotThrow(ask(0, true));
  assert.doesNotThrow(ask(4.9, true));
});

test('it stays when Xero may have forgotten its key, or another relay has taken over', () => {
  assert.throws(ask(5.1, true), isConflict);
  assert.throws(ask(0, false), isConflict);
});

test('a request of which a part is gone is not sent again as it was', () => {
  const key = newKey(2);
  const part = { idempotencyKey: key, body: '{}', sentAt: SENT_AT };
  assert.equal(wholeRequests([part], one => one).broken.length, 1);
  assert.deepEqual(
    wholeRequests([part, { ...part }], one => one).whole.map(group => group.length),
    [2],
  );
});
