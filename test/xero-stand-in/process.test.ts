/**
 * The Xero stand-in as a process, its pages for people and its control over HTTP.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { invoice, makeStage, pay, payment, post } from './client.ts';

const MAIN = fileURLToPath(new URL('../support/xero/main.js', import.meta.url));

async function startProcess(...more: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN, '--port', '0', ...more]);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { event, http } = JSON.parse(line.toString());
  assert.equal(event, 'listening');
  return { child, url: http };
}

test('the process logs where it listens, obeys the control and ends on SIGTERM', async () => {
  const { child, url } = await startProcess('--seeds', 'au', '--client-id', 'DEMO');
  const call = async (name: string, body: unknown = {}) => {
    const answer = await fetch(`${url}/_control/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };
  const { body: organisations } = await call('organisations');
  assert.equal(organisations.length, 1);
  assert.equal(organisations[0].baseCurrency, 'AUD');
  const { body: granted } = await call('grant', { clientId: 'DEMO' });
  assert.ok(granted.refresh_token);
  assert.equal((await call('archiveAccount', { code: 'nothing' })).status, 400);
  assert.equal((await call('constructor')).status, 404);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

test('an invoice is shown with its lines, tax, payments and stamp', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [11, 22.05]));
  await pay(stage, payment(made.invoiceID, '620', 33.05));
  const read = async (path: string) => await (await fetch(stage.xero.url + path)).text();
  const html = await read(`/organisations/sg/documents/${made.invoiceID}`);
  for (const part of ['TB-1', 'Daily Sales', '201 – Sales – Coffee', '2.73', '33.05', 'Paid']) {
    assert.ok(html.includes(part), part);
  }
  assert.match(await read('/organisations/sg'), /TB-1/);
  assert.match(await read('/organisations/sg/accounts'), /the books balance/);
  assert.match(await read('/organisations/sg/settings'), /Lock dates/);
  assert.match(await read('/'), /Demo Company/);
  assert.equal((await fetch(`${stage.xero.url}/assets/xero.css`)).status, 200);
  assert.equal(stage.xero.control.countRequests({ method: 'GET' }), 0);
});

test('text from outside is shown, never run', async t => {
  const stage = await makeStage(t);
  await post(stage, invoice(stage, 'TB-1', [1], { reference: '<script>alert(1)</script>' }));
  const html = await (await fetch(`${stage.xero.url}/organisations/sg`)).text();
  assert.ok(!html.includes('<script>'));
});

test('a bookkeeper voids, edits and archives on the pages', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [10]));
  const press = async (path: string, form: Record<string, string> = {}) => {
    const body = new URLSearchParams(form);
    const url = `${stage.xero.url}/organisations/sg${path}`;
    return (await fetch(url, { method: 'POST', body, redirect: 'manual' })).status;
  };
  assert.equal(await press(`/documents/${made.invoiceID}/edit`, { reference: 'by hand' }), 303);
  assert.equal(stage.xero.control.documents()[0]?.['Reference'], 'by hand');
  assert.equal(await press('/accounts/201/archive'), 303);
  const more = { code: '640', name: 'QR clearing', type: 'CURRENT', payments: 'yes' };
  assert.equal(await press('/accounts', more), 303);
  const [paid] = await pay(stage, payment(made.invoiceID, '640', 10));
  assert.equal(await press(`/documents/${made.invoiceID}/void`), 409);
  assert.equal(await press(`/payments/${paid?.paymentID}/remove`), 303);
  assert.equal(await press(`/documents/${made.invoiceID}/void`), 303);
  assert.equal(stage.xero.control.documents()[0]?.['Status'], 'VOIDED');
});
