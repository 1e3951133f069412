/** Coming in: the first admin's link, sign-in, throttling, sessions and their end, links. */
import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { offerSetUp } from '../../../relay/hq/set-up-link.ts';
import { type Office, PASSWORD, startOffice } from './office.ts';
import { alertIn, Visitor } from './visitor.ts';

/** A test with an office of its own. */
function officeTest(name: string, run: (office: Office) => Promise<void>): void {
  test(name, async () => {
    const office = await startOffice();
    try {
      await run(office);
    } finally {
      await office.stop();
    }
  });
}

const NEW_ADMIN = { email: 'Owner@Example.com', password: PASSWORD, repeat: PASSWORD };

function pathOf(link: string): string {
  const { pathname, search } = new URL(link);
  return `${pathname}${search}`;
}

officeTest('the set-up link makes the first admin, once', async office => {
  const link = pathOf(await office.setUpLink());
  const code = new URL(link, office.url).searchParams.get('code') ?? '';
  const visitor = new Visitor(office.url);
  const made = await visitor.post(link, '/setup', { ...NEW_ADMIN, code });
  assert.equal(made.location, '/settings');
  assert.equal((await visitor.get('/users')).status, 200);
  const again = await new Visitor(office.url).get(link);
  assert.equal(again.status, 404);
  assert.equal(await office.setUpLink(), '');
});

officeTest('the set-up link stands in a file that only its user may read', async office => {
  const logged: object[] = [];
  const log = { info: (fields: object) => void logged.push(fields), error: () => {} };
  const { mkdtemp } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const dataDir = await mkdtemp(`${tmpdir()}/tillbook-link-`);
  const options = { db: office.db, dataDir, publicUrl: 'http://hq.example', log, now: 0 };
  const path = (await offerSetUp(options)) ?? '';
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await readdir(dirname(path))).length, 1);
  assert.doesNotMatch(JSON.stringify(logged), /code=/);
});

officeTest('a wrong password stays at the sign-in and keeps the e-mail', async office => {
  await office.signedIn('viewer');
  const visitor = new Visitor(office.url);
  const answer = await visitor.signIn('viewer@example.com', 'wrong');
  assert.equal(answer.status, 200);
  assert.match(alertIn(answer.text), /Email or password is wrong/);
  assert.match(answer.text, /value="viewer@example.com"/);
  assert.match((await visitor.get('/days')).location, /^\/sign-in/);
});

officeTest('guessing is slowed down, and another address is not', async office => {
  await office.signedIn('viewer');
  const guesser = new Visitor(office.url);
  for (let tries = 0; tries < 8; tries += 1) await guesser.signIn('viewer@example.com', 'wrong');
  const refused = await guesser.signIn('viewer@example.com', PASSWORD);
  assert.equal(refused.status, 429);
  assert.match(alertIn(refused.text), /quarter of an hour/);
  const other = await guesser.signIn('other@example.com', 'wrong');
  assert.equal(other.status, 200);
});

officeTest('a session that was planted before the sign-in is worth nothing', async office => {
  const visitor = await office.signedIn('viewer');
  const before = visitor.cookies.get('tillbook');
  const fields = { email: 'viewer@example.com', password: PASSWORD };
  assert.equal((await visitor.post('/account', '/sign-in', fields)).location, '/days');
  assert.notEqual(visitor.cookies.get('tillbook'), before);
});

officeTest('the sign-in leads on inside the relay only', async office => {
  await office.signedIn('viewer');
  const fields = { email: 'viewer@example.com', password: PASSWORD };
  for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', '']) {
    const visitor = new Visitor(office.url);
    const answer = await visitor.post('/sign-in', '/sign-in', { ...fields, next });
    assert.equal(answer.location, '/days', next);
  }
  const visitor = new Visitor(office.url);
  const answer = await visitor.post('/sign-in', '/sign-in', { ...fields, next: '/stores' });
  assert.equal(answer.location, '/stores');
});

officeTest(
  'sign out ends the session, sign out everywhere those of other browsers',
  async office => {
    const here = await office.signedIn('viewer');
    const there = new Visitor(office.url);
    await there.signIn('viewer@example.com', PASSWORD);
    await here.post('/account', '/account/sign-out-everywhere');
    assert.equal((await here.get('/account')).status, 200);
    assert.match((await there.get('/account')).location, /^\/sign-in/);
    await here.post('/account', '/sign-out');
    assert.match((await here.get('/account')).location, /^\/sign-in/);
  },
);

officeTest('a new password needs the current one, and ends the other sessions', async office => {
  const visitor = await office.signedIn('viewer');
  const change = { password: 'another long one', repeat: 'another long one' };
  const wrong = await visitor.post('/account', '/account/password', { ...change, current: 'no' });
  assert.match(alertIn(wrong.text), /current password is wrong/);
  const right = await visitor.post('/account', '/account/password', {
    ...change,
    current: PASSWORD,
  });
  assert.equal(right.location, '/account');
  const again = await new Visitor(office.url).signIn('viewer@example.com', 'another long one');
  assert.equal(again.location, '/days');
});

officeTest('an invitation works once and gives the role it names', async office => {
  const admin = await office.signedIn('admin');
  await admin.post('/users', '/users/invite', { for: 'Mei', role: 'bookkeeper' });
  const { text } = await admin.get('/users');
  const link = /\/invite\?code=[A-Za-z0-9_-]+/.exec(text)?.[0] ?? '';
  assert.doesNotMatch((await admin.get('/users')).text, /code=/);
  const mei = new Visitor(office.url);
  const fields = { email: 'mei@example.com', password: PASSWORD, repeat: PASSWORD };
  const code = link.split('=')[1] ?? '';
  assert.equal((await mei.post(link, '/invite', { ...fields, code })).location, '/days');
  assert.equal((await mei.get('/users')).status, 403);
  assert.equal((await new Visitor(office.url).get(link)).status, 404);
});

officeTest('a password link sets a new password and ends all sessions', async office => {
  const admin = await office.signedIn('admin');
  const viewer = await office.signedIn('viewer');
  const users = (await office.db.list('users')).map(row => row.value);
  const id = users.find(user => user.role === 'viewer')?.id ?? '';
  await admin.post('/users', `/users/${id}/reset`);
  const link = /\/reset\?code=[A-Za-z0-9_-]+/.exec((await admin.get('/users')).text)?.[0] ?? '';
  const fields = {
    code: link.split('=')[1] ?? '',
    password: 'brand new one',
    repeat: 'brand new one',
  };
  const reset = await new Visitor(office.url).post(link, '/reset', fields);
  assert.equal(reset.location, '/days');
  assert.match((await viewer.get('/days')).location, /^\/sign-in/);
});

officeTest('the last admin stays an admin', async office => {
  const admin = await office.signedIn('admin');
  const id = (await office.db.list('users'))[0]?.key ?? '';
  for (const [path, fields] of [
    [`/users/${id}/remove`, {}],
    [`/users/${id}/role`, { role: 'viewer' }],
  ] as const) {
    const answer = await admin.post('/users', path, { ...fields });
    assert.match(alertIn(answer.text), /last admin/);
  }
  assert.equal((await admin.get('/users')).status, 200);
});

test('behind https the cookies are secure and bound to the host', async () => {
  const office = await startOffice({ publicUrl: 'https://books.example.com' });
  try {
    const visitor = await office.signedIn('viewer');
    assert.ok(visitor.cookies.has('__Host-tillbook'));
    const { headers } = await new Visitor(office.url).get('/sign-in');
    assert.match(headers.getSetCookie()[0] ?? '', /^__Host-tillbook-form=.*Secure; SameSite=Lax/);
    assert.match(headers.get('strict-transport-security') ?? '', /max-age=/);
  } finally {
    await office.stop();
  }
});
