/**
 * What the customers paid with: payments to clearing accounts, and lines for tenders that bring no
 * money in. The net of all payments decides between invoice and credit note; a tender against that
 * sign becomes an opposite line on its clearing account, since Xero takes no negative payments.
 */
import { sumMinor } from '../../protocol/money.ts';
import type { Account } from '../xero/chart.ts';
import { type Books, chooseForTender, lineAccount, paymentAccount } from './accounts.ts';
import { nameOf } from './chart-lookup.ts';
import type { MoneyParts } from './difference.ts';
import type { BookLine } from './lines.ts';
import { reason } from './reasons.ts';
import { untaxedRate } from './taxes.ts';

/** A tender's money on its clearing account; the sign as the till counts it. */
export interface TenderPayment {
  tender: string;
  account: Account;
  amount: number;
}

export interface Settled {
  /** 1: an invoice; −1: a credit note. */
  sign: 1 | -1;
  /** Only amounts with the document's sign. */
  payments: TenderPayment[];
  /** In invoice terms, whatever the sign. */
  lines: BookLine[];
}

/** Payments and lines of all tenders, cash movements already in the cash tender. */
export function settleTenders(books: Books, parts: MoneyParts): Settled {
  const payments: TenderPayment[] = [];
  const lines: BookLine[] = [];
  for (const { method, amount } of withCashMovements(parts, books.mapping.cashTender)) {
    if (amount === 0) continue;
    const chosen = chooseForTender(books.mapping, method);
    if (chosen.by === 'payment') {
      const account = paymentAccount(books, chosen);
      if (account !== undefined) payments.push({ tender: method, account, amount });
    } else {
      const label = amount > 0 ? `Paid by ${method}` : `Refunded by ${method}`;
      lines.push(...tenderLine(books, lineAccount(books, chosen), label, method, -amount));
    }
  }
  const sign = sumMinor(payments.map(({ amount }) => amount)) < 0 ? -1 : 1;
  const against = payments.filter(({ amount }) => amount * sign < 0);
  return {
    sign,
    payments: payments.filter(({ amount }) => amount * sign > 0),
    lines: [...lines, ...against.flatMap(payment => oppositeLine(books, payment))],
  };
}

/** Cash in and out and over/short: what went into the drawer beside the sales. */
export function cashMoved({ cash, overShort }: MoneyParts): number {
  return sumMinor([...cash.map(({ amount }) => amount), overShort]);
}

/** The cash tender's payment carries what else moved the drawer. */
function withCashMovements(
  parts: MoneyParts,
  cashTender: string,
): { method: string; amount: number }[] {
  const moved = cashMoved(parts);
  const amounts = new Map(parts.tenders.map(({ method, amount }) => [method, amount]));
  if (moved !== 0) amounts.set(cashTender, (amounts.get(cashTender) ?? 0) + moved);
  return [...amounts].map(([method, amount]) => ({ method, amount }));
}

function oppositeLine(books: Books, { tender, account, amount }: TenderPayment): BookLine[] {
  if (account.type === 'BANK') {
    const way = amount < 0 ? 'paid back more than it took' : 'took more than it paid back';
    books.reasons.push(
      reason(
        'needs-clearing-account',
        `The tender “${tender}” ${way} on a day that went the other way, and its account ${nameOf(account)} is a bank account: Xero allows no line on it.`,
      ),
    );
    return [];
  }
  const usable = lineAccount(books, { what: `the tender “${tender}”`, account: account.id });
  const label = amount < 0 ? `Refunded by ${tender}` : `Paid by ${tender}`;
  return tenderLine(books, usable, label, tender, -amount);
}

/** A balance-sheet line; no tracking, since Xero's reports use it for profit and loss only. */
function tenderLine(
  books: Books,
  account: Account | undefined,
  label: string,
  tender: string,
  amount: number,
): BookLine[] {
  if (account === undefined) return [];
  const rate = untaxedRate(books, account, 'outOfScope');
  if (rate === undefined) return [];
  return [{ label, names: [], account, rate, tracking: [], amount, tax: 0, tender }];
}
