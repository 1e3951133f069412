/** The seven steps as forms: what is wrong is said with its fix, what was typed is kept. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { businessDateOf } from '../../../protocol/business-date.ts';
import { APP, type Office, startOffice } from './office.ts';
import { alertIn, type Visitor } from './visitor.ts';

let office: Office;
let admin: Visitor;
before(async () => {
  office = await startOffice();
  admin = await office.signedIn('admin');
  const store = { timezone: 'Asia/Singapore', currency: 'SGD', cutOver: '04:00' };
  await admin.post('/stores', '/stores', { name: 'Orchard Road', ...store });
});
after(async () => await office.stop());

/** Submit, and the answer that Xero gives the browser. */
async function consent(
  decision: 'allow' | 'deny',
  secret = APP.clientSecret,
  { visitor = admin, ticked = ' checked' } = {},
): Promise<string> {
  const { clientId } = APP;
  const fields = { clientId, clientSecret: secret };
  const submitted = await visitor.post('/settings', '/settings/connect', fields);
  assert.equal(submitted.status, 303, submitted.text);
  const authorize = new URL(submitted.location);
  const back = new URL(authorize.searchParams.get('redirect_uri') ?? '');
  const state = authorize.searchParams.get('state') ?? '';
  if (decision === 'deny') {
    back.search = new URLSearchParams({ error: 'access_denied', state }).toString();
  } else {
    const form = await (await fetch(authorize)).text();
    back.search = new URL(await allow(authorize, form, ticked)).search;
  }
  return `${back.pathname}${back.search}`;
}

/** Presses Allow access with what is ticked, and what holds `ticked`, too; gives the address it leads to. */
async function allow(authorize: URL, html: string, ticked: string): Promise<string> {
  const action = /<form[^>]*action="([^"]*)"/.exec(html)?.[1] ?? authorize.href;
  const fields = new URLSearchParams();
  for (const [tag] of html.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1];
    const isLeft = ![' checked', ticked].some(text => tag.includes(text));
    if (tag.includes('checkbox') && isLeft) continue;
    if (name !== undefined) fields.append(name, /value="([^"]*)"/.exec(tag)?.[1] ?? '');
  }
  for (const [, name, value] of html.matchAll(/<button[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)) {
    if (/allow/i.test(value ?? '')) fields.append(name ?? '', value ?? '');
  }
  const url = new URL(action.replaceAll('&amp;', '&'), authorize);
  const answer = await fetch(url, { method: 'POST', body: fields, redirect: 'manual' });
  return answer.headers.get('location') ?? '';
}

test('the guide shows the exact values for the New app form', async () => {
  const { text } = await admin.get('/settings');
  assert.ok(text.includes(`<code>${office.url}/xero/callback</code>`));
  const name = /App name[\s\S]*?<code>([^<]*)<\/code>/.exec(text)?.[1] ?? '';
  assert.doesNotMatch(name, /xero/i);
  assert.match(text, /Invalid redirect_uri<\/strong>: the Redirect URI in the app/);
  assert.match(text, /<label for="f-clientId">Client ID<\/label>/);
  assert.match(text, /<label for="f-clientSecret">Client Secret<\/label>/);
});

test('access denied at Xero comes back as a sentence, and the code is in no address', async () => {
  const back = await admin.get(await consent('deny'));
  assert.equal(back.location, '/settings');
  assert.match(alertIn((await admin.get('/settings')).text), /access/i);
});

test('whatever Xero refuses with comes back as a sentence with the fix', async () => {
  for (const [word, fix] of [
    ['invalid_scope', /all permissions/],
    ['unauthorized_client', /must be of type Web app/],
    ['invalid_request', /Redirect URI in the Xero app must be exactly/],
    ['invalid_client', /copy both again/i],
    ['temporarily_unavailable', /Xero/],
    ['something_new', /press Submit again/i],
  ] as const) {
    const denied = new URL(await consent('deny'), office.url);
    denied.searchParams.set('error', word);
    assert.equal((await admin.get(denied.pathname + denied.search)).location, '/settings');
    assert.match(alertIn((await admin.get('/settings')).text), fix, word);
  }
});

test('a callback without a state, or with one of another user, is refused', async () => {
  for (const path of ['/xero/callback', '/xero/callback?code=x&state=unknown']) {
    assert.equal((await admin.get(path)).location, '/settings');
    assert.notEqual(alertIn((await admin.get('/settings')).text), '');
  }
  const other = await office.signedIn('admin', 'other@example.com');
  await other.get(await consent('allow'));
  assert.notEqual(alertIn((await other.get('/settings')).text), '');
  assert.doesNotMatch((await other.get('/settings')).text, />Connected</);
});

test('what was allowed in one consent is offered, each with its accounts; no other', async t => {
  const wide = await startOffice();
  t.after(() => wide.stop());
  const visitor = await wide.signedIn('admin');
  const { control } = wide.standIn;
  const second = control.addOrganisation({ key: 'second', name: 'Second Company' });
  control.addOrganisation({ key: 'private', name: 'Private Company' });
  await visitor.get(await consent('allow', APP.clientSecret, { visitor, ticked: second.id }));
  const { text } = await visitor.get('/settings');
  assert.match(text, /role="status">Xero is connected: Demo Company \(SG\), Second Company/);
  assert.match(text, new RegExp(`<option value="${second.id}"`));
  assert.doesNotMatch(text, /Private Company/);
  assert.match(factIn(text, 'Calls left today'), / for Demo Company \(SG\), .* for Second Company/);
  assert.equal((await wide.db.list('charts')).length, 2);
});

test('a wrong secret is told as such, and the right one connects', async () => {
  await admin.get(await consent('allow', 'not-the-secret'));
  assert.match(alertIn((await admin.get('/settings')).text), /Client Secret/);
  await admin.get(await consent('allow'));
  const { text } = await admin.get('/settings');
  assert.match(text, />Connected</);
  assert.match(text, /role="status">Xero is connected: Demo Company \(SG\)/);
  assert.ok(!text.includes(APP.clientSecret));
});

test('one glance tells how the connection does: last call, calls left, age of the token', async () => {
  const { text } = await admin.get('/settings');
  assert.match(factIn(text, 'Last call'), /^less than a minute ago/);
  assert.match(factIn(text, 'Calls left today'), /^[\d,]+$/);
  assert.match(factIn(text, 'Token'), /^renewed less than a minute ago \(ends in 60 days/);
});

/** What stands beside a name in a list of facts. */
function factIn(html: string, name: string): string {
  const value = new RegExp(`<dt>${name}</dt>\\s*<dd>([\\s\\S]*?)</dd>`).exec(html)?.[1] ?? '';
  return value.replaceAll(/<[^>]+>/g, '').trim();
}

async function choose(name: RegExp): Promise<string> {
  const { text } = await admin.get('/settings');
  for (const [, value, label] of text.matchAll(/<option value="([^"]*)"[^>]*>([^<]*)</g)) {
    if (name.test(label ?? '')) return value ?? '';
  }
  return '';
}

test('the lists offer only what Xero takes in that place, name first', async () => {
  const { text } = await admin.get('/settings');
  const list = (name: string) =>
    new RegExp(`name="${name}"[\\s\\S]*?</select>`).exec(text)?.[0] ?? '';
  assert.match(list('products'), />Sales \(200\)</);
  assert.doesNotMatch(list('products'), /Business Bank Account|Accounts Receivable/);
  assert.match(list('payment'), />Business Bank Account \(090\)</);
  assert.doesNotMatch(list('payment'), />Sales \(200\)</);
});

test('Save without choices names every field and keeps what was chosen', async () => {
  const organisation = await choose(/^Demo Company/);
  const answer = await admin.post('/settings', '/settings', {
    store: 'orchard-road',
    organisation,
  });
  assert.match(alertIn(answer.text), /Accounts for Products.*Default Payment Account/);
  assert.match(answer.text, /<option value="orchard-road" selected/);
  assert.match(answer.text, /id="f-products"[^>]*aria-invalid="true"/);
});

test('a forged account that Xero would refuse is refused with the field', async () => {
  const chart = (await office.db.list('charts'))[0]?.value;
  const bank = chart?.accounts.find(({ type }) => type === 'BANK')?.id ?? '';
  const organisation = chart?.organisation.id ?? '';
  const payment = await choose(/^Card Clearing/);
  const fields = { store: 'orchard-road', organisation, products: bank, payment };
  const answer = await admin.post('/settings', '/settings', fields);
  assert.match(alertIn(answer.text), /bank account/);
});

test('Save shows what was chosen, and posts from the store’s business date', async () => {
  const fields = {
    store: 'orchard-road',
    organisation: await choose(/^Demo Company/),
    products: await choose(/^Sales \(200\)/),
    payment: await choose(/^Card Clearing/),
  };
  assert.equal((await admin.post('/settings', '/settings', fields)).location, '/settings');
  const { text } = await admin.get('/settings');
  assert.match(text, /role="status">Saved: Orchard Road goes to Demo Company/);
  assert.match(text, new RegExp(`<option value="${fields.payment}" selected`));
  const store = await office.db.get('stores', 'orchard-road');
  assert.equal(store?.books?.postFrom, store && businessDateOf(Date.now(), store));
  assert.equal(store?.books?.mapping.payment, fields.payment);
});
