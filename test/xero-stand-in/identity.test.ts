/**
 * Signing in at the Xero stand-in: consent in a browser's manner, codes, tokens, connections.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { XeroClient } from 'xero-node';
import { startXero, type Xero } from '../support/xero/server.ts';
import type { AppRegistration } from '../support/xero/types.ts';

const REDIRECT = 'http://localhost:8090/xero/callback';
const SCOPES =
  'offline_access accounting.invoices accounting.payments accounting.contacts accounting.settings.read';
const MINUTE_MS = 60_000;

interface Stand {
  readonly xero: Xero;
  readonly app: AppRegistration;
}

async function stand(t: { after: (work: () => Promise<void>) => void }): Promise<Stand> {
  const xero = await startXero();
  t.after(() => xero.stop());
  return { xero, app: xero.control.registerApp({ redirectUris: [REDIRECT] }) };
}

function asking({ app }: Stand, more: Record<string, string> = {}): URLSearchParams {
  return new URLSearchParams({
    client_id: app.clientId,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: SCOPES,
    state: 'a state',
    ...more,
  });
}

/** Presses a button of the consent page and returns where the browser is sent. */
async function press(it: Stand, action: 'allow' | 'cancel', organisations: string[]): Promise<URL> {
  const form = asking(it, { action });
  for (const id of organisations) form.append('organisation', id);
  const answer = await fetch(`${it.xero.url}/identity/connect/authorize`, {
    method: 'POST',
    body: form,
    redirect: 'manual',
  });
  assert.equal(answer.status, 302);
  return new URL(answer.headers.get('location') ?? '');
}

async function token(
  it: Stand,
  form: Record<string, string>,
  secret = it.app.clientSecret,
): Promise<{ status: number; body: Record<string, string> }> {
  const basic = Buffer.from(`${it.app.clientId}:${secret}`).toString('base64');
  const answer = await fetch(`${it.xero.url}/connect/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams(form),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
}

async function signIn(it: Stand): Promise<Record<string, string>> {
  const organisation = it.xero.control.organisations()[0]?.id ?? '';
  const code = (await press(it, 'allow', [organisation])).searchParams.get('code') ?? '';
  const grant = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT };
  return (await token(it, grant)).body;
}

test('the consent page names the app, its wishes and the organisations', async t => {
  const it = await stand(t);
  const answer = await fetch(`${it.xero.url}/identity/connect/authorize?${asking(it)}`);
  const html = await answer.text();
  assert.equal(answer.status, 200);
  for (const part of ['Tillbook rehearsal', 'Demo Company (SG)', 'Allow access', 'Cancel']) {
    assert.ok(html.includes(part), part);
  }
});

test('a wrong client, redirect or scope is refused on Xero’s page, not at the app', async t => {
  const it = await stand(t);
  const ask = async (more: Record<string, string>) => {
    const query = asking(it, more);
    const answer = await fetch(`${it.xero.url}/identity/connect/authorize?${query}`, {
      redirect: 'manual',
    });
    assert.equal(answer.status, 500);
    return await answer.text();
  };
  assert.match(await ask({ client_id: 'X' }), /unauthorized_client/);
  assert.match(await ask({ redirect_uri: `${REDIRECT}/` }), /Invalid redirect_uri/);
  assert.match(await ask({ scope: 'accounting.transactions' }), /invalid_scope/);
});

test('allowing brings back a code and the state, cancelling says access_denied', async t => {
  const it = await stand(t);
  const organisation = it.xero.control.organisations()[0]?.id ?? '';
  const allowed = await press(it, 'allow', [organisation]);
  assert.equal(allowed.searchParams.get('state'), 'a state');
  assert.ok(allowed.searchParams.get('code'));
  const denied = await press(it, 'cancel', [organisation]);
  assert.equal(denied.searchParams.get('error'), 'access_denied');
  assert.equal(denied.searchParams.get('code'), null);
});

test('a code works once, for five minutes, for its redirect only', async t => {
  const it = await stand(t);
  const organisation = it.xero.control.organisations()[0]?.id ?? '';
  const fresh = async () =>
    (await press(it, 'allow', [organisation])).searchParams.get('code') ?? '';
  const redeem = (code: string, redirect_uri = REDIRECT) =>
    token(it, { grant_type: 'authorization_code', code, redirect_uri });
  const code = await fresh();
  assert.equal((await redeem(code)).status, 200);
  assert.deepEqual(await redeem(code), { status: 400, body: { error: 'invalid_grant' } });
  assert.equal((await redeem(await fresh(), 'http://localhost/other')).status, 400);
  const late = await fresh();
  it.xero.control.advance({ ms: 5 * MINUTE_MS });
  assert.equal((await redeem(late)).body['error'], 'invalid_grant');
});

test('a client may authenticate by header or by form; a wrong secret is invalid_client', async t => {
  const it = await stand(t);
  const { refresh_token = '' } = await signIn(it);
  const form = { grant_type: 'refresh_token', refresh_token };
  assert.deepEqual(await token(it, form, 'wrong'), {
    status: 401,
    body: { error: 'invalid_client' },
  });
  const posted = await fetch(`${it.xero.url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      ...form,
      client_id: it.app.clientId,
      client_secret: it.app.clientSecret,
    }),
  });
  assert.equal(posted.status, 200);
});

test('a refresh token rotates; the old one works 30 minutes more and then no longer', async t => {
  const it = await stand(t);
  const { refresh_token: first = '', expires_in } = await signIn(it);
  assert.equal(expires_in, 1800);
  const refresh = (refresh_token: string) =>
    token(it, { grant_type: 'refresh_token', refresh_token });
  const second = (await refresh(first)).body['refresh_token'] ?? '';
  assert.notEqual(second, first);
  it.xero.control.advance({ ms: 29 * MINUTE_MS });
  assert.equal((await refresh(first)).status, 200);
  it.xero.control.advance({ ms: MINUTE_MS });
  assert.equal((await refresh(first)).body['error'], 'invalid_grant');
  assert.equal((await refresh(second)).status, 200);
});

test('a refresh token dies after 60 days without use', async t => {
  const it = await stand(t);
  const { refresh_token = '' } = await signIn(it);
  it.xero.control.advance({ ms: 60 * 24 * 60 * MINUTE_MS });
  const { body } = await token(it, { grant_type: 'refresh_token', refresh_token });
  assert.equal(body['error'], 'invalid_grant');
});

test('a lost answer to a refresh leaves the old token usable', async t => {
  const it = await stand(t);
  const { refresh_token = '' } = await signIn(it);
  it.xero.control.fault({ path: '/connect/token', when: 'after', answer: { kind: 'lost' } });
  const form = { grant_type: 'refresh_token', refresh_token };
  await assert.rejects(token(it, form));
  assert.equal((await token(it, form)).status, 200);
});

test('connections list what was allowed; a deleted one is gone and its calls are forbidden', async t => {
  const it = await stand(t);
  const { access_token } = await signIn(it);
  const headers = { authorization: `Bearer ${access_token}` };
  const list = async () =>
    (await (await fetch(`${it.xero.url}/connections`, { headers })).json()) as {
      id: string;
      tenantId: string;
      tenantName: string;
    }[];
  const [connection] = await list();
  assert.equal(connection?.tenantName, 'Demo Company (SG)');
  const organisation = () =>
    fetch(`${it.xero.url}/api.xro/2.0/Organisation`, {
      headers: { ...headers, 'xero-tenant-id': connection?.tenantId ?? '' },
    });
  assert.equal((await organisation()).status, 200);
  const gone = `${it.xero.url}/connections/${connection?.id}`;
  assert.equal((await fetch(gone, { method: 'DELETE', headers })).status, 204);
  assert.equal((await fetch(gone, { method: 'DELETE', headers })).status, 404);
  assert.deepEqual(await list(), []);
  const refused = await organisation();
  assert.equal(refused.status, 403);
  assert.equal(((await refused.json()) as { Detail: string }).Detail, 'AuthenticationUnsuccessful');
});

test('revoking the refresh token ends the tokens and the connections', async t => {
  const it = await stand(t);
  const { access_token, refresh_token = '' } = await signIn(it);
  const { clientId, clientSecret } = it.app;
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const revoked = await fetch(`${it.xero.url}/connect/revocation`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ token: refresh_token }),
  });
  assert.equal(revoked.status, 200);
  const form = { grant_type: 'refresh_token', refresh_token };
  assert.equal((await token(it, form)).body['error'], 'invalid_grant');
  const headers = { authorization: `Bearer ${access_token}` };
  assert.equal((await fetch(`${it.xero.url}/connections`, { headers })).status, 401);
  assert.deepEqual(it.xero.control.connections(), []);
});

/** xero-node's own OAuth client, pointed at the stand-in instead of being discovered. */
function sdkClient({ xero, app }: Stand): XeroClient {
  const requireOf = createRequire(createRequire(import.meta.url).resolve('xero-node'));
  const { Issuer } = requireOf('openid-client');
  const issuer = new Issuer({
    issuer: xero.url,
    authorization_endpoint: `${xero.url}/identity/connect/authorize`,
    token_endpoint: `${xero.url}/connect/token`,
    revocation_endpoint: `${xero.url}/connect/revocation`,
  });
  const { clientId, clientSecret } = app;
  const config = { clientId, clientSecret, redirectUris: [REDIRECT], state: 'a state' };
  const client = new XeroClient({ ...config, scopes: SCOPES.split(' ') });
  client.openIdClient = new issuer.Client({
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [REDIRECT],
  });
  return client;
}

test('xero-node’s own client signs in, refreshes and revokes', async t => {
  const it = await stand(t);
  const client = sdkClient(it);
  const asked = new URL(await client.buildConsentUrl());
  assert.equal(asked.searchParams.get('scope'), SCOPES);
  const organisation = it.xero.control.organisations()[0]?.id ?? '';
  const back = await press(it, 'allow', [organisation]);
  const first = await client.apiCallback(back.href);
  client.accountingApi.basePath = `${it.xero.url}/api.xro/2.0`;
  const { body } = await client.accountingApi.getOrganisations(organisation);
  assert.equal(body.organisations?.[0]?.name, 'Demo Company (SG)');
  const second = await client.refreshToken();
  assert.notEqual(second.refresh_token, first.refresh_token);
  await client.revokeToken();
  assert.deepEqual(it.xero.control.connections(), []);
});

test('an app connects no more organisations than its tier allows', async t => {
  const it = await stand(t);
  it.xero.control.setLimits({ connections: 1 });
  const [one = '', two = ''] = it.xero.control.organisations().map(({ id }) => id);
  await press(it, 'allow', [one]);
  await press(it, 'allow', [one]);
  const form = asking(it, { action: 'allow', organisation: two });
  const url = `${it.xero.url}/identity/connect/authorize`;
  assert.equal((await fetch(url, { method: 'POST', body: form })).status, 500);
  assert.equal(it.xero.control.connections().length, 1);
});
