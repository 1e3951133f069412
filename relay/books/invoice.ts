/**
 * Plans one revision of one store-day, purely: what the tills say + what HQ chose + what stands in
 * Xero already → one invoice or credit note with its payments, or the reasons why not. Promise: the
 * document's total is the tills' to the cent, and its payments leave nothing due (unless a DRAFT).
 */
import { sumMinor, taxWithin } from '../../protocol/money.ts';
import { type Books, lineAccount } from './accounts.ts';
import { differenceOf, type MoneyParts } from './difference.ts';
import { currencyReasons, gapReasons, lockOf, notesOf, sizeReasons, taxReasons } from './holds.ts';
import { type BookLine, salesAndCashLines } from './lines.ts';
import {
  contactName,
  describe,
  documentNumber,
  documentReference,
  paymentReferences,
} from './numbers.ts';
import type { Plan, PlanInput, PlannedDocument, PlannedLine } from './plan.ts';
import { distinctReasons, type Reason } from './reasons.ts';
import { toleranceOf, untaxedRate } from './taxes.ts';
import { cashMoved, type Settled, settleTenders } from './tenders.ts';

/** Never throws for anything a till or HQ can say; throws when our own sums disagree. */
export function planRevision(input: PlanInput): Plan {
  const { mapping, chart, store, revision, before } = input;
  const books: Books = { mapping, chart, currency: store.currency, reasons: [] };
  const gaps = gapReasons(input);
  books.reasons.push(...currencyReasons(store.currency, chart), ...gaps);
  const parts = differenceOf(revision.parts, before);
  const settled = settleTenders(books, parts);
  const lines = [...salesAndCashLines(books, parts, revision.parts), ...settled.lines];
  const lock = lockOf(input);
  books.reasons.push(...lock.reasons);
  if (isNothing(parts, lines, settled, books)) {
    if (before !== undefined) return { kind: 'nothing' };
    if (!mapping.zeroInvoice) return gaps.length > 0 ? waiting(gaps) : { kind: 'nothing' };
    lines.push(...zeroLine(books));
  }
  if (books.reasons.length > 0) return waiting(books.reasons);
  const document = documentOf(input, parts, lines, settled, lock.date);
  const reasons = [...sizeReasons(document), ...taxReasons(document, lines)];
  if (reasons.length > 0) return waiting(reasons);
  assertBalanced(document, settled);
  return { kind: 'post', document, notes: [...notesOf(input, document, lock)] };
}

function waiting(reasons: readonly Reason[]): Plan {
  return { kind: 'wait', reasons: distinctReasons(reasons) };
}

/** No bucket and no tender moves money; what could not be mapped counts as moving. */
function isNothing(
  parts: MoneyParts,
  lines: readonly BookLine[],
  settled: Settled,
  { mapping }: Books,
): boolean {
  if (lines.length > 0 || settled.payments.length > 0) return false;
  const zero = (row: { amount: number }) => row.amount === 0;
  return (
    parts.sales.every(
      row => zero(row) && (row.discount === 0 || mapping.discounts === undefined),
    ) &&
    parts.tenders.every(zero) &&
    parts.cash.every(zero) &&
    parts.rounding === 0 &&
    parts.overShort === 0
  );
}

/** The line of a zero invoice: Xero wants at least one. */
function zeroLine(books: Books): BookLine[] {
  const account = lineAccount(books, {
    what: 'Accounts for Products',
    account: books.mapping.products,
  });
  const rate = account === undefined ? undefined : untaxedRate(books, account, 'noTax');
  if (account === undefined || rate === undefined) return [];
  return [{ label: 'No sales', names: [], account, rate, tracking: [], amount: 0, tax: 0 }];
}

function documentOf(
  input: PlanInput,
  parts: MoneyParts,
  bookLines: readonly BookLine[],
  settled: Settled,
  date: string,
): PlannedDocument {
  const { mapping, store } = input;
  const { sign } = settled;
  const number = documentNumber(input);
  const status = date === input.date ? mapping.status : 'DRAFT';
  const references = paymentReferences(
    number,
    settled.payments.map(({ tender }) => tender),
  );
  const payments = settled.payments.map(({ tender, account, amount }, i) => ({
    tender,
    accountId: account.id,
    amount: amount * sign,
    reference: references[i] ?? '',
  }));
  const moved = cashMoved(parts);
  const tillLines = parts.sales.reduce((sum, row) => sum + Math.abs(row.count), 0);
  return {
    kind: sign === 1 ? 'invoice' : 'credit-note',
    number,
    reference: documentReference(input),
    date,
    currency: store.currency,
    status,
    contactName: contactName(input),
    lines: bookLines.map(line => plannedLine(line, sign)),
    payments: status === 'DRAFT' ? [] : payments,
    total: signed(sumMinor(bookLines.map(({ amount }) => amount)), sign),
    tax: signed(sumMinor(parts.sales.map(({ tax }) => tax)), sign),
    xeroTax: sumMinor(
      bookLines.map(({ amount, rate }) => taxWithin(amount * sign, rate.ratePercent)),
    ),
    taxTolerance: toleranceOf(mapping.taxTolerance, tillLines, bookLines.length),
    ...(moved === 0 ? {} : { cash: { tender: mapping.cashTender, moved } }),
  };
}

function plannedLine(line: BookLine, sign: 1 | -1): PlannedLine {
  return {
    description: describe(line.label, line.names),
    accountId: line.account.id,
    accountCode: line.account.code ?? '',
    taxType: line.rate.taxType,
    amount: signed(line.amount, sign),
    tax: signed(line.tax, sign),
    tracking: line.tracking,
    ...(line.tender === undefined ? {} : { tender: line.tender }),
  };
}

/** Without −0. */
function signed(amount: number, sign: 1 | -1): number {
  return amount === 0 ? 0 : amount * sign;
}

/** Our own sums: a document that leaves something due is a bug, never a plan. */
function assertBalanced({ lines, total, number }: PlannedDocument, { payments }: Settled): void {
  const paid = Math.abs(sumMinor(payments.map(({ amount }) => amount)));
  const sum = sumMinor(lines.map(({ amount }) => amount));
  if (sum === total && paid === total) return;
  throw new Error(`${number}: lines ${sum}, total ${total}, payments ${paid}`);
}
