/**
 * Everything that the page of one day shows, gathered from the database and judged by the books'
 * pure functions: the comparison, and what would be posted next.
 */
import { type Preview, previewRevision } from '../books/preview.ts';
import { type Reconciliation, reconcile } from '../books/reconcile.ts';
import { dayKey, type Reader } from '../db/db.ts';
import type { DayRecord, DocumentRecord, RevisionRecord, StoreRecord } from '../db/records.ts';
import type { Chart } from '../xero/chart.ts';

export interface DayData {
  store: StoreRecord;
  day: DayRecord;
  chart: Chart | undefined;
  /** The newest revision; absent for a missing day. */
  newest: RevisionRecord | undefined;
  /** Against the revision that the documents stand for; absent before a document stands in Xero. */
  comparison: Reconciliation | undefined;
  /** What would be written for the newest revision; absent when nothing is left to write. */
  preview: Preview | undefined;
}

export async function loadDay(
  db: Reader,
  store: StoreRecord,
  date: string,
): Promise<DayData | undefined> {
  const day = await db.get('days', dayKey(store.id, date));
  if (day === undefined) return undefined;
  const organisation = store.books?.organisation;
  const chart = organisation === undefined ? undefined : await db.get('charts', organisation);
  const newest = day.revisions.at(-1);
  const standing = day.documents.filter(stands);
  const posted = revisionOf(day, standing.at(-1));
  return {
    store,
    day,
    chart,
    newest,
    comparison: posted && reconcile({ parts: posted.parts, documents: standing }),
    preview: previewOf({ store, day, chart, newest, posted }),
  };
}

function stands({ state }: DocumentRecord): boolean {
  return state !== 'planned' && state !== 'gone';
}

function revisionOf(day: DayRecord, document: DocumentRecord | undefined) {
  return day.revisions.find(({ revision }) => revision === document?.revision);
}

interface PreviewInput extends Pick<DayData, 'store' | 'day' | 'chart' | 'newest'> {
  posted: RevisionRecord | undefined;
}

function previewOf({ store, day, chart, newest, posted }: PreviewInput): Preview | undefined {
  const { books } = store;
  if (newest === undefined || books === undefined || chart === undefined) return undefined;
  if (posted?.revision === newest.revision) return undefined;
  return previewRevision({
    store,
    date: day.date,
    revision: newest,
    mapping: books.mapping,
    chart,
    ...(posted === undefined ? {} : { before: posted.parts }),
    options: { adjustment: day.documents.length, released: true },
  });
}
