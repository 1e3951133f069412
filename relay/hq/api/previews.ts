/**
 * The exact document that a day would become in Xero, before anything is posted: by the rules of
 * posting, from the mapping and the accounts as they were read last. Never asks Xero.
 */
import { AppError } from '../../../protocol/errors.ts';
import { type Preview, previewToday } from '../../books/preview.ts';
import type { Db } from '../../db/db.ts';
import type { StoreRecord } from '../../db/records.ts';
import { loadDay } from '../day-data.ts';
import type { DayPreview } from './schemas.ts';

/** @throws AppError `not-found` for a day nobody knows, `conflict` while no mapping is saved */
export async function previewDay(db: Db, store: StoreRecord, date: string): Promise<DayPreview> {
  const { books } = store;
  const chart = books && (await db.get('charts', books.organisation));
  const beat = await db.get('heartbeats', store.id);
  const data = await loadDay(db, store, date);
  const named = { store: store.id, date };
  if (data?.newest === undefined && beat?.heartbeat.today?.businessDate !== date) {
    throw new AppError('not-found', `${store.name} has told of no sales on ${date}`, {
      path: 'date',
      hint: 'a day can be previewed from its first sale on',
    });
  }
  if (books === undefined || chart === undefined) throw withoutMapping(store);
  if (data?.newest !== undefined) {
    const { revision } = data.newest;
    const { preview } = data;
    return { ...named, revision, ...(preview ? shown(preview) : { kind: 'posted', names: [] }) };
  }
  const today = beat && previewToday({ store, heartbeat: beat.heartbeat, ...books, chart });
  return { ...named, revision: 0, ...(today ? shown(today) : { kind: 'nothing', names: [] }) };
}

function withoutMapping({ name }: StoreRecord): AppError {
  return new AppError('conflict', `${name} has no mapping yet, so there is nothing to show`, {
    path: 'store',
    hint: 'save one on the settings page, or PUT /api/v1/stores/{id}/mapping',
  });
}

function shown({ plan, names }: Preview): Omit<DayPreview, 'store' | 'date' | 'revision'> {
  switch (plan.kind) {
    case 'post': {
      const { cash: _, ...document } = plan.document;
      return { kind: 'post', document, notes: plan.notes, names };
    }
    case 'wait':
      return { kind: 'wait', reasons: plan.reasons, names };
    case 'nothing':
      return { kind: 'nothing', names };
  }
}
