/**
 * Who gets in and what they may do: every route of the table is tried without a session, without a
 * proof and with too low a role, so that a new page is covered by itself.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { request } from 'undici';
import { mayDo } from '../../../relay/hq/call.ts';
import { hqRoutes } from '../../../relay/hq/pages.ts';
import type { Route } from '../../../relay/hq/routes/route.ts';
import { type Office, startOffice } from './office.ts';
import { Visitor } from './visitor.ts';

let office: Office;
before(async () => {
  office = await startOffice();
});
after(async () => await office.stop());

const routes = hqRoutes();

/** An address that the route answers. */
function addressOf({ path }: Route): string {
  return path.replaceAll(':date', '2026-11-21').replaceAll(/:[a-z]+/g, 'orchard');
}

test('without a session every page but those at the door leads to the sign-in', async () => {
  const visitor = new Visitor(office.url);
  await visitor.get('/sign-in');
  for (const route of routes.filter(({ needs }) => needs !== 'nobody')) {
    const answer =
      route.method === 'get'
        ? await visitor.get(addressOf(route))
        : await visitor.post('/sign-in', addressOf(route));
    assert.equal(answer.status, 303, route.path);
    assert.match(answer.location, /^\/sign-in/, route.path);
  }
});

test('no form changes anything without its proof, whoever sends it', async () => {
  const admin = await office.signedIn('admin', 'proof@example.com');
  for (const route of routes.filter(({ method }) => method === 'post')) {
    for (const fields of [{}, { _proof: '' }, { _proof: 'A'.repeat(43) }]) {
      const { status } = await admin.postBare(addressOf(route), fields);
      assert.equal(status, 403, `${route.path} ${JSON.stringify(fields)}`);
    }
  }
});

test('a proof of another session is worth nothing', async () => {
  const [one, other] = [
    await office.signedIn('admin', 'one@example.com'),
    await office.signedIn('admin', 'other@example.com'),
  ];
  const { text } = await one.get('/account');
  const proof = /name="_proof" value="([^"]+)"/.exec(text)?.[1] ?? '';
  const answer = await other.postBare('/account/sign-out-everywhere', { _proof: proof });
  assert.equal(answer.status, 403);
});

for (const role of ['viewer', 'bookkeeper'] as const) {
  test(`a ${role} is refused what needs more`, async () => {
    const visitor = await office.signedIn(role);
    const closed = routes.filter(({ needs }) => needs !== 'nobody' && !mayDo(role, needs));
    assert.ok(closed.length > 5);
    for (const route of closed) {
      const path = addressOf(route);
      const answer =
        route.method === 'get' ? await visitor.get(path) : await visitor.post('/account', path);
      assert.equal(answer.status, 403, `${route.method} ${path}`);
      assert.match(answer.text, /role="alert"/);
    }
  });
}

test('every page comes with the strict policy and is kept by no cache', async () => {
  const { headers } = await new Visitor(office.url).get('/sign-in');
  const policy = headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.ok(policy.includes(`form-action 'self' ${office.standIn.url}`), policy);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(headers.get('cache-control'), 'no-store');
});

test('a browser that came by another name of this machine is sent to the public one', async () => {
  const { port } = new URL(office.url);
  const html = { accept: 'text/html', host: `localhost:${port}` };
  const answer = await request(`${office.url}/days?state=waiting`, { headers: html });
  assert.equal(answer.headers['location'], `${office.url}/days?state=waiting`);
  await answer.body.dump();
  const elsewhere = await request(`${office.url}//evil.example/x`, { headers: html });
  assert.ok(String(elsewhere.headers['location']).startsWith(`${office.url}/`));
  await elsewhere.body.dump();
  const stranger = { accept: 'text/html', host: 'evil.example' };
  const plain = await request(`${office.url}/sign-in`, { headers: stranger });
  assert.equal(plain.statusCode, 200);
  await plain.body.dump();
});
