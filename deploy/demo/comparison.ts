/**
 * The four-way comparison of the demo: what the tills took = what the agent signed = what the relay
 * holds = what stands in Xero. Each column comes from its own source; nothing is copied over.
 */
import { fromDecimal } from '../../protocol/money.ts';
import type { TradingDay } from './trading-day.ts';

/** The parts of Xero's JSON that the comparison reads. */
export interface XeroInvoice {
  InvoiceNumber: string;
  Reference: string;
  Status: string;
  Total: number;
  TotalTax: number;
  AmountDue: number;
  LineItems: { Description: string; AccountCode: string; TaxType: string; LineAmount: number }[];
}

export interface XeroPayment {
  Amount: number;
  Reference: string;
  Account: { Code?: string };
}

/** The parts of a signed day summary. */
export interface SignedDay {
  sales: { amount: number; tax: number }[];
  tenders: { method: string; amount: number }[];
  cash: { amount: number }[];
  overShort: number;
  journal: { entries: number };
}

export interface RelayDay {
  state: string;
  reconciled: boolean;
  reason?: unknown;
  totals: { gross: number; tax: number; tenders: Record<string, number> };
}

export interface ComparedRow {
  what: string;
  /** Minor units: tills, agent, relay, Xero. */
  amounts: [number, number, number, number];
  agrees: boolean;
}

/** Accounts that the demo's mapping gives to what is sold; gift cards sold stand on the last. */
const SALES_ACCOUNTS = new Set(['200', '201', '202', '203', '832', '830']);

export function compareDay(
  day: TradingDay,
  signed: SignedDay,
  relay: RelayDay,
  invoice: XeroInvoice,
  payments: readonly XeroPayment[],
): ComparedRow[] {
  const minor = (value: number) => fromDecimal(value, day.currency) ?? Number.NaN;
  const sold = invoice.LineItems.filter(
    line => SALES_ACCOUNTS.has(line.AccountCode) && line.LineAmount > 0,
  );
  const cashMoved = day.tally.cash;
  const signedCash = sum(signed.cash) + signed.overShort;
  const rows: ComparedRow[] = [
    row('Sales, tax included', [
      day.tally.gross,
      sum(signed.sales),
      relay.totals.gross,
      sold.reduce((total, line) => total + minor(line.LineAmount), 0),
    ]),
    row(
      'Tax within',
      [
        day.tally.tax,
        signed.sales.reduce((total, line) => total + line.tax, 0),
        relay.totals.tax,
        minor(invoice.TotalTax),
      ],
      taxToleranceOf(day, invoice),
    ),
  ];
  for (const [tender, amount] of Object.entries(day.tally.tenders).sort()) {
    const moved = tender === 'cash' ? cashMoved : 0;
    const signedMoved = tender === 'cash' ? signedCash : 0;
    const inSummary = signed.tenders.find(({ method }) => method === tender)?.amount ?? 0;
    const label = tender === 'cash' ? 'cash, with cash in/out' : tender;
    rows.push(
      row(label, [
        amount + moved,
        inSummary + signedMoved,
        (relay.totals.tenders[tender] ?? 0) + signedMoved,
        minor(settledBy(tender, invoice, payments)),
      ]),
    );
  }
  return rows;
}

/** Invoice and payments leave nothing open, and the relay says so as well. */
export function isSettled(relay: RelayDay, invoice: XeroInvoice): boolean {
  return relay.reconciled && invoice.Status === 'PAID' && invoice.AmountDue === 0;
}

/** Xero computes tax per invoice line, the tills per receipt line: 1 per 2 of theirs, 1 per own. */
function taxToleranceOf(day: TradingDay, invoice: XeroInvoice): number {
  const messages = day.tills.flatMap(till => till.messages);
  const lines = messages.flatMap(message => (message['lines'] as unknown[] | undefined) ?? []);
  return Math.ceil(lines.length / 2) + invoice.LineItems.length;
}

/** A tender is a payment; a gift card redeemed is a negative line on its liability. */
function settledBy(tender: string, invoice: XeroInvoice, payments: readonly XeroPayment[]): number {
  const paid = payments.filter(payment => payment.Reference.endsWith(` ${tender}`));
  if (paid.length > 0) return paid.reduce((total, payment) => total + payment.Amount, 0);
  return invoice.LineItems.filter(line => line.AccountCode === '830' && line.LineAmount < 0).reduce(
    (total, line) => total - line.LineAmount,
    0,
  );
}

function row(what: string, amounts: ComparedRow['amounts'], toleranceInXero = 0): ComparedRow {
  const [tills, agent, relay, xero] = amounts;
  const agrees = tills === agent && agent === relay && Math.abs(xero - relay) <= toleranceInXero;
  return { what, amounts, agrees };
}

function sum(rows: readonly { amount: number }[]): number {
  return rows.reduce((total, { amount }) => total + amount, 0);
}
