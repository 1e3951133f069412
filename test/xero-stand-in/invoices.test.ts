/**
 * Invoices and credit notes at the Xero stand-in, by the real xero-node: what Xero keeps, what it
 * computes, what it refuses.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreditNote, Invoice, LineAmountTypes } from 'xero-node';
import { creditNote, invoice, line, makeStage, pay, payment, post, refusal } from './client.ts';

test('a tax-inclusive invoice keeps the till’s gross total and computes tax per line', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [11, 22.05, line(3, { taxType: 'NONE' })]));
  assert.equal(made.total, 36.05);
  assert.deepEqual(
    made.lineItems?.map(l => l.taxAmount),
    [0.91, 1.82, 0],
  );
  assert.equal(made.totalTax, 2.73);
  assert.equal(made.subTotal, 33.32);
  assert.equal(made.amountDue, 36.05);
  assert.equal(made.status, Invoice.StatusEnum.AUTHORISED);
});

test('tax is added to tax-exclusive lines and left out of no-tax ones', async t => {
  const stage = await makeStage(t);
  const more = { lineAmountTypes: LineAmountTypes.Exclusive };
  const added = await post(stage, invoice(stage, 'TB-1', [100, 0.5], more));
  assert.equal(added.total, 109.55);
  const none = await post(
    stage,
    invoice(stage, 'TB-2', [100], { lineAmountTypes: LineAmountTypes.NoTax }),
  );
  assert.equal(none.total, 100);
  assert.equal(none.totalTax, 0);
});

test('dates come back as midnight UTC of the date that was sent', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [5]));
  const { body } = await stage.api.getInvoice(stage.org, made.invoiceID ?? '');
  const date = body.invoices?.[0]?.date as unknown as Date;
  assert.equal(date.toISOString(), '2026-11-21T00:00:00.000Z');
  const raw = await (await stage.call('GET', `/Invoices/${made.invoiceID}`)).json();
  assert.equal(raw.Invoices[0].Date, '/Date(1795219200000+0000)/');
  assert.equal(raw.Invoices[0].DateString, '2026-11-21T00:00:00');
});

test('PUT never takes a number twice, POST overwrites silently', async t => {
  const stage = await makeStage(t);
  await post(stage, invoice(stage, 'TB-1', [5]));
  const refused = await refusal(post(stage, invoice(stage, 'TB-1', [5])));
  assert.equal(refused.status, 400);
  assert.equal(refused.body['Type'], 'ValidationException');
  assert.match(refused.text, /Invoice # must be unique/);
  const { body } = await stage.api.updateOrCreateInvoices(
    stage.org,
    { invoices: [invoice(stage, 'TB-1', [7])] },
    true,
  );
  assert.equal(body.invoices?.[0]?.total, 7);
  assert.equal(stage.xero.control.documents().length, 1);
});

test('a voided number stays taken', async t => {
  const stage = await makeStage(t);
  await post(stage, invoice(stage, 'TB-1', [5]));
  stage.xero.control.voidDocument({ document: 'TB-1' });
  assert.match((await refusal(post(stage, invoice(stage, 'TB-1', [5])))).text, /unique/);
});

test('an approved invoice needs date, due date, description, account and tax type', async t => {
  const stage = await makeStage(t);
  const { date: _date, dueDate: _due, ...undated } = invoice(stage, 'TB-1', []);
  const bare = { ...undated, lineItems: [{ quantity: 1, unitAmount: 5 }] };
  const { text } = await refusal(post(stage, bare));
  for (const missing of [/Date cannot/, /Due Date/, /Description/, /Account code/, /TaxType/]) {
    assert.match(text, missing);
  }
  const draft = await post(stage, { ...bare, status: Invoice.StatusEnum.DRAFT });
  assert.equal(draft.status, Invoice.StatusEnum.DRAFT);
});

test('amounts are tax-exclusive unless the invoice says otherwise', async t => {
  const stage = await makeStage(t);
  const { lineAmountTypes: _types, ...silent } = invoice(stage, 'TB-1', [100]);
  assert.equal((await post(stage, silent)).total, 109);
});

test('negative prices pass, negative quantities and negative totals do not', async t => {
  const stage = await makeStage(t);
  const giftCard = line(-4, { accountCode: '830', taxType: 'NONE' });
  assert.equal((await post(stage, invoice(stage, 'TB-1', [10, giftCard]))).total, 6);
  const quantity = invoice(stage, 'TB-2', [10, line(4, { quantity: -1 })]);
  assert.match((await refusal(post(stage, quantity))).text, /quantity/);
  assert.match((await refusal(post(stage, invoice(stage, 'TB-3', [1, -2])))).text, /total/);
});

test('unit amounts have two decimals, four on request', async t => {
  const stage = await makeStage(t);
  const fine = () => invoice(stage, `TB-${Math.random()}`, [line(0.0125, { quantity: 1000 })]);
  assert.equal((await post(stage, fine())).total, 10);
  const { body } = await stage.api.createInvoices(stage.org, { invoices: [fine()] }, true, 4);
  assert.equal(body.invoices?.[0]?.total, 12.5);
});

test('bank and system accounts stand on no line, rounding does', async t => {
  const stage = await makeStage(t);
  for (const [accountCode, n] of [
    ['090', 1],
    ['610', 2],
    ['820', 3],
    ['999', 4],
  ] as const) {
    const bad = invoice(stage, `TB-${n}`, [line(5, { accountCode, taxType: 'NONE' })]);
    assert.match((await refusal(post(stage, bad))).text, /is not a valid code for this document/);
  }
  const rounding = line(0.02, { accountCode: '860', taxType: 'NONE' });
  assert.equal((await post(stage, invoice(stage, 'TB-5', [5, rounding]))).total, 5.02);
});

test('a tax type must exist, be a sales one and suit the account', async t => {
  const stage = await makeStage(t);
  const tax = (taxType: string, accountCode = '201') =>
    refusal(post(stage, invoice(stage, 'TB-1', [line(5, { taxType, accountCode })])));
  assert.match((await tax('GST9')).text, /does not exist/);
  assert.match((await tax('INPUT')).text, /cannot be used for this type of transaction/);
  assert.match((await tax('OUTPUT', '420')).text, /cannot be used with account code '420'/);
  stage.xero.control.setTaxRate({ taxType: 'OUTPUT', status: 'DELETED' });
  assert.match((await tax('OUTPUT')).text, /does not exist/);
});

test('an archived account is refused, or its code is dropped with a warning', async t => {
  const stage = await makeStage(t);
  stage.xero.control.archiveAccount({ code: '201' });
  const first = await refusal(post(stage, invoice(stage, 'TB-1', [5])));
  assert.match(first.text, /'201' has been archived/);
  stage.xero.control.archiveAccount({ code: '201', outcome: 'warning' });
  const made = await post(stage, invoice(stage, 'TB-1', [5]));
  assert.match(made.warnings?.[0]?.message ?? '', /archived/);
  assert.equal(made.lineItems?.[0]?.accountCode, undefined);
});

test('lines carry at most two tracking options, and only ones that exist', async t => {
  const stage = await makeStage(t);
  const store = { name: 'Store', option: 'East Coast' };
  const bar = { name: 'Department', option: 'Bar' };
  const made = await post(stage, invoice(stage, 'TB-1', [line(5, { tracking: [store, bar] })]));
  assert.equal(made.lineItems?.[0]?.tracking?.[0]?.option, 'East Coast');
  const three = invoice(stage, 'TB-2', [line(5, { tracking: [store, bar, store] })]);
  assert.match((await refusal(post(stage, three))).text, /Only 2 tracking/);
  stage.xero.control.archiveTrackingOption({ category: 'Store', option: 'East Coast' });
  const gone = invoice(stage, 'TB-3', [line(5, { tracking: [store] })]);
  assert.match((await refusal(post(stage, gone))).text, /East Coast' does not exist/);
});

test('nothing is posted on or before a lock date; a draft may wait there', async t => {
  const stage = await makeStage(t);
  stage.xero.control.setLockDates({ period: '2026-11-21' });
  const { text } = await refusal(post(stage, invoice(stage, 'TB-1', [5])));
  const words = 'The document date cannot be before the period lock date, currently set at';
  assert.ok(text.startsWith(words), text);
  await post(stage, invoice(stage, 'TB-2', [5], { status: Invoice.StatusEnum.DRAFT }));
  const next = { date: '2026-11-22', dueDate: '2026-11-22' };
  await post(stage, invoice(stage, 'TB-3', [5], next));
  stage.xero.control.setLockDates({ period: null, endOfYear: '2026-12-31' });
  assert.match((await refusal(post(stage, invoice(stage, 'TB-4', [5], next)))).text, /end of year/);
});

test('an organisation takes only the currencies it has', async t => {
  const stage = await makeStage(t);
  const usd = { ...invoice(stage, 'TB-1', [5]), currencyCode: 'USD' } as unknown as Invoice;
  assert.match((await refusal(post(stage, usd))).text, /not subscribed to currency USD/);
});

test('a batch is all or nothing, or half under HTTP 200 when errors are not summarised', async t => {
  const stage = await makeStage(t);
  const batch = () => [invoice(stage, 'TB-1', [5]), invoice(stage, 'TB-2', [-5])];
  await refusal(post(stage, ...batch()));
  assert.equal(stage.xero.control.documents().length, 0);
  const { body } = await stage.api.createInvoices(stage.org, { invoices: batch() }, false);
  const [good, bad] = body.invoices ?? [];
  assert.equal(good?.statusAttributeString, 'OK');
  assert.equal(bad?.statusAttributeString, 'ERROR');
  assert.equal(bad?.hasErrors, true);
  assert.match(bad?.validationErrors?.[0]?.message ?? '', /total/);
  assert.equal(stage.xero.control.documents().length, 1);
});

test('the same number twice in one batch is refused', async t => {
  const stage = await makeStage(t);
  const twice = [invoice(stage, 'TB-1', [5]), invoice(stage, 'TB-1', [6])];
  assert.match((await refusal(post(stage, ...twice))).text, /unique/);
});

test('a call carries at most 50 invoices', async t => {
  const stage = await makeStage(t);
  const many = Array.from({ length: 51 }, (_, n) => invoice(stage, `TB-${n}`, [1]));
  assert.equal((await refusal(post(stage, ...many))).status, 400);
  await post(stage, ...many.slice(1));
  assert.equal(stage.xero.control.documents().length, 50);
});

test('a zero invoice is paid at once, or waits for ever, as Xero may do it', async t => {
  const stage = await makeStage(t);
  assert.equal((await post(stage, invoice(stage, 'TB-1', [5, -5]))).status, 'PAID');
  stage.xero.control.setOpenQuestions({ zeroTotal: 'authorised' });
  assert.equal((await post(stage, invoice(stage, 'TB-2', [5, -5]))).status, 'AUTHORISED');
});

test('a credit note is refunded by payments until nothing remains', async t => {
  const stage = await makeStage(t);
  const creditNotes = [creditNote(stage, 'TB-1', 20)];
  const { body } = await stage.api.createCreditNotes(stage.org, { creditNotes }, true);
  const made = body.creditNotes?.[0];
  assert.equal(made?.remainingCredit, 20);
  const refund = {
    ...payment('', '620', 20),
    creditNote: { creditNoteID: made?.creditNoteID ?? '' },
  };
  const { invoice: _none, ...money } = refund;
  await pay(stage, money);
  const read = await stage.api.getCreditNote(stage.org, made?.creditNoteID ?? '');
  assert.equal(read.body.creditNotes?.[0]?.status, CreditNote.StatusEnum.PAID);
  assert.equal(read.body.creditNotes?.[0]?.payments?.[0]?.amount, 20);
  const again = stage.api.createCreditNotes(stage.org, { creditNotes }, true);
  assert.match((await refusal(again)).text, /must be unique/);
});

test('a document with payments cannot be edited, nor one that is paid or voided', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [10]));
  const change = () =>
    stage.api.updateInvoice(stage.org, made.invoiceID ?? '', {
      invoices: [invoice(stage, 'TB-1', [11])],
    });
  await pay(stage, payment(made.invoiceID, '620', 4));
  assert.match((await refusal(change())).text, /payment or credit note allocated/);
  stage.xero.control.voidDocument({ document: 'TB-1' });
  assert.match((await refusal(change())).text, /not of valid status for modification/);
});

test('the API voids an approved invoice and deletes a draft, by status alone', async t => {
  const stage = await makeStage(t);
  const approved = await post(stage, invoice(stage, 'TB-1', [10]));
  const draft = await post(
    stage,
    invoice(stage, 'TB-2', [10], { status: Invoice.StatusEnum.DRAFT }),
  );
  const set = async (id: string | undefined, status: Invoice.StatusEnum) => {
    const invoices = [{ status }];
    const { body } = await stage.api.updateInvoice(stage.org, id ?? '', { invoices });
    return body.invoices?.[0];
  };
  const voided = await set(approved.invoiceID, Invoice.StatusEnum.VOIDED);
  assert.deepEqual([voided?.status, voided?.amountDue], ['VOIDED', 0]);
  assert.match((await refusal(set(draft.invoiceID, Invoice.StatusEnum.VOIDED))).text, /status/);
  assert.equal((await set(draft.invoiceID, Invoice.StatusEnum.DELETED))?.status, 'DELETED');
  assert.deepEqual(
    stage.xero.control.trialBalance().filter(m => m.balance !== 0),
    [],
  );
});

test('an invoice without a number gets the next one', async t => {
  const stage = await makeStage(t);
  const { invoiceNumber: _none, ...unnumbered } = invoice(stage, '', [1]);
  await post(stage, unnumbered, unnumbered);
  const numbers = stage.xero.control.documents().map(doc => doc['InvoiceNumber']);
  assert.deepEqual(numbers, ['INV-0001', 'INV-0002']);
});

test('an invoice and a credit note never share a number', async t => {
  const stage = await makeStage(t);
  await post(stage, invoice(stage, 'TB-1', [10]));
  const creditNotes = [creditNote(stage, 'TB-1', 5)];
  const again = stage.api.createCreditNotes(stage.org, { creditNotes }, true);
  assert.match((await refusal(again)).text, /must be unique/);
});

test('a line total that is not quantity times price is refused', async t => {
  const stage = await makeStage(t);
  const wrong = invoice(stage, 'TB-1', [line(5, { quantity: 2, lineAmount: 5 })]);
  assert.match(
    (await refusal(post(stage, wrong))).text,
    /does not match the expected line total 10/,
  );
  assert.equal(
    (await post(stage, invoice(stage, 'TB-2', [line(5, { taxAmount: 0.4 })]))).totalTax,
    0.4,
  );
});
