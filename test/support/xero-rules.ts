/**
 * Xero's rules for one document, written down independently of the program: what a plan may never
 * break. Comes in: a planned document and the chart. Goes out: every rule that it breaks, in words.
 */
import type { PlannedDocument } from '../../relay/books/plan.ts';
import type { Chart } from '../../relay/xero/chart.ts';

export function brokenRules(document: PlannedDocument, chart: Chart): string[] {
  return [
    ...brokenTexts(document),
    ...brokenSums(document),
    ...brokenLines(document, chart),
    ...brokenPayments(document, chart),
    ...brokenDates(document, chart),
  ];
}

function* brokenTexts({ number, reference, contactName, lines, payments }: PlannedDocument) {
  for (const text of [number, reference, contactName, ...payments.map(p => p.reference)]) {
    if (text.length < 1 || text.length > 255) yield `text of ${text.length}: ${text}`;
  }
  for (const { description } of lines) {
    if (description.length < 1 || description.length > 4000) yield 'description too long or empty';
  }
}

function* brokenSums({ lines, payments, total, status }: PlannedDocument) {
  let sum = 0;
  for (const line of lines) sum += line.amount;
  let paid = 0;
  for (const payment of payments) paid += payment.amount;
  if (sum !== total) yield `lines make ${sum}, total says ${total}`;
  if (total < 0) yield 'total below zero';
  if (lines.length === 0) yield 'no lines';
  if (status === 'DRAFT' && payments.length > 0) yield 'a draft is paid';
  if (status === 'AUTHORISED' && paid !== total) yield `${total - paid} stay due`;
  for (const amount of [...lines, ...payments].map(row => row.amount)) {
    if (!Number.isSafeInteger(amount) || Object.is(amount, -0)) yield `amount ${amount}`;
  }
}

function* brokenLines({ lines }: PlannedDocument, chart: Chart) {
  for (const line of lines) {
    const account = chart.accounts.find(({ id }) => id === line.accountId);
    const rate = chart.taxRates.find(({ taxType }) => taxType === line.taxType);
    if (account?.status !== 'ACTIVE') yield `line on ${line.accountCode}, not active`;
    if (account?.type === 'BANK') yield 'line on a bank account';
    const system = account?.systemAccount ?? '';
    if (system !== '' && system !== 'ROUNDING') yield `line on system account ${system}`;
    if (rate?.status !== 'ACTIVE') yield `tax type ${line.taxType}`;
    if (account?.class === 'EXPENSE' && rate?.canApplyToExpenses !== true) yield 'tax on expense';
    if (account?.class === 'REVENUE' && rate?.canApplyToRevenue !== true) yield 'tax on revenue';
    if (line.tracking.length > 2) yield 'more than two tracking options';
    for (const { category, option } of line.tracking) {
      const options = chart.tracking.find(({ name }) => name === category)?.options ?? [];
      if (!options.some(({ name, active }) => active && name === option)) yield 'tracking gone';
    }
  }
}

function* brokenPayments({ payments, total }: PlannedDocument, chart: Chart) {
  let due = total;
  for (const { accountId, amount } of payments) {
    const account = chart.accounts.find(({ id }) => id === accountId);
    if (account?.status !== 'ACTIVE') yield 'payment to an account that is not active';
    if (account?.type !== 'BANK' && account?.enablePayments !== true) yield 'payments not enabled';
    if (amount <= 0) yield `payment of ${amount}`;
    if (amount > due) yield 'payment beyond the amount due';
    due -= amount;
  }
}

function* brokenDates({ date }: PlannedDocument, { organisation }: Chart) {
  for (const lock of [organisation.periodLockDate, organisation.endOfYearLockDate]) {
    if (lock !== undefined && date <= lock) yield `dated ${date}, locked up to ${lock}`;
  }
}
