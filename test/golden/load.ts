/**
 * Reads the golden set: one file per trading day with the tills' messages in short form and the
 * documents that Xero shall hold in the end. Goes out: whole messages as terminals send them, numbered
 * without gaps, and expectations in a form that a plan and a Xero can both be brought to.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { DayParts } from '../../protocol/day-summary.ts';
import { DayTotals, type Voidable } from '../../protocol/day-totals.ts';
import { formatMinor } from '../../protocol/money.ts';
import { parseTransaction, type Transaction } from '../../protocol/transaction.ts';
import type { PlannedDocument } from '../../relay/books/plan.ts';
import type { Chart } from '../../relay/xero/chart.ts';
import { makeOrganisation, type SeedKey } from '../support/xero/seeds.ts';

export const GOLDEN = new URL('../../../test/golden/', import.meta.url);

/** A message without what the loader fills in: version, sequence, currency, id, date. */
export interface ShortMessage {
  /** `HH:MM` in the store's zone. */
  at: string;
  type: string;
  /** `till-1` when absent. */
  terminal?: string;
  /** Only where a void names it; unique within the day. */
  id?: string;
  [field: string]: unknown;
}

export interface ExpectedDocument {
  kind: 'invoice' | 'credit-note';
  /** What follows `<prefix>-<slug>-`: `20260501`, `20260501-A1`. */
  number: string;
  status: 'AUTHORISED' | 'DRAFT';
  total: string;
  /** What Xero computes, line by line. */
  tax: string;
  /** `201 OUTPUT 11.00`, sorted. */
  lines: string[];
  /** `cash 621 11.00`, sorted. */
  payments: string[];
}

export interface GoldenDay {
  title: string;
  date: string;
  /** Key of books.json: organisation and mapping. */
  books: string;
  /** What the tills sent before the close, then what came late. */
  revisions: ShortMessage[][];
  /** Documents of all revisions in order, or the codes for which the day waits. */
  expected: ExpectedDocument[] | { waits: string[] };
}

export interface GoldenBooks {
  seed: SeedKey;
  currency: string;
  offset: string;
  mapping: Record<string, unknown>;
}

export function loadBooks(): Record<string, GoldenBooks> {
  return JSON.parse(readFileSync(new URL('books.json', GOLDEN), 'utf8')) as Record<
    string,
    GoldenBooks
  >;
}

/** All days, oldest first. */
export function loadDays(): GoldenDay[] {
  const folder = new URL('days/', GOLDEN);
  return readdirSync(folder)
    .sort()
    .map(file => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as GoldenDay);
}

export interface Message {
  terminal: string;
  payload: string;
}

/** Numbers messages over all days of one store, so that no terminal has a gap. */
export class Numbering {
  readonly #last = new Map<string, number>();

  /** The messages of one revision as the terminals publish them. */
  expand(day: GoldenDay, revision: number, { currency, offset }: GoldenBooks): Message[] {
    return (day.revisions[revision] ?? []).map(message => {
      const { at, terminal = 'till-1', id, voids, ...rest } = message;
      const sequence = (this.#last.get(terminal) ?? 0) + 1;
      this.#last.set(terminal, sequence);
      const payload = JSON.stringify({
        version: 1,
        id: `${day.date}-${id ?? `${terminal}-${sequence}`}`,
        sequence,
        occurredAt: `${day.date}T${at}:00${offset}`,
        currency,
        ...rest,
        ...(voids === undefined ? {} : { voids: `${day.date}-${String(voids)}` }),
      });
      return { terminal, payload };
    });
  }
}

/** The parts of each revision, added up as the agent does: whole totals every time. */
export function partsByRevision(day: GoldenDay, books: GoldenBooks): DayParts[] {
  const numbering = new Numbering();
  const totals = new DayTotals();
  const seen = new Map<string, Transaction>();
  return day.revisions.map((_, revision) => {
    for (const { terminal, payload } of numbering.expand(day, revision, books)) {
      const parsed = parseTransaction(Buffer.from(payload));
      if (!parsed.ok) throw new Error(`${day.date}: ${parsed.problem.message}`);
      const { transaction } = parsed;
      seen.set(transaction.id, transaction);
      const target = transaction.type === 'void' ? seen.get(transaction.voids) : undefined;
      totals.add(terminal, transaction, target as Voidable | undefined);
    }
    const terminals = totals.terminals().map(row => ({ ...row, missing: [] }));
    return { ...totals.parts(), terminals };
  });
}

/** The stand-in's organisation as the relay would read it. */
export function chartOf(seed: SeedKey): Chart {
  const organisation = makeOrganisation(seed, 0);
  return {
    readAt: '2026-01-01T00:00:00Z',
    organisation: {
      id: organisation.id,
      name: organisation.name,
      currency: organisation.baseCurrency,
    },
    accounts: organisation.accounts.map(account => ({
      id: account.id,
      name: account.name,
      type: account.type,
      class: CLASSES[account.type] ?? 'REVENUE',
      status: 'ACTIVE',
      enablePayments: account.enablePayments,
      ...(account.code === undefined ? {} : { code: account.code }),
      ...(account.taxType === undefined ? {} : { taxType: account.taxType }),
      ...(account.systemAccount === undefined ? {} : { systemAccount: account.systemAccount }),
    })),
    taxRates: organisation.taxRates.map(({ taxType, name, rate, appliesTo }) => ({
      taxType,
      name,
      ratePercent: rate / 10_000,
      status: 'ACTIVE',
      canApplyToRevenue: appliesTo.includes('REVENUE'),
      canApplyToAssets: appliesTo.includes('ASSET'),
      canApplyToLiabilities: appliesTo.includes('LIABILITY'),
      canApplyToExpenses: appliesTo.includes('EXPENSE'),
      canApplyToEquity: appliesTo.includes('EQUITY'),
    })),
    tracking: organisation.tracking.map(({ id, name, options }) => ({
      id,
      name,
      options: options.map(option => ({ ...option, active: true })),
    })),
  };
}

const CLASSES: Readonly<Record<string, string>> = {
  BANK: 'ASSET',
  CURRENT: 'ASSET',
  INVENTORY: 'ASSET',
  FIXED: 'ASSET',
  EQUITY: 'EQUITY',
  EXPENSE: 'EXPENSE',
  DIRECTCOSTS: 'EXPENSE',
  CURRLIAB: 'LIABILITY',
  TERMLIAB: 'LIABILITY',
};

/** A plan in the form of the golden files. */
export function asExpected(document: PlannedDocument, chart: Chart): ExpectedDocument {
  const money = (amount: number) => formatMinor(amount, document.currency);
  const code = (id: string) => chart.accounts.find(account => account.id === id)?.code ?? id;
  return {
    kind: document.kind,
    number: numberEnd(document.number),
    status: document.status,
    total: money(document.total),
    tax: money(document.xeroTax),
    lines: document.lines
      .map(({ accountCode, taxType, amount }) => `${accountCode} ${taxType} ${money(amount)}`)
      .sort(),
    payments: document.payments
      .map(({ tender, accountId, amount }) => `${tender} ${code(accountId)} ${money(amount)}`)
      .sort(),
  };
}

/** `TB-orchard-20260501-A1` → `20260501-A1`. */
export function numberEnd(number: string): string {
  return number.replace(/^.*?-(?=\d{8}(?:-|$))/, '');
}
