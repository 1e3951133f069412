/**
 * Why a day that is mapped well must still wait, and what is worth a note if it need not: currency,
 * gaps and quarantine, lock dates, size, tax that Xero would compute differently.
 */
import { addDays } from '../../protocol/business-date.ts';
import { AMOUNT_MAX, exponentOf, formatMinor, taxWithin } from '../../protocol/money.ts';
import type { Chart } from '../xero/chart.ts';
import { nameOf } from './chart-lookup.ts';
import type { BookLine } from './lines.ts';
import type { PlanInput, PlannedDocument } from './plan.ts';
import { type Reason, reason } from './reasons.ts';

export function currencyReasons(currency: string, { organisation }: Chart): Reason[] {
  if (exponentOf(currency) > 2) {
    const message = `${currency} has ${exponentOf(currency)} decimals; Xero keeps two.`;
    return [reason('currency-three-decimals', message)];
  }
  if (organisation.currency === currency || organisation.currency === '') return [];
  const message = `The store sells in ${currency}, the organisation ${organisation.name} keeps its books in ${organisation.currency}.`;
  return [reason('currency', message)];
}

/** Only under the policy to hold, and only until HQ releases the day. */
export function gapReasons({ mapping, revision, options }: PlanInput): Reason[] {
  if (mapping.gaps === 'post' || options?.released === true) return [];
  return gapNotes(revision).map(({ code, message }) => reason(code, message));
}

/** What is known to be missing from a revision, in words. */
export function gapNotes({ parts, quarantined, damaged }: PlanInput['revision']) {
  const notes: { code: 'gaps' | 'quarantined'; message: string }[] = [];
  for (const { terminal, missing } of parts.terminals) {
    const numbers = missing.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    if (numbers === 0) continue;
    const runs = missing
      .slice(0, 5)
      .map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
    const more = missing.length > 5 ? ', …' : '';
    const message = `${numbers} ${numbers === 1 ? 'number' : 'numbers'} of terminal ${terminal} never arrived (${runs.join(', ')}${more}).`;
    notes.push({ code: 'gaps', message });
  }
  if (quarantined > 0) {
    const message = `${quarantined} ${quarantined === 1 ? 'message was' : 'messages were'} set aside at the shop and not counted.`;
    notes.push({ code: 'quarantined', message });
  }
  if (damaged > 0) {
    const message = `${damaged} damaged ${damaged === 1 ? 'record was' : 'records were'} found in the shop’s journal.`;
    notes.push({ code: 'gaps', message });
  }
  return notes;
}

export interface Lock {
  /** The date of the document: the business date, or the first that is not locked. */
  date: string;
  reasons: Reason[];
}

/** Locked dates hold the day, or move a draft to the first open date. */
export function lockOf({ date, chart, mapping }: PlanInput): Lock {
  const { periodLockDate = '', endOfYearLockDate = '' } = chart.organisation;
  const [locked = ''] = [periodLockDate, endOfYearLockDate].sort().reverse();
  if (date > locked) return { date, reasons: [] };
  if (mapping.lockPolicy === 'draft') return { date: addDays(locked, 1), reasons: [] };
  const message = `The books are locked up to ${locked}; the day is ${date}.`;
  return { date, reasons: [reason('period-locked', message)] };
}

export function sizeReasons({ total, currency }: PlannedDocument): Reason[] {
  if (total <= AMOUNT_MAX) return [];
  return [
    reason('amount-too-large', `The day adds up to ${formatMinor(total, currency)} ${currency}.`),
  ];
}

/** Tax that Xero would compute too differently is never plugged. */
export function taxReasons(document: PlannedDocument, lines: readonly BookLine[]): Reason[] {
  const { tax, xeroTax, taxTolerance, currency } = document;
  const off = Math.abs(tax - xeroTax);
  if (off <= taxTolerance) return [];
  const money = (amount: number) => `${formatMinor(amount, currency)} ${currency}`;
  const says = `The tills say ${money(tax)} tax, Xero would compute ${money(xeroTax)}: ${money(off)} apart, and ${money(taxTolerance)} are allowed.`;
  return [reason('tax-differs', says + worstLine(lines, money))];
}

/** Where to look first: the line whose tax lies farthest from the till's. */
function worstLine(lines: readonly BookLine[], money: (amount: number) => string): string {
  const judged = lines.map(line => ({
    line,
    xero: taxWithin(line.amount, line.rate.ratePercent),
  }));
  const [worst] = judged.sort(
    (a, b) => Math.abs(b.xero - b.line.tax) - Math.abs(a.xero - a.line.tax),
  );
  if (worst === undefined || worst.xero === worst.line.tax) return '';
  const { account, rate, tax } = worst.line;
  return ` Most of it on ${nameOf(account)} at ${rate.name}: tills ${money(tax)}, Xero ${money(worst.xero)}.`;
}

/** What HQ should know of a document that is posted all the same. */
export function* notesOf(
  input: PlanInput,
  document: PlannedDocument,
  lock: Lock,
): Iterable<string> {
  const { tax, xeroTax, currency } = document;
  for (const { message } of gapNotes(input.revision)) yield message;
  if (lock.date !== input.date) {
    yield `${input.date} is locked in Xero: a draft dated ${lock.date} is made for the bookkeeper.`;
  } else if (document.status === 'DRAFT') {
    yield 'A draft takes no payments: they are to be entered when it is approved.';
  }
  if (tax !== xeroTax) {
    const more = xeroTax > tax ? 'more' : 'less';
    const off = formatMinor(Math.abs(xeroTax - tax), currency);
    yield `Xero computes ${off} ${currency} ${more} tax than the tills; the total is the same.`;
  }
}
