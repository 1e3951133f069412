/** What stands in the Xero stand-in, in the form of the golden files, by the date in the number. */
import type { Control } from '../support/xero/control.ts';
import { type ExpectedDocument, numberEnd } from './load.ts';

type Json = Record<string, unknown>;
export type Standing = Pick<Control, 'documents' | 'payments'>;

export function standsInXero(control: Standing, currency: string): Map<string, ExpectedDocument[]> {
  return groupByDate(control.documents(), control.payments(), currency);
}

/** @param documents and payments as Xero's API shows them */
export function groupByDate(
  documents: readonly Json[],
  payments: readonly Json[],
  currency: string,
): Map<string, ExpectedDocument[]> {
  const decimals = currency === 'JPY' ? 0 : 2;
  const money = (value: unknown) => Number(value).toFixed(decimals);
  const byDate = new Map<string, ExpectedDocument[]>();
  for (const document of documents) {
    const own = String(document['InvoiceNumber'] ?? document['CreditNoteNumber']);
    const number = numberEnd(own);
    const date = `${number.slice(0, 4)}-${number.slice(4, 6)}-${number.slice(6, 8)}`;
    const paid = payments.filter(({ Reference }) => String(Reference).startsWith(`${own} `));
    byDate.set(date, [
      ...(byDate.get(date) ?? []),
      {
        kind: document['InvoiceNumber'] === undefined ? 'credit-note' : 'invoice',
        number,
        status: document['Status'] === 'DRAFT' ? 'DRAFT' : 'AUTHORISED',
        total: money(document['Total']),
        tax: money(document['TotalTax']),
        lines: (document['LineItems'] as Json[])
          .map(line => {
            const { AccountCode, TaxType, LineAmount } = line;
            return `${String(AccountCode)} ${String(TaxType)} ${money(LineAmount)}`;
          })
          .sort(),
        payments: paid
          .map(payment => {
            const { Reference, Account, Amount } = payment;
            const tender = String(Reference).slice(own.length + 1);
            return `${tender} ${String((Account as Json)['Code'])} ${money(Amount)}`;
          })
          .sort(),
      },
    ]);
  }
  for (const group of byDate.values()) group.sort((a, b) => (a.number < b.number ? -1 : 1));
  return byDate;
}
