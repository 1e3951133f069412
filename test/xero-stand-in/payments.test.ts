/**
 * Payments at the Xero stand-in, by the real xero-node: which accounts, which documents, how much.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Invoice, Payment } from 'xero-node';
import { invoice, makeStage, pay, payment, post, refusal } from './client.ts';

test('an invoice is paid when its tenders add up to it', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [22]));
  const paid = await pay(
    stage,
    payment(made.invoiceID, '620', 13.03),
    payment(made.invoiceID, '621', 8.97),
  );
  assert.equal(paid.length, 2);
  const { body } = await stage.api.getInvoice(stage.org, made.invoiceID ?? '');
  const read = body.invoices?.[0];
  assert.equal(read?.status, Invoice.StatusEnum.PAID);
  assert.equal(read?.amountDue, 0);
  assert.equal(read?.amountPaid, 22);
  assert.deepEqual(
    read?.payments?.map(p => [p.amount, p.reference]),
    [
      [13.03, 'day 620'],
      [8.97, 'day 621'],
    ],
  );
});

test('payments go to bank accounts or accounts that take payments', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [10]));
  for (const code of ['200', '830', '623', '999']) {
    const { text } = await refusal(pay(stage, payment(made.invoiceID, code, 1)));
    assert.match(text, /cannot be used for payments|could not be found/);
  }
  await pay(stage, payment(made.invoiceID, '090', 1));
  stage.xero.control.enablePayments({ code: '620', enabled: false });
  assert.match(
    (await refusal(pay(stage, payment(made.invoiceID, '620', 1)))).text,
    /have payments enabled/,
  );
});

test('a payment is above zero and not above what is due, within a batch too', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [10]));
  assert.match((await refusal(pay(stage, payment(made.invoiceID, '620', 0)))).text, /greater/);
  assert.match((await refusal(pay(stage, payment(made.invoiceID, '620', -1)))).text, /greater/);
  const halves = [payment(made.invoiceID, '620', 6), payment(made.invoiceID, '621', 6)];
  assert.match((await refusal(pay(stage, ...halves))).text, /exceeds the amount outstanding/);
  assert.equal(stage.xero.control.payments().length, 0);
});

test('only authorised documents take payments', async t => {
  const stage = await makeStage(t);
  const draft = await post(
    stage,
    invoice(stage, 'TB-1', [10], { status: Invoice.StatusEnum.DRAFT }),
  );
  const words = /Payments can only be made against Authorised documents/;
  assert.match((await refusal(pay(stage, payment(draft.invoiceID, '620', 1)))).text, words);
  const paid = await post(stage, invoice(stage, 'TB-2', [10]));
  await pay(stage, payment(paid.invoiceID, '620', 10));
  assert.match((await refusal(pay(stage, payment(paid.invoiceID, '620', 1)))).text, words);
});

test('a payment sent twice without a key is two payments', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [10]));
  await pay(stage, payment(made.invoiceID, '620', 4));
  await pay(stage, payment(made.invoiceID, '620', 4));
  assert.equal(stage.xero.control.payments().length, 2);
});

test('payments of one invoice are found by its id', async t => {
  const stage = await makeStage(t);
  const one = await post(stage, invoice(stage, 'TB-1', [10]));
  const other = await post(stage, invoice(stage, 'TB-2', [10]));
  await pay(stage, payment(one.invoiceID, '620', 4), payment(other.invoiceID, '621', 5));
  const where = `Invoice.InvoiceID==guid("${one.invoiceID}") AND Status=="AUTHORISED"`;
  const { body } = await stage.api.getPayments(stage.org, undefined, where);
  assert.deepEqual(
    body.payments?.map(p => [p.amount, p.account?.code, p.paymentType]),
    [[4, '620', Payment.PaymentTypeEnum.ACCRECPAYMENT]],
  );
});

test('a payment taken back opens the invoice again; a reconciled one stays', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [10]));
  const [first] = await pay(stage, payment(made.invoiceID, '620', 10));
  const id = first?.paymentID ?? '';
  stage.xero.control.reconcilePayment({ payment: id });
  const remove = () => stage.api.deletePayment(stage.org, id, { status: 'DELETED' });
  assert.match((await refusal(remove())).text, /reconciled/);
  stage.xero.control.reconcilePayment({ payment: id, reconciled: false });
  await remove();
  const { body } = await stage.api.getInvoice(stage.org, made.invoiceID ?? '');
  assert.equal(body.invoices?.[0]?.status, Invoice.StatusEnum.AUTHORISED);
  assert.equal(body.invoices?.[0]?.payments?.length, 0);
});

test('a payment cannot be dated in a locked period', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [10]));
  stage.xero.control.setLockDates({ period: '2026-11-21' });
  const { text } = await refusal(pay(stage, payment(made.invoiceID, '620', 10)));
  assert.match(text, /payment date cannot be before the period lock date/);
});

test('in an unsummarised batch the good payment stands and the bad one says why', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [10]));
  const payments = [payment(made.invoiceID, '620', 4), payment(made.invoiceID, '621', 7)];
  const { body } = await stage.api.createPayments(stage.org, { payments }, false);
  assert.deepEqual(
    body.payments?.map(p => [p.hasValidationErrors, p.statusAttributeString]),
    [
      [false, 'OK'],
      [true, 'ERROR'],
    ],
  );
  assert.equal(stage.xero.control.payments().length, 1);
});

test('what documents and payments move adds up to zero, account by account', async t => {
  const stage = await makeStage(t);
  const made = await post(stage, invoice(stage, 'TB-1', [10.9]));
  await pay(stage, payment(made.invoiceID, '620', 10.9));
  const balances = stage.xero.control.trialBalance().map(m => [m.code, m.balance]);
  assert.deepEqual(balances, [
    ['201', -1000],
    ['610', 0],
    ['620', 1090],
    ['820', -90],
  ]);
});
