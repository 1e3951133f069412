/** A day as commands and the JSON API show it: the shape that outsiders rely on. */
import { grossOf, taxOf } from '../../../protocol/day-summary.ts';
import type { DayRecord, DocumentRecord } from '../../db/records.ts';

/** Amounts are whole minor units. */
export interface DayRow {
  store: string;
  date: string;
  /** The newest accepted revision; 0 while none has come. */
  revision: number;
  state: DayRecord['state'];
  /** Code of the first reason; see `reasons` for the words. */
  reason?: string;
  reasons: DayRecord['reasons'];
  documents: DocumentRow[];
  totals: { gross: number; tax: number; tenders: Record<string, number> };
  reconciled: boolean;
}

export interface DocumentRow {
  kind: DocumentRecord['plan']['kind'];
  number: string;
  /** Xero's id; null until Xero has the document. */
  id: string | null;
  /** ≥ 0, of a credit note too. */
  total: number;
  state: DocumentRecord['state'];
}

export function dayRow(day: DayRecord): DayRow {
  const newest = day.revisions.at(-1);
  const parts = newest?.parts ?? { sales: [], tenders: [] };
  const reason = day.reasons[0]?.code;
  return {
    store: day.store,
    date: day.date,
    revision: newest?.revision ?? 0,
    state: day.state,
    ...(reason === undefined ? {} : { reason }),
    reasons: day.reasons,
    documents: day.documents.map(documentRow),
    totals: {
      gross: grossOf(parts),
      tax: taxOf(parts),
      tenders: Object.fromEntries(parts.tenders.map(row => [row.method, row.amount])),
    },
    reconciled: day.state === 'reconciled',
  };
}

function documentRow({ plan, xeroId, state }: DocumentRecord): DocumentRow {
  return { kind: plan.kind, number: plan.number, id: xeroId ?? null, total: plan.total, state };
}
