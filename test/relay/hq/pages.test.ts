/** The pages of stores, days and mappings: what they show, what they let do, what cannot break them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY_STATES } from '../../../protocol/agent-relay.ts';
import { findApiToken } from '../../../relay/hq/api/tokens.ts';
import { dateOf, FORMULA, fillOffice, NASTY } from './filled-office.ts';
import { type Office, startOffice } from './office.ts';
import { alertIn, proofIn, type Visitor } from './visitor.ts';

let office: Office;
let admin: Visitor;
const NOW = Date.parse('2026-11-23T08:00:00Z');
before(async () => {
  office = await startOffice({ now: () => NOW });
  admin = await office.signedIn('admin');
  await fillOffice(office.db, NOW);
});
after(async () => await office.stop());

const DAY = (state: (typeof DAY_STATES)[number]) => `/days/orchard/${dateOf(state)}`;

test('the enrolment code is shown once, with the command to type in the shop', async () => {
  const store = { name: 'Tampines', timezone: 'Asia/Singapore', currency: 'sgd', cutOver: '04:00' };
  const added = await admin.post('/stores', '/stores', store);
  assert.equal(added.location, '/stores/tampines');
  const { text } = await admin.get(added.location);
  const code = /class="secret">([^<]+)</.exec(text)?.[1] ?? '';
  assert.ok(text.includes(`tillbook-agent enrol --relay ${office.url} --code ${code}`));
  assert.match(text, /role="img" aria-label="QR code[^>]*><svg/);
  assert.ok(!(await admin.get(added.location)).text.includes(code));
});

test('a store with a wrong zone names the field and keeps what was typed', async () => {
  const store = { name: 'Bedok', timezone: 'Singapore/Bedok', currency: 'SGD', cutOver: '00:00' };
  const { text } = await admin.post('/stores', '/stores', store);
  assert.match(alertIn(text), /time zone/);
  assert.match(text, /href="#f-timezone"/);
  assert.match(text, /value="Bedok"/);
});

test('a store is closed for good only by its name', async () => {
  const page = '/stores/tampines';
  const wrong = await admin.post(page, `${page}/close`, { confirm: 'tampines' });
  assert.match(alertIn(wrong.text), /Type “Tampines”/);
  const right = await admin.post(page, `${page}/close`, { confirm: 'Tampines' });
  assert.equal(right.location, '/stores');
  assert.notEqual((await office.db.get('stores', 'tampines'))?.closedAt, undefined);
});

test('the list of days links to every day and tells the reason of one that waits', async () => {
  const { text } = await admin.get('/days');
  for (const state of DAY_STATES) assert.ok(text.includes(`href="${DAY(state)}"`), state);
  assert.match(text, /3 days need somebody/);
  assert.match(text, /Nothing is chosen for/);
  const waiting = await admin.get('/days?state=waiting');
  assert.ok(waiting.text.includes(DAY('waiting')));
  assert.ok(!waiting.text.includes(DAY('reconciled')));
});

test('how many alerts are open stands beside Alerts on every page', async () => {
  const counted = /href="\/alerts"[^>]*>Alerts<span class="count">1<span class="unseen"> open</;
  assert.match((await admin.get('/days')).text, counted);
  const { text } = await admin.get('/alerts');
  assert.match(text, /has not called for 2 hours/);
  assert.ok(!text.includes(NASTY));
});

test('names from the tills break no page', async () => {
  const pages = ['/days', '/stores', '/stores/orchard', '/mapping/orchard', '/audit', '/calendar'];
  for (const path of [...pages, ...DAY_STATES.map(DAY)]) {
    const { text, status } = await admin.get(path);
    assert.equal(status, 200, path);
    assert.ok(!text.includes(NASTY), path);
  }
});

test('the CSV gives a spreadsheet no formula to run', async () => {
  const { text, headers } = await admin.get('/days.csv');
  assert.match(headers.get('content-disposition') ?? '', /attachment; filename=days\.csv/);
  assert.ok(text.includes('Orchard =HYPERLINK'));
  await admin.post('/users', '/users/invite', { for: FORMULA, role: 'viewer' });
  const audit = (await admin.get('/audit.csv')).text;
  assert.doesNotMatch(audit, /(?:^|,)"?[=+@-]/m);
});

test('a reconciled day shows the four-way comparison and the way into Xero', async () => {
  const { text } = await admin.get(DAY('reconciled'));
  assert.match(text, /aria-label="Four-way comparison"/);
  assert.match(text, /All four agree to the cent/);
  assert.match(text, /href="[^"]*View\.aspx\?InvoiceID=0f4b1c2d/);
  assert.match(text, /904–906/);
});

test('a day that waits shows the invoice as it will be', async () => {
  const { text } = await admin.get(DAY('waiting'));
  assert.match(text, /As Xero will see it/);
  assert.match(text, /TB-orchard-20261102/);
});

test('Retry, Hold, Release and Post reach the books with the name of who pressed', async () => {
  for (const action of ['retry', 'hold', 'release', 'post'] as const) {
    const done = await admin.post(DAY('waiting'), `${DAY('waiting')}/${action}`);
    assert.equal(done.location, DAY('waiting'));
    assert.deepEqual(office.acted.at(-1), {
      ...{ action, store: 'orchard', date: dateOf('waiting') },
      who: 'admin@example.com',
    });
  }
  const { text } = await (await office.signedIn('viewer')).get(DAY('waiting'));
  assert.doesNotMatch(text, />Retry</);
});

test('a signed summary is downloaded as it came, and only from its own day', async () => {
  const digest = 'd'.repeat(43);
  const summary = { store: 'orchard', date: dateOf('reconciled'), revision: 1, number: 1 };
  await office.db.write(tx =>
    tx.put('summaries', `orchard/${digest}`, {
      ...summary,
      ...{ jws: 'a.b.c', receipt: '', verdict: 'accepted', receivedAt: '', moves: true },
    }),
  );
  const answer = await admin.get(`${DAY('reconciled')}/${digest}.jws`);
  assert.equal(answer.text, 'a.b.c');
  assert.equal((await admin.get(`${DAY('waiting')}/${digest}.jws`)).status, 404);
});

test('every name seen at the tills can be mapped, whatever it is called', async () => {
  const page = await admin.get('/mapping/orchard');
  assert.match(page.text, /“ZERO”/);
  const fields: Record<string, string> = { _proof: proofIn(page.text) };
  for (const [, name, value] of page.text.matchAll(/name="([^"]+\.name)" value="([^"]*)"/g)) {
    fields[name ?? ''] = (value ?? '').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
    if (name?.startsWith('categories')) fields[name.replace('.name', '.to')] = 'id-201';
  }
  Object.assign(fields, { products: 'id-200', payment: 'id-616', prefix: 'TB', noTax: 'NONE' });
  const saved = await admin.postBare('/mapping/orchard', fields);
  assert.equal(saved.location, '/mapping/orchard', alertIn(saved.text));
  const mapping = (await office.db.get('stores', 'orchard'))?.books?.mapping;
  assert.equal(mapping?.payment, 'id-616');
  assert.equal(mapping?.categories[NASTY]?.account, 'id-201');
});

test('what the nightly check found stands on the store’s and the mapping’s page until Save', async () => {
  const message = 'The account 615 is archived in Xero.';
  await office.db.write(async tx => {
    const store = await tx.get('stores', 'orchard');
    if (store?.books === undefined) throw new Error('no books');
    const problems = [{ code: 'account-archived', message, fix: 'Choose another account.' }];
    await tx.put('stores', 'orchard', { ...store, books: { ...store.books, problems } });
  });
  for (const page of ['/stores/orchard', '/mapping/orchard']) {
    assert.ok((await admin.get(page)).text.includes(message), page);
  }
  const fields = { products: 'id-200', payment: 'id-616', prefix: 'TB' };
  const saved = await admin.post('/mapping/orchard', '/mapping/orchard', fields);
  assert.equal(saved.location, '/mapping/orchard', alertIn(saved.text));
  assert.ok(!(await admin.get('/mapping/orchard')).text.includes(message));
});

test('a mapping that Xero would refuse is not saved', async () => {
  const fields = { products: 'id-090', payment: 'id-200', prefix: 'no spaces!' };
  const wrong = await admin.post('/mapping/orchard', '/mapping/orchard', fields);
  assert.match(alertIn(wrong.text), /number prefix/);
  const again = { ...fields, prefix: 'TB' };
  const refused = await admin.post('/mapping/orchard', '/mapping/orchard', again);
  assert.match(alertIn(refused.text), /bank account.*does not take payments/);
});

test('HQ asks a shop to close its day, twice is once; days before the connection are posted', async () => {
  await admin.post('/stores/orchard', '/stores/orchard/close-day');
  await admin.post('/stores/orchard', '/stores/orchard/close-day');
  const { commands = [] } = (await office.db.get('stores', 'orchard')) ?? {};
  assert.deepEqual(
    commands.map(({ kind }) => kind),
    ['close'],
  );
  const range = { from: '2026-10-01', to: '2026-10-31' };
  const posted = await admin.post('/stores/orchard', '/stores/orchard/post-range', range);
  assert.equal(posted.location, '/stores/orchard');
  assert.equal(office.acted.at(-1)?.date, '2026-10-01/2026-10-31');
  const wrong = await admin.post('/stores/orchard', '/stores/orchard/post-range', { from: 'x' });
  assert.match(alertIn(wrong.text), /first day/);
});

test('an API token is shown once, and revoked with a button', async () => {
  const made = await admin.post('/users', '/users/tokens', {
    name: 'reporting',
    tokenRole: 'viewer',
  });
  assert.equal(made.location, '/users');
  const token = /tb_reporting_[\w-]{43}/.exec((await admin.get('/users')).text)?.[0] ?? '';
  assert.equal((await findApiToken(office.db, token))?.role, 'viewer');
  assert.ok(!(await admin.get('/users')).text.includes(token));
  await admin.post('/users', '/users/tokens/reporting/revoke');
  assert.equal(await findApiToken(office.db, token), undefined);
  const wrong = await admin.post('/users', '/users/tokens', { name: 'a b', tokenRole: 'viewer' });
  assert.match(alertIn(wrong.text), /letters, digits/);
});

test('a webhook’s secret is shown once, on a page that a reload does not send again', async () => {
  const added = await admin.post('/alerts', '/alerts/webhooks', { url: 'https://hooks.example/t' });
  assert.deepEqual([added.status, added.location], [303, '/alerts']);
  const secret = /whsec_[^<]+/.exec((await admin.get('/alerts')).text)?.[0] ?? '';
  assert.ok(secret.length > 30);
  const again = await admin.get('/alerts');
  assert.ok(again.text.includes('https://hooks.example/t') && !again.text.includes(secret));
});

test('the calendar shows every state by a sign and a word', async () => {
  const { text } = await admin.get('/calendar?month=2026-11');
  assert.match(text, /aria-label="Reconciled" title="Reconciled">✓</);
  assert.match(text, /aria-label="Missing" title="Missing">\?</);
  assert.match(text, /○/);
  assert.equal((await admin.get('/calendar?month=2026-13')).status, 200);
});

test('what is not there is said on a page, not in a stack trace', async () => {
  const browser = await fetch(`${office.url}/nothing`, { headers: { accept: 'text/html' } });
  assert.match(await browser.text(), /There is no such page/);
  for (const path of ['/days/orchard/2031-01-01', '/days/orchard/yesterday', '/stores/__proto__']) {
    const { status, text } = await admin.get(path);
    assert.equal(status, 404, path);
    assert.match(text, /role="alert"/);
    assert.doesNotMatch(text, /node_modules|\.js:/);
  }
});
