/**
 * A store's mapping over the API: checked against the chart of its organisation like on the pages,
 * and saved whole. What is left out takes its default.
 */
import { businessDateOf } from '../../../protocol/business-date.ts';
import { AppError } from '../../../protocol/errors.ts';
import { parseWith } from '../../../protocol/schema-words.ts';
import { type Mapping, mappingSchema } from '../../books/mapping.ts';
import { checkMapping } from '../../books/mapping-check.ts';
import { type Clock, nowText } from '../../clock.ts';
import { addAudit } from '../../db/audit.ts';
import type { Db, Reader } from '../../db/db.ts';
import type { StoreRecord } from '../../db/records.ts';
import { findStore } from '../../inbox/stores.ts';
import { ReasonedError } from '../../problems.ts';
import type { DayDesk, XeroDesk } from '../deps.ts';

/** A chart that is younger is not read anew from Xero for a check. */
const CHART_AGE_MAX_MS = 24 * 3_600_000;

export interface MappingDeps {
  db: Db;
  clock: Clock;
  xero: Pick<XeroDesk, 'readChart'>;
  days: Pick<DayDesk, 'mappingSaved'>;
}

/** @throws AppError `not-found` while nothing was saved */
export async function readMapping(db: Reader, id: string): Promise<Mapping> {
  const store = await findStore(db, id);
  if (store.books !== undefined) return store.books.mapping;
  throw new AppError('not-found', `${store.name} has no mapping yet`, {
    path: 'id',
    hint: 'save one on the settings page, or PUT it here',
  });
}

/** @throws AppError `bad-input` with the field, ReasonedError, `not-found` */
export async function saveMapping(
  deps: MappingDeps,
  id: string,
  value: unknown,
  who: string,
): Promise<Mapping> {
  const store = await findStore(deps.db, id);
  const parsed = parseWith(mappingSchema, value, 'the mapping');
  if (!parsed.ok) {
    throw new AppError('bad-input', parsed.message, {
      path: parsed.path,
      hint: 'the shape of a mapping stands in /api/openapi.json',
    });
  }
  const { organisation } = parsed.data;
  const connection = await connectionOf(deps.db, organisation);
  const chart = await deps.xero.readChart(
    { connection, organisation },
    { maxAgeMs: CHART_AGE_MAX_MS },
  );
  const reasons = checkMapping(parsed.data, chart, store.currency);
  if (reasons.length > 0) throw new ReasonedError(reasons);
  await save(deps, store.id, { connection, organisation, mapping: parsed.data }, who);
  await deps.days.mappingSaved(store.id);
  return parsed.data;
}

async function connectionOf(db: Reader, organisation: string): Promise<string> {
  const connections = (await db.list('connections')).map(row => row.value);
  const found = connections.find(
    ({ state, organisations }) =>
      state === 'connected' && organisations.some(one => one.id === organisation),
  );
  if (found !== undefined) return found.id;
  const known = connections.flatMap(({ organisations }) =>
    organisations.map(one => `${one.id} (${one.name})`),
  );
  throw new AppError('bad-input', 'organisation is not connected', {
    path: 'organisation',
    hint: known.length > 0 ? `connected: ${known.join(', ')}` : 'connect Xero on /settings first',
  });
}

async function save(
  { db, clock }: MappingDeps,
  id: string,
  chosen: Pick<NonNullable<StoreRecord['books']>, 'connection' | 'organisation' | 'mapping'>,
  who: string,
): Promise<void> {
  await db.write(async tx => {
    const store = await findStore(tx, id);
    const before = store.books;
    // The first Save decides from which business date on the store is posted.
    const postFrom = before?.postFrom ?? businessDateOf(clock(), store);
    const books = { ...chosen, postFrom, savedAt: nowText(clock) };
    await tx.put('stores', id, { ...store, books });
    const details = { store: id, before: before?.mapping ?? null, after: chosen.mapping };
    await addAudit(tx, clock(), { who, what: 'Mapping saved', details });
  });
}
