/**
 * Which Xero account a name at the tills goes to, and whether Xero will take it there. Comes in: the
 * mapping and the chart. Goes out: an account that may be used, or a reason with its fix. What §8 of
 * the design lets fall back to the two default accounts falls back here and nowhere else.
 */

import type { LineKind } from '../../protocol/transaction.ts';
import type { Account, Chart } from '../xero/chart.ts';
import { findAccount, findRoundingAccount, nameOf, ownValue } from './chart-lookup.ts';
import type { Mapping } from './mapping.ts';
import { type Reason, reason } from './reasons.ts';

/** What every question about a mapping needs, and where the reasons gather. */
export interface Books {
  mapping: Mapping;
  chart: Chart;
  currency: string;
  reasons: Reason[];
}

/** Kinds that are ordinary sales: without a mapping they go to Accounts for Products. */
export const PRODUCT_KINDS: ReadonlySet<LineKind> = new Set<LineKind>([
  'item',
  'service-charge',
  'surcharge',
]);

/** Kinds that are owed to or by somebody, not earned: tax-free unless the till says otherwise. */
export const BALANCE_KINDS: ReadonlySet<LineKind> = new Set<LineKind>([
  'gift-card',
  'deposit',
  'account-payment',
]);

/** Tenders that bring no money in: they must never fall back to a payment account. */
const MONEYLESS_TENDERS: ReadonlySet<string> = new Set(['gift-card', 'on-account', 'deposit']);

/** `Gift Card`, `gift_card` and `gift-card` are the same word for this one question. */
export function isMoneyless(method: string): boolean {
  return MONEYLESS_TENDERS.has(
    method
      .trim()
      .toLowerCase()
      .replace(/[\s_]+/g, '-'),
  );
}

/** A name at the tills and what the mapping chose for it. */
export interface Chosen {
  /** In the middle of a sentence: `the category “Coffee”`. */
  what: string;
  /** Account code or id; undefined when nothing is chosen and nothing falls back. */
  account: string | undefined;
}

/** The account of a sales row: its category, its kind, or Accounts for Products. */
export function chooseForSales(
  mapping: Mapping,
  kind: LineKind,
  category: string | undefined,
): Chosen {
  const byCategory =
    category === undefined ? undefined : ownValue(mapping.categories, category)?.account;
  const byKind = mapping.kinds[kind];
  if (kind === 'item' && byCategory !== undefined) {
    return { what: `the category “${category}”`, account: byCategory };
  }
  if (byKind !== undefined) return { what: `the kind “${kind}”`, account: byKind };
  if (!PRODUCT_KINDS.has(kind)) return { what: `the kind “${kind}”`, account: undefined };
  if (byCategory !== undefined) return { what: `the category “${category}”`, account: byCategory };
  return { what: 'Accounts for Products', account: mapping.products };
}

export type ChosenTender = Chosen & { by: 'payment' | 'line' };

export function chooseForTender(mapping: Mapping, method: string): ChosenTender {
  const what = `the tender “${method}”`;
  const chosen = ownValue(mapping.tenders, method);
  if (chosen === undefined) {
    return isMoneyless(method)
      ? { what, by: 'line', account: undefined }
      : { what: 'the Default Payment Account', by: 'payment', account: mapping.payment };
  }
  return 'payment' in chosen
    ? { what, by: 'payment', account: chosen.payment }
    : { what, by: 'line', account: chosen.line };
}

export function chooseForCash(mapping: Mapping, cashReason: string): Chosen {
  const account = ownValue(mapping.cash, cashReason) ?? mapping.cashOther;
  return { what: `the cash reason “${cashReason}”`, account };
}

export function chooseForOverShort(mapping: Mapping): Chosen {
  return { what: 'cash over/short', account: mapping.overShort };
}

/** The mapped account, else Xero's own. */
export function chooseForRounding({ mapping, chart }: Books): Chosen {
  const account = mapping.rounding ?? findRoundingAccount(chart)?.id;
  return { what: 'cash rounding', account };
}

/** An account for lines, or undefined and a reason. */
export function lineAccount(books: Books, chosen: Chosen): Account | undefined {
  const account = activeAccount(books, chosen);
  if (account === undefined) return undefined;
  if (account.code === undefined) {
    const message = `${account.name}, chosen for ${chosen.what}, has no code: invoice lines name accounts by code.`;
    const fix = 'Give the account a code in Xero (Chart of accounts), then Refresh.';
    books.reasons.push(reason('account-not-for-lines', message, { fix }));
    return undefined;
  }
  const system = account.systemAccount;
  if (account.type !== 'BANK' && (!system || system === 'ROUNDING')) return account;
  const kind = account.type === 'BANK' ? 'a bank account' : 'one of Xero’s system accounts';
  books.reasons.push(
    reason(
      'account-not-for-lines',
      `${nameOf(account)}, chosen for ${chosen.what}, is ${kind}: Xero takes no invoice lines on it.`,
    ),
  );
  return undefined;
}

/** An account that payments can be made to, or undefined and a reason. */
export function paymentAccount(books: Books, chosen: Chosen): Account | undefined {
  const account = activeAccount(books, chosen);
  if (account === undefined) return undefined;
  if (account.type !== 'BANK' && !account.enablePayments) {
    books.reasons.push(
      reason(
        'payments-not-enabled',
        `${nameOf(account)}, chosen for ${chosen.what}, does not take payments.`,
      ),
    );
    return undefined;
  }
  if (account.currency !== undefined && account.currency !== books.currency) {
    books.reasons.push(
      reason(
        'currency',
        `${nameOf(account)}, chosen for ${chosen.what}, is kept in ${account.currency}, the store sells in ${books.currency}.`,
        { fix: `Choose an account in ${books.currency}.` },
      ),
    );
    return undefined;
  }
  return account;
}

function activeAccount(books: Books, { what, account: codeOrId }: Chosen): Account | undefined {
  if (codeOrId === undefined) {
    books.reasons.push(reason('unmapped', `No account is chosen for ${what}.`));
    return undefined;
  }
  const account = findAccount(books.chart, codeOrId);
  if (account === undefined) {
    const message = `The account ${codeOrId}, chosen for ${what}, is not in Xero.`;
    books.reasons.push(reason('account-missing', message));
    return undefined;
  }
  if (account.status === 'ACTIVE') return account;
  books.reasons.push(
    reason('account-archived', `${nameOf(account)}, chosen for ${what}, is archived in Xero.`),
  );
  return undefined;
}
