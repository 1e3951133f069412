/** The second step of the sign-in: a stolen password alone opens nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { type Office, PASSWORD, startOffice } from './office.ts';
import { alertIn, Visitor } from './visitor.ts';

let office: Office;
let now = Date.parse('2026-11-23T08:00:10Z');
let secret = '';
before(async () => {
  office = await startOffice({ now: () => now });
  const viewer = await office.signedIn('viewer');
  await viewer.post('/account', '/account/second-step/begin');
  const { text } = await viewer.get('/account');
  secret = /<code>([A-Z2-7]{32})<\/code>/.exec(text)?.[1] ?? '';
  const wrong = await viewer.post('/account', '/account/second-step/on', { code: '000000' });
  assert.match(alertIn(wrong.text), /not the code/);
  const on = await viewer.post('/account', '/account/second-step/on', { code: codeAt(now) });
  assert.equal(on.location, '/account');
});
after(async () => await office.stop());

/** What the app on the telephone shows. */
function codeAt(timestamp: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp });
}

async function withPassword(): Promise<Visitor> {
  const visitor = new Visitor(office.url);
  const answer = await visitor.signIn('viewer@example.com', PASSWORD);
  assert.match(answer.location, /^\/sign-in\/code/);
  return visitor;
}

test('the password alone opens no page', async () => {
  const visitor = await withPassword();
  assert.match((await visitor.get('/days')).location, /^\/sign-in/);
  const wrong = await visitor.post('/sign-in/code', '/sign-in/code', { code: '123' });
  assert.match(alertIn(wrong.text), /not the code of now/);
  assert.match((await visitor.get('/days')).location, /^\/sign-in/);
});

test('the code of now opens, and opens once', async () => {
  now += 60_000;
  const first = await withPassword();
  const code = codeAt(now);
  assert.equal((await first.post('/sign-in/code', '/sign-in/code', { code })).location, '/days');
  assert.equal((await first.get('/days')).status, 200);
  const second = await withPassword();
  const again = await second.post('/sign-in/code', '/sign-in/code', { code });
  assert.match(alertIn(again.text), /works once/);
});

test('a code that comes five minutes after the password is too late', async () => {
  now += 60_000;
  const visitor = await withPassword();
  now += 6 * 60_000;
  const late = await visitor.post('/sign-in/code', '/sign-in/code', { code: codeAt(now) });
  assert.equal(late.location, '/sign-in');
});

test('the secret stands nowhere in the open, and an admin can turn the step off', async () => {
  const user = (await office.db.list('users')).find(row => row.value.role === 'viewer')?.value;
  assert.ok(!JSON.stringify(await office.db.list('users')).includes(secret));
  assert.ok(!JSON.stringify(await office.db.list('sessions')).includes(secret));
  const admin = await office.signedIn('admin');
  await admin.post('/users', `/users/${user?.id}/second-step-off`);
  const visitor = new Visitor(office.url);
  assert.equal((await visitor.signIn('viewer@example.com', PASSWORD)).location, '/days');
});
