/**
 * What may be chosen of a Xero organisation: only what Xero takes in that place, display name
 * first. Lines: no bank accounts and no system accounts but ROUNDING; payments: bank accounts and
 * those with payments enabled.
 */
import { appliesTo, findAccount } from '../books/chart-lookup.ts';
import type { Account, Chart } from '../xero/chart.ts';
import { trackingChoice } from './mapping-form.ts';
import { compareNames } from './name-order.ts';
import type { Choice } from './parts/fields.tsx';

/** `Sales (200)`; a bank account may have no code. */
export function accountName(account: Pick<Account, 'name' | 'code'>): string {
  return account.code === undefined || account.code === ''
    ? account.name
    : `${account.name} (${account.code})`;
}

/** The lists go by id, a mapping may hold a code; what the chart does not know stays as it is. */
export function accountId(chart: Chart, codeOrId: string | undefined): string {
  if (codeOrId === undefined) return '';
  return findAccount(chart, codeOrId)?.id ?? codeOrId;
}

const CLASS_NAMES: Record<string, string> = {
  REVENUE: 'Revenue',
  EXPENSE: 'Expenses',
  LIABILITY: 'Liabilities',
  ASSET: 'Assets',
  EQUITY: 'Equity',
};
const CLASS_ORDER = Object.keys(CLASS_NAMES);

/** Accounts that lines may stand on, revenue first (or what `first` says). */
export function lineAccounts(chart: Chart, first = 'REVENUE'): Choice[] {
  const rank = (account: Account) =>
    account.class === first ? -1 : CLASS_ORDER.indexOf(account.class);
  return chart.accounts
    .filter(takesLines)
    .sort((a, b) => rank(a) - rank(b) || compareCodes(a, b))
    .map(account => choiceOf(chart, account, CLASS_NAMES[account.class] ?? account.class));
}

/** Accounts that payments may be made to in this currency; clearing accounts before the bank's. */
export function paymentAccounts(chart: Chart, currency = chart.organisation.currency): Choice[] {
  return chart.accounts
    .filter(account => takesPayments(account, currency))
    .sort((a, b) => bankRank(a) - bankRank(b) || compareCodes(a, b))
    .map(account =>
      choiceOf(chart, account, account.type === 'BANK' ? 'Bank accounts' : 'Payment accounts'),
    );
}

/** Tax rates that lines of sales may carry. */
export function taxRates(chart: Chart): Choice[] {
  const revenue = { class: 'REVENUE' };
  return chart.taxRates
    .filter(rate => rate.status === 'ACTIVE' && appliesTo(rate, revenue))
    .sort(compareNames)
    .map(rate => ({ value: rate.taxType, label: `${rate.name} (${rate.taxType})` }));
}

export function trackingOptions(chart: Chart): Choice[] {
  return chart.tracking.flatMap(category =>
    category.options
      .filter(option => option.active)
      .map(option => ({
        value: trackingChoice({ category: category.name, option: option.name }),
        label: option.name,
        group: category.name,
      })),
  );
}

function takesLines({ status, type, systemAccount }: Account): boolean {
  const own = systemAccount === undefined || systemAccount === '' || systemAccount === 'ROUNDING';
  return status === 'ACTIVE' && type !== 'BANK' && own;
}

function takesPayments(account: Account, currency: string): boolean {
  if (account.status !== 'ACTIVE') return false;
  if (account.currency !== undefined && account.currency !== currency) return false;
  return account.type === 'BANK' || account.enablePayments;
}

function bankRank(account: Account): number {
  return account.type === 'BANK' ? 1 : 0;
}

/** In the order of the chart of accounts, which is how bookkeepers know it. */
function compareCodes(a: Account, b: Account): number {
  return (a.code ?? '').localeCompare(b.code ?? '', 'en', { numeric: true }) || compareNames(a, b);
}

function choiceOf(chart: Chart, account: Account, group: string): Choice {
  return {
    value: account.id,
    label: accountName(account),
    group,
    groupKey: chart.organisation.id,
  };
}
