/**
 * What a browser and a program see when the relay itself fails: a page with a reference that the log
 * has too, a problem document with the same, and never a word of what went wrong inside.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import { AppError } from '../../../protocol/errors.ts';
import { type Office, startOffice } from './office.ts';

const SECRET = 'postgres://relay:hunter2@db.internal/books';

interface Logged {
  err: Error;
  reference: string;
  path: string;
}

/** An office whose database throws this at every read. */
async function failingOffice(t: TestContext, error: Error) {
  const logged: Logged[] = [];
  const log = { info: () => {}, error: (fields: object) => void logged.push(fields as Logged) };
  const office = await startOffice({ log });
  t.after(() => office.stop());
  const visitor = await office.signedIn('admin');
  const cookie = [...visitor.cookies].map(pair => pair.join('=')).join('; ');
  t.mock.method(office.db, 'get', () => Promise.reject(error));
  t.mock.method(office.db, 'list', () => Promise.reject(error));
  return { office, logged, cookie };
}

async function ask(office: Office, path: string, headers: Record<string, string>) {
  const answer = await request(office.url + path, { headers });
  return { ...answer, text: await answer.body.text() };
}

test('an error within a page is a page with a reference, and the log has it', async t => {
  const { office, logged, cookie } = await failingOffice(t, new Error(SECRET));
  const answer = await ask(office, '/settings', { accept: 'text/html', cookie });
  assert.equal(answer.statusCode, 500);
  assert.match(String(answer.headers['content-type']), /^text\/html/);
  assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/);
  assert.match(answer.text, /What the shops sent is safe/);
  const reference = /class="reference">([2-9A-Z]{8})</.exec(answer.text)?.[1];
  assert.deepEqual([logged[0]?.reference, logged[0]?.path], [reference, '/settings']);
  assert.equal(logged[0]?.err.message, SECRET);
  assert.doesNotMatch(answer.text, /hunter2|node_modules|\bat .*\.js/);
});

test('a program gets the problem document with the reference instead', async t => {
  const { office, logged, cookie } = await failingOffice(t, new Error(SECRET));
  const answer = await ask(office, '/days', { accept: '*/*', cookie });
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  const problem = JSON.parse(answer.text) as Record<string, unknown>;
  assert.deepEqual([problem['status'], problem['code']], [500, 'internal']);
  assert.equal(problem['reference'], logged[0]?.reference);
  assert.doesNotMatch(answer.text, /hunter2/);
});

test('a database that is away is told as such, and when to come again', async t => {
  const gone = new AppError('database-unavailable', `cannot reach ${SECRET}`);
  const { office, cookie } = await failingOffice(t, gone);
  const answer = await ask(office, '/days', { accept: 'text/html', cookie });
  assert.equal(answer.statusCode, 503);
  assert.equal(answer.headers['retry-after'], '60');
  assert.match(answer.text, /<h1>The relay cannot work just now/);
  assert.doesNotMatch(answer.text, /hunter2/);
});

test('an address that cannot be read is told on a page and is no error in the log', async t => {
  const { office, logged } = await failingOffice(t, new Error(SECRET));
  const answer = await ask(office, '/stores/%ff', { accept: 'text/html' });
  assert.equal(answer.statusCode, 400);
  assert.match(answer.text, /<h1>This cannot be read/);
  assert.doesNotMatch(answer.text, /Reference/);
  assert.deepEqual(logged, []);
});
