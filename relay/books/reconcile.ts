/**
 * The four-way comparison of one store-day: tills = agent = relay = Xero, in minor units. Comes in:
 * the newest summary's parts, what the relay planned, what was read back from Xero. Goes out: rows
 * with every side and a verdict. Promise: a difference is shown and held, never plugged.
 */
import { type DayParts, grossOf, taxOf } from '../../protocol/day-summary.ts';
import { formatMinor, sumMinor } from '../../protocol/money.ts';
import type { DocumentRecord } from '../db/records.ts';
import type { PlannedDocument } from './plan.ts';
import { type Reason, reason } from './reasons.ts';
import { documentRows, paidInXero, type ReconcileRow, row, type Sides } from './reconcile-rows.ts';

export type PostedDocument = Pick<DocumentRecord, 'plan' | 'state' | 'readBack'>;

export interface ReconcileInput {
  /** The revision that the documents stand for. */
  parts: DayParts;
  /** All documents of the day; those that are gone or not sent yet do not count. */
  documents: readonly PostedDocument[];
  /**
   * The recount of the journal at the close. Absent: the agent signs only when its recount and its
   * day book agree, so the summary stands for both.
   */
  tills?: DayParts;
}

export interface Reconciliation {
  verdict: 'reconciled' | 'drafted' | 'differs' | 'unknown';
  rows: ReconcileRow[];
  /** Why the day is not reconciled; empty otherwise. */
  reasons: Reason[];
}

/** Compares all four sides. Pure; the same input gives the same rows. */
export function reconcile({ parts, documents, tills = parts }: ReconcileInput): Reconciliation {
  const standing = documents.filter(({ state }) => state !== 'gone' && state !== 'planned');
  const drafts = standing.some(({ plan }) => plan.status === 'DRAFT');
  const rows = [
    earnedRow(tills, parts, standing),
    taxRow(tills, parts, standing),
    ...(drafts ? [] : tenderRows(tills, parts, standing)),
    ...standing.flatMap(documentRows),
  ];
  const currency = standing[0]?.plan.currency ?? '';
  const reasons = [
    ...rows.filter(({ verdict }) => verdict === 'differs').map(row => differs(row, currency)),
    ...standing.flatMap(goneReasons),
  ];
  return { verdict: verdictOf(rows, reasons, drafts), rows, reasons };
}

function verdictOf(
  rows: readonly ReconcileRow[],
  reasons: readonly Reason[],
  drafts: boolean,
): Reconciliation['verdict'] {
  if (reasons.length > 0) return 'differs';
  if (rows.some(({ verdict }) => verdict === 'unknown')) return 'unknown';
  return drafts ? 'drafted' : 'reconciled';
}

/** Invoices count as they are, credit notes against. */
function signOf({ plan }: PostedDocument): 1 | -1 {
  return plan.kind === 'invoice' ? 1 : -1;
}

/** What the day earned: sales, rounding, cash in and out, over/short. */
function earnedRow(
  tills: DayParts,
  agent: DayParts,
  documents: readonly PostedDocument[],
): ReconcileRow {
  const relay = sumMinor(
    documents.map(document => signOf(document) * sumMinor(earnedLines(document.plan))),
  );
  return row('Sales, rounding and cash movements', {
    tills: earnedOf(tills),
    agent: earnedOf(agent),
    relay,
  });
}

function earnedLines({ lines }: PlannedDocument): number[] {
  return lines.filter(({ tender }) => tender === undefined).map(({ amount }) => amount);
}

function earnedOf(parts: DayParts): number {
  return grossOf(parts) + parts.rounding + movedOf(parts);
}

function movedOf({ cash, overShort }: DayParts): number {
  return sumMinor([...cash.map(({ amount }) => amount), overShort]);
}

function taxRow(
  tills: DayParts,
  agent: DayParts,
  documents: readonly PostedDocument[],
): ReconcileRow {
  const known = documents.every(({ readBack }) => readBack !== undefined);
  return row(
    'Tax',
    {
      tills: taxOf(tills),
      agent: taxOf(agent),
      relay: sumMinor(documents.map(document => signOf(document) * document.plan.tax)),
      xero: known
        ? sumMinor(documents.map(document => signOf(document) * (document.readBack?.tax ?? 0)))
        : undefined,
    },
    sumMinor(documents.map(({ plan }) => plan.taxTolerance)),
  );
}

/** Each tender: what the tills took against what payments and tender lines carry. */
function tenderRows(
  tills: DayParts,
  agent: DayParts,
  documents: readonly PostedDocument[],
): ReconcileRow[] {
  const names = new Set([
    ...tills.tenders.map(({ method }) => method),
    ...agent.tenders.map(({ method }) => method),
    ...documents.flatMap(({ plan }) => [
      ...plan.payments.map(({ tender }) => tender),
      ...plan.lines.flatMap(({ tender }) => tender ?? []),
    ]),
  ]);
  const took = ({ tenders }: DayParts, name: string) =>
    tenders.find(({ method }) => method === name)?.amount ?? 0;
  return [...names].map(name =>
    row(`Tender ${name}`, {
      tills: took(tills, name),
      agent: took(agent, name),
      relay: sumMinor(documents.map(document => carried(document, name))),
      ...inXero(documents, name),
    }),
  );
}

/** Xero's payments by a tender; it knows nothing of a tender that is a line. */
function inXero(documents: readonly PostedDocument[], name: string): Pick<Sides, 'xero'> {
  if (documents.some(({ plan }) => plan.lines.some(({ tender }) => tender === name))) return {};
  let xero = 0;
  for (const document of documents) {
    const { plan, readBack } = document;
    if (readBack === undefined) return { xero: undefined };
    xero += signOf(document) * paidInXero(plan, readBack, name) - movedWith(plan, name);
  }
  return { xero };
}

/** A tender's amount as the till counts it, taken out of a document again. */
function carried(document: PostedDocument, name: string): number {
  const { payments, lines } = document.plan;
  const paid = payments.filter(({ tender }) => tender === name).map(({ amount }) => amount);
  const onLines = lines.filter(({ tender }) => tender === name).map(({ amount }) => -amount);
  return signOf(document) * sumMinor([...paid, ...onLines]) - movedWith(document.plan, name);
}

/** Cash in and out and over/short, where this tender carries them. */
function movedWith({ cash }: PlannedDocument, name: string): number {
  return cash?.tender === name ? cash.moved : 0;
}

function goneReasons({ plan, readBack }: PostedDocument): Reason[] {
  if (readBack?.status !== 'VOIDED' && readBack?.status !== 'DELETED') return [];
  const word = readBack.status.toLowerCase();
  return [reason('document-gone', `${plan.number} was ${word} in Xero.`)];
}

function differs(found: ReconcileRow, currency: string): Reason {
  const money = (amount: number | undefined) =>
    amount === undefined ? '–' : formatMinor(amount, currency);
  const { label, tills, agent, relay, xero } = found;
  const sides = [
    ...(tills === undefined ? [] : [`tills ${money(tills)}`]),
    ...(agent === undefined ? [] : [`agent ${money(agent)}`]),
    `relay ${money(relay)}`,
    ...(xero === undefined ? [] : [`Xero ${money(xero)}`]),
  ];
  return reason('books-differ', `${label}: ${sides.join(', ')}${currency && ` (${currency})`}.`);
}
