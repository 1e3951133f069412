/** The sentence on top of the page: the worst current state, with what to do about it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsOf } from '../../../agent/status/findings.ts';
import { AWAY, factsOf, STATES, till } from '../../support/status.ts';

for (const [code, changes, sentence] of STATES) {
  test(`the page says it when the state is "${code}"`, () => {
    const { headline, problems } = findingsOf(factsOf(changes));
    assert.equal(headline.code, code);
    assert.match(headline.message, sentence);
    assert.ok(headline.fix.length > 20);
    assert.equal(problems.length, 1);
  });
}

test('when all is well the page says how many sales are saved and when the last day was sent', () => {
  const { headline, problems } = findingsOf(factsOf());
  assert.equal(headline.message, 'All 214 sales today are saved. Last sent to head office 00:07.');
  assert.deepEqual(problems, []);
});

test('of two states the worse one is the headline, the other stands below', () => {
  const both = { ready: false, storageReason: 'the disk failed. Check it.', store: null };
  const { headline, problems } = findingsOf(factsOf(both));
  assert.equal(headline.code, 'not-saved');
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['not-saved', 'not-enrolled'],
  );
});

test('a till that has just gone, or sold nothing today, is no reason to worry', () => {
  const gone = { connected: false, lastSeenAt: '2026-11-22T17:41:30+08:00' };
  const idle = { ...AWAY, transactions: 0 };
  for (const changes of [gone, idle]) {
    assert.equal(findingsOf(factsOf({ terminals: [till('till-1', changes)] })).headline.code, 'ok');
  }
});

test('several tills that are away are spoken of in the plural, one in the singular', () => {
  const fixOf = (...ids: string[]) =>
    findingsOf(factsOf({ terminals: ids.map(id => till(id, AWAY)) })).headline.fix;
  assert.match(fixOf('till-1', 'till-2'), /^Check that they are switched on.*Their sales arrive/);
  assert.match(fixOf('till-1'), /^Check that it is switched on.*Its sales arrive/);
});

test('of missing sales nobody is told to switch on a till that is connected', () => {
  const fixOf = (...tills: ReturnType<typeof till>[]) =>
    findingsOf(factsOf({ terminals: tills })).problems.find(({ code }) => code === 'gaps')?.fix;
  const on = till('till-1', { missing: [[7, 9]] });
  const off = till('till-2', { missing: [[3, 3]], connected: false });
  assert.match(fixOf(on) ?? '', /^It is sent by itself within minutes. If it stays, restart/);
  assert.match(fixOf(off) ?? '', /^Switch this till on and connect it/);
  assert.match(fixOf(on, off) ?? '', /^Switch on and connect till-2; /);
});
