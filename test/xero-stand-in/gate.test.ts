/**
 * What stands before every call at the Xero stand-in: tokens, scopes, limits, idempotency keys;
 * and the trouble that tests can order.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiFor, invoice, makeStage, pay, payment, post, refusal } from './client.ts';

const MINUTE_MS = 60_000;

test('an expired access token, a foreign organisation and a missing scope are refused', async t => {
  const stage = await makeStage(t);
  const elsewhere = { 'xero-tenant-id': '00000000-0000-4000-8000-000000000000' };
  assert.equal((await stage.call('GET', '/Organisation', { headers: elsewhere })).status, 403);
  const clientId = stage.xero.world.apps[0]?.clientId ?? '';
  const scopes = ['accounting.payments', 'accounting.settings.read'];
  const narrow = String(stage.xero.control.grant({ clientId, scopes })['access_token']);
  const api = apiFor(stage.xero, narrow);
  assert.equal((await refusal(api.getInvoices(stage.org))).status, 401);
  assert.equal((await api.getOrganisations(stage.org)).body.organisations?.length, 1);
  stage.xero.control.advance({ ms: 30 * MINUTE_MS });
  const expired = await refusal(stage.api.getOrganisations(stage.org));
  assert.equal(expired.status, 401);
  assert.match(String(expired.body['Detail']), /TokenExpired/);
});

test('the same key and bytes repeat the first answer and make nothing new', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [10]));
  const send = (amount: number) =>
    stage.api.createPayments(
      stage.org,
      { payments: [payment(made.invoiceID, '620', amount)] },
      true,
      'key-1',
    );
  const first = await send(4);
  const second = await send(4);
  assert.equal(second.body.payments?.[0]?.paymentID, first.body.payments?.[0]?.paymentID);
  assert.equal(stage.xero.control.payments().length, 1);
  const other = await refusal(send(5));
  assert.equal(other.status, 400);
  assert.match(String(other.body['Message']), /different request/);
  stage.xero.control.advance({ ms: 6 * MINUTE_MS });
  await send(4);
  assert.equal(stage.xero.control.payments().length, 2);
});

test('errors are remembered with their key too', async t => {
  const stage = await makeStage(t);
  stage.xero.control.archiveAccount({ code: '201' });
  const invoices = [invoice(stage, 'TB-1', [10])];
  const send = (key: string) =>
    stage.api.createInvoices(stage.org, { invoices }, true, undefined, key);
  await refusal(send('key-1'));
  stage.xero.control.restoreAccount({ code: '201' });
  assert.match((await refusal(send('key-1'))).text, /archived/);
  await send('key-2');
  assert.equal((await refusal(send('k'.repeat(129)))).status, 400);
});

test('what is left is in the headers; the 61st call in a minute waits', async t => {
  const stage = await makeStage(t);
  const { response } = await stage.api.getOrganisations(stage.org);
  assert.equal(response.headers['x-minlimit-remaining'], '59');
  assert.equal(response.headers['x-daylimit-remaining'], '4999');
  assert.equal(response.headers['x-appminlimit-remaining'], '9999');
  stage.xero.control.advance({ ms: 20_000 });
  for (let n = 0; n < 59; n += 1) await stage.call('GET', '/Organisation');
  const refused = await refusal(stage.api.getOrganisations(stage.org));
  assert.equal(refused.status, 429);
  assert.equal(refused.headers['x-rate-limit-problem'], 'minute');
  const seconds = Number(refused.headers['retry-after']);
  assert.ok(seconds > 35 && seconds <= 40, String(seconds));
  stage.xero.control.advance({ ms: seconds * 1000 });
  await stage.api.getOrganisations(stage.org);
});

test('the day has a limit of its own, and hours to wait', async t => {
  const stage = await makeStage(t, { limits: { day: 3 } });
  for (let n = 0; n < 3; n += 1) await stage.call('GET', '/Organisation');
  const refused = await refusal(stage.api.getOrganisations(stage.org));
  assert.equal(refused.headers['x-rate-limit-problem'], 'day');
  assert.ok(Number(refused.headers['retry-after']) > 86_000);
});

test('five calls at once pass, the sixth does not', async t => {
  const stage = await makeStage(t, { latencyMs: 100 });
  const calls = Array.from({ length: 6 }, () => stage.call('GET', '/Organisation'));
  const statuses = (await Promise.all(calls)).map(answer => answer.status);
  assert.deepEqual(statuses.toSorted(), [200, 200, 200, 200, 200, 429]);
  assert.equal((await stage.call('GET', '/Organisation')).status, 200);
});

test('an answer lost after the commit leaves the invoice; lost before, nothing', async t => {
  const stage = await makeStage(t);
  const path = '/Invoices$';
  stage.xero.control.fault({ method: 'PUT', path, answer: { kind: 'lost' } });
  assert.equal((await refusal(post(stage, invoice(stage, 'TB-1', [1])))).status, 0);
  assert.equal(stage.xero.control.documents().length, 0);
  stage.xero.control.fault({ method: 'PUT', path, when: 'after', answer: { kind: 'lost' } });
  const send = () =>
    stage.api.createInvoices(
      stage.org,
      { invoices: [invoice(stage, 'TB-2', [1])] },
      true,
      undefined,
      'key',
    );
  assert.equal((await refusal(send())).status, 0);
  assert.equal(stage.xero.control.documents().length, 1);
  assert.equal((await send()).body.invoices?.[0]?.invoiceNumber, 'TB-2');
  assert.equal(stage.xero.control.requests({ method: 'PUT', path }).at(-1)?.replayed, true);
});

test('a 200 of HTML or of nothing resolves empty in xero-node; a 503 of HTML rejects', async t => {
  const stage = await makeStage(t);
  const { fault } = stage.xero.control;
  fault({ answer: { kind: 'html', status: 200 } });
  assert.equal((await stage.api.getOrganisations(stage.org)).body.organisations, undefined);
  fault({ answer: { kind: 'empty', status: 200 } });
  assert.equal((await stage.api.getOrganisations(stage.org)).body.organisations, undefined);
  fault({ answer: { kind: 'html', status: 503 } });
  assert.equal((await refusal(stage.api.getOrganisations(stage.org))).status, 503);
  fault({ answer: { kind: 'rate-limit', problem: 'day', retryAfterSeconds: 7200 } });
  const limited = await refusal(stage.api.getOrganisations(stage.org));
  assert.equal(limited.headers['retry-after'], '7200');
});

test('a fault can let calls pass first, strike several times and delay', async t => {
  const stage = await makeStage(t);
  const path = '/Organisation';
  stage.xero.control.fault({ path, skip: 1, times: 2, answer: { kind: 'status', status: 500 } });
  const statuses: number[] = [];
  for (let n = 0; n < 4; n += 1) statuses.push((await stage.call('GET', path)).status);
  assert.deepEqual(statuses, [200, 500, 500, 200]);
  stage.xero.control.fault({ answer: { kind: 'delay', delayMs: 60 } });
  const began = performance.now();
  await stage.call('GET', path);
  assert.ok(performance.now() - began >= 55);
});

test('every call is on record with its key, bytes and answer', async t => {
  const stage = await makeStage(t);
  const invoices = [invoice(stage, 'TB-1', [1])];
  await stage.api.createInvoices(stage.org, { invoices }, true, 4, 'key-7');
  const [record] = stage.xero.control.requests({ method: 'PUT' });
  assert.equal(record?.path, '/api.xro/2.0/Invoices');
  assert.match(record?.query ?? '', /summarizeErrors=true&unitdp=4/);
  assert.equal(record?.headers['idempotency-key'], 'key-7');
  assert.equal(JSON.parse(record?.body ?? '').Invoices[0].InvoiceNumber, 'TB-1');
  assert.equal(record?.status, 200);
  assert.equal(stage.xero.control.countRequests(), 1);
  stage.xero.control.clearRequests();
  assert.equal(stage.xero.control.countRequests(), 0);
});

test('broken JSON and foreign values are refused before anything is made', async t => {
  const stage = await makeStage(t);
  const broken = await stage.call('PUT', '/Invoices', { body: '{"Invoices":[' });
  assert.equal(broken.status, 400);
  const problem = (await broken.json()) as { Type: string };
  assert.equal(problem.Type, 'PostDataInvalidException');
  const foreign = { Invoices: [{ LineItems: 'none' }] };
  assert.equal((await stage.call('PUT', '/Invoices', { body: foreign })).status, 400);
  const big = { body: { Invoices: [{ Reference: 'x'.repeat(3_600_000) }] } };
  assert.equal((await stage.call('PUT', '/Invoices', big)).status, 413);
});

test('a stranger is told nothing but 404', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [1]));
  await pay(stage, payment(made.invoiceID, '620', 1));
  for (const path of ['/Invoices/nothing', '/Payments/nothing', '/CreditNotes/x', '/Quotes']) {
    assert.equal((await stage.call('GET', path)).status, 404);
  }
});
