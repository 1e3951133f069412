/**
 * Questions about an organisation's books: what is due, what was paid, which lock date applies,
 * what every account has moved. Pure over the organisation.
 */
import type { Cents } from './decimal.ts';
import { classOf } from './seeds.ts';
import type { Account, Doc, IsoDate, Organisation, Payment } from './types.ts';

/** The payments of a document that still stand. */
export function paymentsOf(organisation: Organisation, doc: Doc): Payment[] {
  return organisation.payments.filter(p => p.docId === doc.id && p.status === 'AUTHORISED');
}

export function amountPaid(organisation: Organisation, doc: Doc): Cents {
  return paymentsOf(organisation, doc).reduce((sum, p) => sum + p.amount, 0);
}

/** What is still to be paid (invoice) or refunded (credit note). */
export function amountDue(organisation: Organisation, doc: Doc): Cents {
  if (doc.status === 'VOIDED' || doc.status === 'DELETED') return 0;
  return doc.total - amountPaid(organisation, doc);
}

export function findAccount(
  organisation: Organisation,
  { code, id }: { code?: string | undefined; id?: string | undefined },
): Account | undefined {
  if (id !== undefined) return organisation.accounts.find(a => a.id === id);
  return organisation.accounts.find(a => a.code === code);
}

export function systemAccount(organisation: Organisation, name: string): Account | undefined {
  return organisation.accounts.find(a => a.systemAccount === name);
}

/** The lock that covers `date`, worded as in Xero's messages. */
export function lockOver(
  organisation: Organisation,
  date: IsoDate,
): { readonly name: string; readonly date: IsoDate } | undefined {
  const { periodLockDate, endOfYearLockDate } = organisation;
  if (periodLockDate !== undefined && date <= periodLockDate) {
    return { name: 'period lock date', date: periodLockDate };
  }
  if (endOfYearLockDate !== undefined && date <= endOfYearLockDate) {
    return { name: 'end of year lock date', date: endOfYearLockDate };
  }
  return undefined;
}

/** Sets PAID when nothing is due, and takes it back when a payment is removed. */
export function settle(organisation: Organisation, doc: Doc, zeroIsPaid: boolean): void {
  if (doc.status !== 'AUTHORISED' && doc.status !== 'PAID') return;
  const paid = amountDue(organisation, doc) === 0 && (doc.total > 0 || zeroIsPaid);
  doc.status = paid ? 'PAID' : 'AUTHORISED';
}

/** One line of the trial balance. `balance` = debits − credits. */
export interface Movement {
  readonly code: string;
  readonly name: string;
  readonly type: string;
  readonly class: string;
  readonly debit: Cents;
  readonly credit: Cents;
  readonly balance: Cents;
}

/** What posted documents and payments moved on each account; the balances add up to zero. */
export function trialBalance(organisation: Organisation): Movement[] {
  const totals = new Map<string, { debit: Cents; credit: Cents }>();
  const debit = (accountId: string, amount: Cents) => {
    const total = totals.get(accountId) ?? { debit: 0, credit: 0 };
    if (amount >= 0) total.debit += amount;
    else total.credit -= amount;
    totals.set(accountId, total);
  };
  for (const doc of organisation.docs) postDoc(organisation, doc, debit);
  const debtors = systemAccount(organisation, 'DEBTORS')?.id ?? '';
  for (const payment of organisation.payments) {
    if (payment.status !== 'AUTHORISED') continue;
    const doc = organisation.docs.find(d => d.id === payment.docId);
    const amount = doc?.kind === 'credit-note' ? -payment.amount : payment.amount;
    debit(payment.accountId, amount);
    debit(debtors, -amount);
  }
  return [...totals].map(([id, total]) => movement(organisation, id, total)).sort(byCode);
}

function postDoc(
  organisation: Organisation,
  doc: Doc,
  debit: (accountId: string, amount: Cents) => void,
): void {
  if (doc.status !== 'AUTHORISED' && doc.status !== 'PAID') return;
  const sign = doc.kind === 'credit-note' ? -1 : 1;
  debit(systemAccount(organisation, 'DEBTORS')?.id ?? '', sign * doc.total);
  debit(systemAccount(organisation, 'GST')?.id ?? '', -sign * doc.totalTax);
  for (const line of doc.lines) {
    const net =
      doc.lineAmountTypes === 'Inclusive' ? line.lineAmount - line.taxAmount : line.lineAmount;
    debit(line.accountId ?? '', -sign * net);
  }
}

function movement(
  organisation: Organisation,
  id: string,
  { debit, credit }: { debit: Cents; credit: Cents },
): Movement {
  const account = organisation.accounts.find(a => a.id === id);
  return {
    code: account?.code ?? '',
    name: account?.name ?? 'No account',
    type: account?.type ?? '',
    class: classOf(account?.type ?? '') ?? '',
    debit,
    credit,
    balance: debit - credit,
  };
}

function byCode(a: Movement, b: Movement): number {
  return a.code < b.code ? -1 : 1;
}
