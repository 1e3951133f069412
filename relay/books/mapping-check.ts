/**
 * Holds a mapping against the chart of its organisation: when it is saved, and every night. Comes in:
 * mapping, chart, the store's currency. Goes out: everything that would stop a day, each with its
 * fix; nothing when all is well. A day itself is held only by what it uses (see invoice.ts).
 */
import { exponentOf } from '../../protocol/money.ts';
import { LINE_KINDS } from '../../protocol/transaction.ts';
import type { Account, Chart } from '../xero/chart.ts';
import { type Books, lineAccount, paymentAccount } from './accounts.ts';
import { appliesTo, findAccount, findTaxRate, findTracking } from './chart-lookup.ts';
import type { Mapping } from './mapping.ts';
import { distinctReasons, type Reason, reason } from './reasons.ts';
import { notZero, usable } from './taxes.ts';

/** What is wrong with a mapping, most important first; empty when nothing is. */
export function checkMapping(mapping: Mapping, chart: Chart, currency: string): Reason[] {
  const books: Books = { mapping, chart, currency, reasons: [] };
  checkCurrency(books);
  checkAccounts(books);
  checkTenders(books);
  checkTaxes(books);
  checkTracking(books);
  return distinctReasons(books.reasons);
}

function checkCurrency({ chart, currency, reasons }: Books): void {
  const { organisation } = chart;
  if (exponentOf(currency) > 2) {
    const message = `${currency} has ${exponentOf(currency)} decimals; Xero keeps two.`;
    reasons.push(reason('currency-three-decimals', message));
  } else if (organisation.currency !== currency && organisation.currency !== '') {
    const message = `The store sells in ${currency}, the organisation ${organisation.name} keeps its books in ${organisation.currency}.`;
    reasons.push(reason('currency', message));
  }
}

/** Every account on a line that the mapping names. */
function* lineChoices(mapping: Mapping): Iterable<{ what: string; account: string | undefined }> {
  yield { what: 'Accounts for Products', account: mapping.products };
  for (const kind of LINE_KINDS) {
    yield { what: `the kind “${kind}”`, account: mapping.kinds[kind] };
  }
  for (const [name, { account }] of Object.entries(mapping.categories)) {
    yield { what: `the category “${name}”`, account };
  }
  for (const [name, account] of Object.entries(mapping.cash)) {
    yield { what: `the cash reason “${name}”`, account };
  }
  yield { what: 'all other cash reasons', account: mapping.cashOther };
  yield { what: 'cash over/short', account: mapping.overShort };
  yield { what: 'cash rounding', account: mapping.rounding };
  yield { what: 'discounts', account: mapping.discounts };
}

function checkAccounts(books: Books): void {
  for (const choice of lineChoices(books.mapping)) {
    if (choice.account !== undefined) lineAccount(books, choice);
  }
}

function checkTenders(books: Books): void {
  paymentAccount(books, { what: 'the Default Payment Account', account: books.mapping.payment });
  for (const [name, chosen] of Object.entries(books.mapping.tenders)) {
    const what = `the tender “${name}”`;
    if ('payment' in chosen) paymentAccount(books, { what, account: chosen.payment });
    else lineAccount(books, { what, account: chosen.line });
  }
}

function checkTaxes(books: Books): void {
  const { mapping, chart, reasons } = books;
  const untaxed = [
    ['lines without tax', mapping.noTax],
    ['balance-sheet lines', mapping.outOfScope],
  ] as const;
  for (const [what, taxType] of untaxed) {
    const rate = taxType === undefined ? undefined : usable(books, taxType, what, undefined);
    if (rate !== undefined && rate.ratePercent !== 0) reasons.push(notZero(rate, what));
  }
  const earning = earningAccounts(mapping, chart);
  for (const [code, taxType] of Object.entries(mapping.taxes)) {
    const rate = findTaxRate(chart, taxType);
    const fits = rate !== undefined && earning.some(account => appliesTo(rate, account));
    const what = `the tax code “${code}”`;
    usable(books, taxType, what, fits ? undefined : earning[0]);
    // A discount carries the tax of what it takes off.
    if (mapping.discounts !== undefined) {
      usable(books, taxType, what, findAccount(chart, mapping.discounts));
    }
  }
}

/** Where a taxed sale may go. */
function earningAccounts(mapping: Mapping, chart: Chart): Account[] {
  const chosen = [
    mapping.products,
    ...Object.values(mapping.kinds),
    ...Object.values(mapping.categories).map(({ account }) => account),
  ];
  return chosen.flatMap(codeOrId => findAccount(chart, codeOrId) ?? []);
}

function checkTracking({ mapping, chart, reasons }: Books): void {
  const sets = [
    mapping.tracking ?? [],
    ...Object.values(mapping.categories).map(({ tracking }) => tracking ?? []),
  ];
  for (const choice of sets.flat()) {
    if (findTracking(chart, choice) !== undefined) continue;
    const message = `The tracking option ${choice.category}: ${choice.option} is not (or no longer active) in Xero.`;
    reasons.push(reason('tracking-missing', message));
  }
}

/** Tax rates that the mapping uses and that changed in Xero between two readings of the chart. */
export function changedRates(mapping: Mapping, before: Chart, after: Chart): Reason[] {
  const products = findAccount(after, mapping.products)?.taxType;
  const used = new Set([...Object.values(mapping.taxes), ...(products ? [products] : [])]);
  return [...used].flatMap(taxType => {
    const old = findTaxRate(before, taxType);
    const now = findTaxRate(after, taxType);
    if (old === undefined || now === undefined || old.ratePercent === now.ratePercent) return [];
    const message = `The tax rate ${now.name} was ${old.ratePercent} % and is ${now.ratePercent} % in Xero now.`;
    return [reason('tax-rate-changed', message)];
  });
}
