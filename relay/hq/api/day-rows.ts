/** A day as commands and the JSON API show it: the shape that outsiders rely on. */
import { type DayParts, grossOf, taxOf } from '../../../protocol/day-summary.ts';
import { countInRuns, type Run } from '../../../protocol/sequence.ts';
import { type Db, dayKey, keysUnder } from '../../db/db.ts';
import type { DayRecord, DocumentRecord, HeartbeatRecord, StoreRecord } from '../../db/records.ts';
import { findStore } from '../../inbox/stores.ts';
import type { DayDetails, DayRow, DocumentRow, StoreRow } from './schemas.ts';

export interface DaysRange {
  store?: string | undefined;
  /** First date. */
  from?: string | undefined;
  /** Last date, included. */
  to?: string | undefined;
}

/** One row per store-day, by store, oldest first. @throws AppError `not-found` for the store */
export async function listDays(db: Db, { store, from, to }: DaysRange): Promise<DayRow[]> {
  const ids =
    store === undefined
      ? (await db.list('stores')).map(row => row.key)
      : [(await findStore(db, store)).id];
  const ofStore = (id: string) =>
    db.list('days', {
      ...keysUnder(`${id}/`),
      ...(from === undefined ? {} : { from: dayKey(id, from) }),
      ...(to === undefined ? {} : { to: `${dayKey(id, to)}\uffff` }),
    });
  const rows = await Promise.all(ids.map(ofStore));
  return rows.flat().map(row => dayRow(row.value));
}

export interface DaysPage {
  rows: DayRow[];
  /** `<store>/<date>` of the last row, when more come after it. */
  next?: string;
}

/** At most `limit` rows after a given one; reads no more stores than it shows. */
export async function pageOfDays(
  db: Db,
  { store, from = '', to = '', after, limit }: DaysRange & PageOf,
): Promise<DaysPage> {
  const ids =
    store === undefined
      ? (await db.list('stores')).map(row => row.key)
      : [(await findStore(db, store)).id];
  const [afterStore = ''] = after?.split('/') ?? [];
  const found: { key: string; value: DayRecord }[] = [];
  for (const id of ids.filter(known => known >= afterStore)) {
    const first = dayKey(id, from);
    const isInIt = id === afterStore && after !== undefined && after >= first;
    const range = {
      from: isInIt ? `${after}!` : first,
      to: `${dayKey(id, to)}\uffff`,
      limit: limit + 1 - found.length,
    };
    found.push(...(await db.list('days', range)));
    if (found.length > limit) break;
  }
  const shown = found.slice(0, limit);
  const next = found.length > limit ? shown.at(-1)?.key : undefined;
  return { rows: shown.map(row => dayRow(row.value)), ...(next === undefined ? {} : { next }) };
}

interface PageOf {
  after: string | undefined;
  limit: number;
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

export function dayDetails(day: DayRecord): DayDetails {
  const { keptAside, events, heldBy, releasedBy } = day;
  return {
    ...dayRow(day),
    revisions: day.revisions.map(({ parts, ...revision }) => ({
      ...revision,
      gross: grossOf(parts),
      missingNumbers: missingOf(parts),
    })),
    keptAside,
    events,
    ...(heldBy === undefined ? {} : { heldBy }),
    ...(releasedBy === undefined ? {} : { releasedBy }),
  };
}

function missingOf({ terminals }: DayParts): number {
  return terminals.reduce((sum, row) => sum + countInRuns(row.missing as Run[]), 0);
}

export function storeRow(store: StoreRecord, beat: HeartbeatRecord | undefined): StoreRow {
  const { id, name, timezone, currency, cutOver, head, books } = store;
  return {
    id,
    name,
    timezone,
    currency,
    cutOver,
    lastSummary: head.number,
    lastSeenAt: beat?.receivedAt ?? null,
    organisation: books?.organisation ?? null,
    postFrom: books?.postFrom ?? null,
  };
}

export async function listStores(db: Db): Promise<StoreRow[]> {
  const beats = new Map((await db.list('heartbeats')).map(row => [row.key, row.value]));
  return (await db.list('stores')).map(row => storeRow(row.value, beats.get(row.key)));
}
