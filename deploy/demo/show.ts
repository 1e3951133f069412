/** The finished invoice as Xero would show it, and the four-way comparison, as tables. */
import { formatMinorGrouped } from '../../protocol/money.ts';
import type { ComparedRow, XeroInvoice, XeroPayment } from './comparison.ts';
import { paint, say, table } from './screen.ts';

export function showInvoice(invoice: XeroInvoice, payments: readonly XeroPayment[]): void {
  say(`\n${paint('bold', `Invoice ${invoice.InvoiceNumber}`)}  ${invoice.Status}`);
  say(paint('dim', `  ${invoice.Reference}`));
  table(
    ['Line', 'Account', 'Tax', 'Amount'],
    [
      ...invoice.LineItems.map(line => [
        line.Description,
        line.AccountCode,
        line.TaxType,
        line.LineAmount.toFixed(2),
      ]),
      ['Total, tax included', '', invoice.TotalTax.toFixed(2), invoice.Total.toFixed(2)],
      ...payments.map(payment => [
        `Payment ${payment.Reference}`,
        payment.Account.Code ?? '',
        '',
        (-payment.Amount).toFixed(2),
      ]),
      ['Amount due', '', '', invoice.AmountDue.toFixed(2)],
    ],
  );
}

export function showComparison(rows: readonly ComparedRow[], currency: string): void {
  say(`\n${paint('bold', 'Tills = agent = relay = Xero')}`);
  table(
    ['', 'Tills', 'Agent', 'Relay', 'Xero', ''],
    rows.map(({ what, amounts, agrees }) => [
      what,
      ...amounts.map(amount => formatMinorGrouped(amount, currency)),
      agrees ? '✓' : '✗',
    ]),
  );
}
