/**
 * Reading from the Xero stand-in by the real xero-node: settings, contacts, filters, pages.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountType } from 'xero-node';
import { invoice, line, makeStage, pay, payment, post, refusal } from './client.ts';

test('the organisation tells its currency, zone and lock dates', async t => {
  const stage = await makeStage(t);
  stage.xero.control.setLockDates({ period: '2026-09-30' });
  const { body } = await stage.api.getOrganisations(stage.org);
  const organisation = body.organisations?.[0];
  assert.equal(String(organisation?.baseCurrency), 'SGD');
  assert.equal(String(organisation?.timezone), 'SINGAPORESTANDARDTIME');
  assert.equal(organisation?.organisationID, stage.org);
  const lock = organisation?.periodLockDate as unknown as Date;
  assert.equal(lock.toISOString().slice(0, 10), '2026-09-30');
});

test('the chart has sales, clearing, bank and system accounts', async t => {
  const stage = await makeStage(t);
  const { body } = await stage.api.getAccounts(stage.org, undefined, 'Status=="ACTIVE"');
  const byCode = new Map(body.accounts?.map(account => [account.code, account]));
  assert.equal(byCode.get('090')?.type, AccountType.BANK);
  assert.equal(byCode.get('620')?.enablePaymentsToAccount, true);
  assert.equal(String(byCode.get('860')?.systemAccount), 'ROUNDING');
  stage.xero.control.archiveAccount({ code: '203' });
  const again = await stage.api.getAccounts(stage.org, undefined, 'Status=="ACTIVE"');
  assert.equal(again.body.accounts?.length, (body.accounts?.length ?? 0) - 1);
});

test('tax rates and tracking options can be read', async t => {
  const stage = await makeStage(t);
  const rates = (await stage.api.getTaxRates(stage.org)).body.taxRates ?? [];
  const sales = rates.find(rate => rate.taxType === 'OUTPUT');
  assert.equal(sales?.effectiveRate, 9);
  assert.equal(sales?.canApplyToExpenses, false);
  const { body } = await stage.api.getTrackingCategories(stage.org);
  const store = body.trackingCategories?.find(category => category.name === 'Store');
  assert.equal(store?.options?.[0]?.name, 'Tanjong Pagar');
});

test('a contact is found by name, made once, and not made twice', async t => {
  const stage = await makeStage(t);
  const where = 'Name=="Tanjong Pagar till sales"';
  const find = () => stage.api.getContacts(stage.org, undefined, where);
  assert.equal((await find()).body.contacts?.length, 0);
  const contacts = [{ name: 'Tanjong Pagar till sales' }];
  const { body } = await stage.api.createContacts(stage.org, { contacts }, true);
  assert.equal((await find()).body.contacts?.[0]?.contactID, body.contacts?.[0]?.contactID);
  const again = await refusal(stage.api.createContacts(stage.org, { contacts }, true));
  assert.match(again.text, /must be unique across all active contacts/);
  await stage.api.updateOrCreateContacts(stage.org, { contacts }, true);
  assert.equal((await find()).body.contacts?.length, 1);
});

test('an invoice may name a contact that does not exist yet; an archived one is refused', async t => {
  const stage = await makeStage(t);
  await post(stage, invoice(stage, 'TB-1', [1], { contact: { name: 'New café' } }));
  await post(stage, invoice(stage, 'TB-2', [1], { contact: { name: 'New café' } }));
  const found = await stage.api.getContacts(stage.org, undefined, 'Name=="New café"');
  assert.equal(found.body.contacts?.length, 1);
  stage.xero.control.archiveContact({ name: 'Daily Sales' });
  assert.match((await refusal(post(stage, invoice(stage, 'TB-3', [1])))).text, /archived/);
  const nobody = invoice(stage, 'TB-4', [1], { contact: {} });
  assert.match((await refusal(post(stage, nobody))).text, /must contain at least 1/);
});

test('invoices are found by number as xero-node asks for them', async t => {
  const stage = await makeStage(t);
  await post(stage, ...['TB-1', 'TB-2', 'TB-3'].map(number => invoice(stage, number, [1])));
  const numbers = async (wanted: string[]) => {
    const none = undefined;
    const { body } = await stage.api.getInvoices(stage.org, none, none, none, none, wanted);
    return body.invoices?.map(each => each.invoiceNumber);
  };
  assert.deepEqual(await numbers(['TB-3', 'TB-1']), ['TB-1', 'TB-3']);
  assert.deepEqual(await numbers(['TB-9']), []);
  const raw = await stage.call('GET', '/Invoices?InvoiceNumbers=TB-1,TB-2');
  assert.equal(((await raw.json()) as { Invoices: unknown[] }).Invoices.length, 2);
});

test('lists show lines only when a page is asked for, 100 documents each', async t => {
  const stage = await makeStage(t);
  const many = Array.from({ length: 120 }, (_, n) => invoice(stage, `TB-${1000 + n}`, [1]));
  for (let n = 0; n < 120; n += 40) await post(stage, ...many.slice(n, n + 40));
  const list = async (query: string) =>
    (await (await stage.call('GET', `/Invoices${query}`)).json()) as {
      Invoices: { LineItems: unknown[]; InvoiceNumber: string }[];
      pagination?: { itemCount: number; pageCount: number };
    };
  const all = await list('');
  assert.equal(all.Invoices.length, 120);
  assert.equal(all.Invoices[0]?.LineItems.length, 0);
  const second = await list('?page=2&order=InvoiceNumber%20DESC');
  assert.equal(second.Invoices.length, 20);
  assert.equal(second.Invoices[0]?.LineItems.length, 1);
  assert.equal(second.Invoices[0]?.InvoiceNumber, 'TB-1019');
  assert.deepEqual([second.pagination?.itemCount, second.pagination?.pageCount], [120, 2]);
});

test('filters compare texts, dates, numbers and combine; an unreadable one is an error', async t => {
  const stage = await makeStage(t);
  await post(stage, invoice(stage, 'TB-1', [5]));
  await post(stage, invoice(stage, 'TB-2', [9], { date: '2026-11-30', dueDate: '2026-11-30' }));
  const count = async (where: string) => {
    const { body } = await stage.api.getInvoices(stage.org, undefined, where);
    return body.invoices?.length;
  };
  assert.equal(await count('Date >= DateTime(2026, 11, 22)'), 1);
  assert.equal(await count('Total==5 OR Total==9'), 2);
  assert.equal(await count('(Status=="AUTHORISED" && Total>6) || Total==1'), 1);
  assert.equal(await count('Contact.Name=="daily sales"'), 2);
  assert.equal(await count('Reference.StartsWith("Tanjong")'), 2);
  assert.equal(await count('Reference.Contains("East")'), 0);
  assert.equal(await count('Reference!=null AND Reference.Contains("Tanjong")'), 2);
  for (const bad of ['Total ==', 'Status = = "A"', 'Total==5)', 'DROP TABLE']) {
    assert.equal((await refusal(stage.api.getInvoices(stage.org, undefined, bad))).status, 400);
  }
});

test('a filter for a part of a field that is empty somewhere fails without its null check', async t => {
  const { api, org } = await makeStage(t);
  const find = (where: string) => api.getContacts(org, undefined, where);
  assert.equal((await refusal(find('EmailAddress.Contains("x")'))).status, 400);
  const { body } = await find('EmailAddress!=null AND EmailAddress.Contains("x")');
  assert.deepEqual(body.contacts, []);
});

test('only what changed since is listed when that is asked', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [5]));
  await post(stage, invoice(stage, 'TB-2', [5]));
  stage.xero.control.advance({ ms: 10_000 });
  const since = new Date(stage.xero.control.now());
  await pay(stage, payment(made.invoiceID, '620', 5));
  const headers = { 'if-modified-since': since.toUTCString() };
  const answer = await stage.call('GET', '/Invoices', { headers });
  const { Invoices } = (await answer.json()) as { Invoices: { InvoiceNumber: string }[] };
  assert.deepEqual(
    Invoices.map(each => each.InvoiceNumber),
    ['TB-1'],
  );
});

test('Japan and Australia have their own tax; tax keeps two decimals unless told otherwise', async t => {
  const japan = await makeStage(t, { seeds: ['jp'] });
  assert.equal((await post(japan, invoice(japan, 'TB-1', [1000]))).totalTax, 90.91);
  japan.xero.control.setOpenQuestions({ taxDecimals: 0 });
  assert.equal((await post(japan, invoice(japan, 'TB-2', [1000]))).totalTax, 91);
  const australia = await makeStage(t, { seeds: ['au'] });
  const free = line(5, { taxType: 'EXEMPTOUTPUT' });
  const made = await post(australia, invoice(australia, 'TB-1', [11, free]));
  assert.equal(made.totalTax, 1);
  assert.equal(String(made.currencyCode), 'AUD');
});
