/** Topics: a terminal's name is in its topic, and nothing else gets through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  problemsTopic,
  terminalOfTransactionsTopic,
  transactionsTopic,
} from '../../protocol/topics.ts';

test('a topic names its terminal and is read back', () => {
  assert.equal(transactionsTopic('till-1'), 'pos/v1/till-1/transactions');
  assert.equal(problemsTopic('till-1'), 'pos/v1/till-1/problems');
  for (const terminal of ['a', 'Till_1.b-c', '9', 'x'.repeat(64)]) {
    assert.equal(terminalOfTransactionsTopic(transactionsTopic(terminal)), terminal);
  }
});

test('a topic with another shape or a name that is no terminal id is nobody’s', () => {
  const topics = ['', 'pos/v1//transactions', 'pos/v1/+/transactions', 'pos/v1/#', '$SYS/x'];
  const ids = ['-a', '.a', 'a b', 'ä', 'x'.repeat(65), 'a\n', '__proto__', 'a/b'];
  for (const topic of [...topics, ...ids.map(transactionsTopic), problemsTopic('a')]) {
    assert.equal(terminalOfTransactionsTopic(topic), undefined, topic);
  }
  assert.equal(terminalOfTransactionsTopic('pos/v1/a/transactions\n'), undefined);
});
