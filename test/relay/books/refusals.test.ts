/** What Xero says when it refuses, in a bookkeeper's words; its own words are kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../../protocol/errors.ts';
import { REASON_CODES } from '../../../relay/books/reasons.ts';
import { reasonsFromError, reasonsFromXero } from '../../../relay/books/refusals.ts';
import { SAID } from '../../support/xero-refusals.ts';

for (const [said, code] of SAID) {
  test(`“${said}” is ${code}`, () => {
    const [reason, ...others] = reasonsFromXero([said], '{"whole":"answer"}');
    assert.equal(reason?.code, code);
    assert.equal(reason?.raw, '{"whole":"answer"}');
    assert.ok(reason?.message.includes(said) && reason.fix.length > 20);
    assert.deepEqual(others, []);
  });
}

test('several refusals of one document are several reasons, each once', () => {
  const twice = ['Tax rate must be valid.', 'Account must be valid.', 'Tax rate must be valid.'];
  assert.deepEqual(
    reasonsFromXero(twice, 'raw').map(({ code }) => code),
    ['tax-type-missing', 'account-missing'],
  );
  assert.equal(reasonsFromXero([])[0]?.code, 'xero-refused');
});

test('a failed call names what the day waits for', () => {
  const codeOf = (error: unknown) => reasonsFromError(error)[0]?.code;
  assert.equal(codeOf(new AppError('xero-rate-limit', 'x')), 'xero-rate-limit');
  assert.equal(codeOf(new AppError('xero-disconnected', 'x')), 'xero-disconnected');
  assert.equal(codeOf(new AppError('xero-unavailable', 'x')), 'xero-unavailable');
  assert.equal(codeOf(new AppError('xero-unknown-outcome', 'x')), 'xero-unknown-outcome');
  assert.equal(
    codeOf(new AppError('xero-validation', 'Tax rate must be valid.')),
    'tax-type-missing',
  );
  assert.equal(codeOf(new Error('boom')), 'xero-refused');
});

test('the list of reasons is closed and has no code twice', () => {
  assert.equal(new Set(REASON_CODES).size, REASON_CODES.length);
  for (const [, code] of SAID) assert.ok(REASON_CODES.includes(code));
});
