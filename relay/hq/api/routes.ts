/**
 * The JSON API for head office's own programs: bearer tokens by role, the same judgement as the
 * pages. Every refusal is a problem document.
 */
import { type Request, Router, raw } from 'express';
import { AppError } from '../../../protocol/errors.ts';
import type { Logger } from '../../../protocol/host/log.ts';
import { parseWith } from '../../../protocol/schema-words.ts';
import { parseStrictJson } from '../../../protocol/strict-json.ts';
import { type Db, dayKey } from '../../db/db.ts';
import type { DayRecord } from '../../db/records.ts';
import { findStore } from '../../inbox/stores.ts';
import { problemHandler, unknownAddress } from '../../problems.ts';
import type { DayRangeDesk } from '../deps.ts';
import { dayDetails, listStores, pageOfDays } from './day-rows.ts';
import { tokenWith, whoOf } from './door.ts';
import { type MappingDeps, readMapping, saveMapping } from './mappings.ts';
import { openApiDocument } from './openapi.ts';
import { previewDay } from './previews.ts';
import {
  DAY_ACTIONS,
  DAYS_MAX,
  type DayAction,
  dateSchema,
  daysQuerySchema,
  rangeSchema,
} from './schemas.ts';

/** A mapping of several thousand names fits. */
const BODY_BYTES_MAX = 1024 * 1024;

export interface ApiDeps extends Omit<MappingDeps, 'days'> {
  db: Db;
  log: Logger;
  version: string;
  publicUrl: string;
  days: DayRangeDesk;
}

export function apiRoutes(deps: ApiDeps): Router {
  const { db } = deps;
  const routes = Router();
  const body = raw({ type: 'application/json', limit: BODY_BYTES_MAX });
  const mayRead = tokenWith(db, 'viewer');
  const mayWrite = tokenWith(db, 'bookkeeper');
  const description = openApiDocument(deps.version, deps.publicUrl);
  routes.get('/api/openapi.json', (_req, res) => {
    res.json(description);
  });
  routes.use('/api/v1', (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  routes.get('/api/v1/stores', mayRead, async (_req, res) => {
    res.json(await listStores(db));
  });
  routes.get('/api/v1/stores/:id/mapping', mayRead, async (req, res) => {
    res.json(await readMapping(db, part(req, 'id')));
  });
  routes.put('/api/v1/stores/:id/mapping', mayWrite, body, async (req, res) => {
    res.json(await saveMapping(deps, part(req, 'id'), jsonOf(req), whoOf(req)));
  });
  routes.post('/api/v1/stores/:id/post', mayWrite, body, async (req, res) => {
    const { from, to } = rangeOf(req);
    const store = await findStore(db, part(req, 'id'));
    res.json({ dates: await deps.days.postRange(store.id, from, to, whoOf(req)) });
  });
  routes.get('/api/v1/days', mayRead, async (req, res) => {
    const { after, limit = DAYS_MAX, ...range } = queryOf(req);
    const { rows, next } = await pageOfDays(db, { ...range, after, limit });
    if (next !== undefined) res.links({ next: addressAfter(req, next) });
    res.json(rows);
  });
  routes.get('/api/v1/days/:store/:date', mayRead, async (req, res) => {
    res.json(dayDetails(await findDay(db, req)));
  });
  routes.get('/api/v1/days/:store/:date/preview', mayRead, async (req, res) => {
    const store = await findStore(db, part(req, 'store'));
    res.json(await previewDay(db, store, dateOf(req)));
  });
  routes.post('/api/v1/days/:store/:date/:action', mayWrite, async (req, res) => {
    const action = actionOf(part(req, 'action'));
    const day = await findDay(db, req);
    await deps.days.act(action, day.store, day.date, whoOf(req));
    res.json(dayDetails(await findDay(db, req)));
  });
  routes.use('/api', unknownAddress, problemHandler(deps.log));
  return routes;
}

function part(req: Request, name: string): string {
  const value = req.params[name];
  return typeof value === 'string' ? value : '';
}

async function findDay(db: Db, req: Request): Promise<DayRecord> {
  const store = await findStore(db, part(req, 'store'));
  const date = dateOf(req);
  const day = await db.get('days', dayKey(store.id, date));
  if (day !== undefined) return day;
  throw new AppError('not-found', `${store.name} has no day ${date}`, {
    path: 'date',
    hint: `list the days: GET /api/v1/days?store=${store.id}`,
  });
}

function dateOf(req: Request): string {
  const date = parseWith(dateSchema, part(req, 'date'), 'date');
  if (date.ok) return date.data;
  throw new AppError('bad-input', date.message, {
    path: 'date',
    hint: 'a business date such as 2026-11-21',
  });
}

function rangeOf(req: Request) {
  const parsed = parseWith(rangeSchema, jsonOf(req), 'the range');
  if (parsed.ok) return parsed.data;
  throw new AppError('bad-input', parsed.message, {
    path: parsed.path,
    hint: 'send {"from": "2026-11-01", "to": "2026-11-21"}',
  });
}

function addressAfter(req: Request, last: string): string {
  const query = new URLSearchParams({ ...(req.query as Record<string, string>), after: last });
  return `/api/v1/days?${query}`;
}

function actionOf(text: string): DayAction {
  const action = DAY_ACTIONS.find(known => known === text);
  if (action !== undefined) return action;
  throw new AppError('not-found', 'there is no such action', {
    path: 'action',
    hint: `one of ${DAY_ACTIONS.join(', ')}`,
  });
}

function queryOf(req: Request) {
  const parsed = parseWith(daysQuerySchema, { ...req.query }, 'the query');
  if (parsed.ok) return parsed.data;
  throw new AppError('bad-input', parsed.message, {
    path: parsed.path,
    hint: 'store, from, to, after and limit may be given, dates like 2026-11-21',
  });
}

/** Strict: a key that stands twice in a mapping must not silently win. */
function jsonOf(req: Request): unknown {
  const bytes: unknown = req.body;
  if (!Buffer.isBuffer(bytes)) {
    throw new AppError('bad-input', 'the body must be JSON', {
      path: 'Content-Type',
      hint: 'send Content-Type: application/json',
    });
  }
  const json = parseStrictJson(bytes);
  if (json.ok) return json.value;
  throw new AppError('bad-input', json.message, { hint: 'send one JSON object' });
}
