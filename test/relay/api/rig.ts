/** The JSON API on a real server and database for tests: one store, two days, a token per role. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Router } from 'express';
import { silentLog } from '../../../protocol/host/log.ts';
import { createApp } from '../../../relay/app.ts';
import { createDayDesk } from '../../../relay/books/actions.ts';
import type { Db } from '../../../relay/db/db.ts';
import { openLowdb } from '../../../relay/db/lowdb.ts';
import type { DayRecord, Role } from '../../../relay/db/records.ts';
import { apiRoutes } from '../../../relay/hq/api/routes.ts';
import { addApiToken } from '../../../relay/hq/api/tokens.ts';
import type { DayRangeDesk } from '../../../relay/hq/deps.ts';
import { listen } from '../../../relay/http.ts';
import { StoreDesk } from '../../../relay/inbox/stores.ts';
import { chart } from '../../support/books.ts';
import { handMadeSummary } from '../../support/summaries.ts';
import { dayRow } from '../db-contract.ts';

const NOW = Date.parse('2026-11-22T02:00:00Z');
export const clock = () => NOW;
export const STORE = 'orchard-road';

export interface ApiAnswer {
  status: number;
  headers: Headers;
  body: unknown;
  problem: { code?: string; detail?: string; hint?: string; field?: string; errors?: unknown[] };
}

export interface ApiRig {
  url: string;
  db: Db;
  tokens: Readonly<Record<Role, string>>;
  /** What was asked of the days. */
  acted: string[][];
  /** @param role a role, or a whole token */
  call(method: string, path: string, role?: Role | string, body?: string): Promise<ApiAnswer>;
  stop(): Promise<void>;
}

export async function startApi(): Promise<ApiRig> {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-api-'));
  const db = await openLowdb(folder);
  const http = await listen('127.0.0.1', 0);
  const log = silentLog();
  const acted: string[][] = [];
  const days = recorded(createDayDesk({ db, clock, wake: () => undefined }), acted);
  const xero = { readChart: async () => chart() };
  const server = { version: '0.1.0', publicUrl: 'http://relay.test' };
  const api = apiRoutes({ db, clock, log, ...server, days, xero });
  const none = { ops: Router(), inbox: Router(), pages: Router() };
  http.serve(createApp({ log, trustedProxies: 'none', ...none, api }));
  const tokens = await makeTokens(db);
  await seed(db);
  return {
    ...{ url: http.url, db, tokens, acted },
    call: (method, path, role = 'viewer', body) => {
      const token = tokens[role as Role] ?? role;
      return send({ method, url: http.url + path, token, body });
    },
    stop: async () => {
      await http.stop(100);
      await db.close();
      await rm(folder, { recursive: true });
    },
  };
}

function recorded(days: DayRangeDesk, acted: string[][]): DayRangeDesk {
  return {
    ...days,
    act: async (...asked) => {
      acted.push(asked);
      return await days.act(...asked);
    },
    mappingSaved: async store => void acted.push(['mapping', store]),
  };
}

async function makeTokens(db: Db): Promise<Record<Role, string>> {
  const make = async (role: Role) =>
    (await addApiToken(db, clock, { name: role, role, who: 'test' })).token;
  return {
    viewer: await make('viewer'),
    bookkeeper: await make('bookkeeper'),
    admin: await make('admin'),
  };
}

interface Sent {
  method: string;
  url: string;
  token: string;
  body: string | undefined;
}

async function send({ method, url, token, body }: Sent): Promise<ApiAnswer> {
  const type = { 'Content-Type': 'application/json' };
  const response = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : type) },
    ...(body === undefined ? {} : { body }),
  });
  const answer = (await response.json()) as object;
  const { status, headers } = response;
  return { status, headers, body: answer, problem: answer };
}

async function seed(db: Db): Promise<void> {
  const settings = { timezone: 'Asia/Singapore', currency: 'SGD', cutOver: '00:00' };
  await new StoreDesk(db, clock).add({ name: 'Orchard Road', ...settings }, 'test');
  const organisations = [{ id: 'org-1', name: 'Orchard Coffee', connectionId: 'x' }];
  await db.write(async tx => {
    for (const date of ['2026-11-20', '2026-11-21']) {
      await tx.put('days', `${STORE}/${date}`, postedDay(date));
    }
    await tx.put('connections', 'c1', {
      ...{ id: 'c1', clientId: 'app', clientSecret: 'sealed', createdAt: '', createdBy: '' },
      state: 'connected',
      organisations,
    });
  });
}

/** Posted as an invoice, with an adjustment that waits. */
export function postedDay(date: string): DayRecord {
  const { number, revision, closedAt, quarantined, damaged, ...parts } = handMadeSummary();
  const { counts, sales, tenders, rounding, cash, overShort, terminals } = parts;
  const totals = { counts, sales, tenders, rounding, cash, overShort, terminals };
  const received = { receivedAt: closedAt, closedAt, quarantined, damaged };
  const plan = { number: `TB-${date}`, total: 2398, kind: 'invoice' } as const;
  const document = { plan, revision: 1, state: 'paid', xeroId: 'x-1', payments: [] };
  return {
    ...dayRow(STORE, date),
    state: 'waiting',
    reasons: [{ code: 'unmapped', message: 'The tender “card” is not mapped.', fix: 'Map it.' }],
    revisions: [{ revision, number, digest: 'd'.repeat(43), ...received, parts: totals }],
    documents: [document as unknown as DayRecord['documents'][number]],
  };
}
