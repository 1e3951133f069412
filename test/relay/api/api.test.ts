/** The JSON API: rows that outsiders rely on, roles, the mapping, and words for every mistake. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Router } from 'express';
import { silentLog } from '../../../protocol/host/log.ts';
import { createApp } from '../../../relay/app.ts';
import type { Db } from '../../../relay/db/db.ts';
import { openLowdb } from '../../../relay/db/lowdb.ts';
import type { DayRecord, Role } from '../../../relay/db/records.ts';
import { apiRoutes } from '../../../relay/hq/api/routes.ts';
import { dayDetailsSchema, dayRowSchema } from '../../../relay/hq/api/schemas.ts';
import { addApiToken, revokeApiToken } from '../../../relay/hq/api/tokens.ts';
import { type Listening, listen } from '../../../relay/http.ts';
import { StoreDesk } from '../../../relay/inbox/stores.ts';
import { chart } from '../../support/books.ts';
import { handMadeSummary } from '../../support/summaries.ts';
import { dayRow } from '../db-contract.ts';

const NOW = Date.parse('2026-11-22T02:00:00Z');
const clock = () => NOW;
const STORE = 'orchard-road';

let folder: string;
let db: Db;
let http: Listening;
const tokens: Partial<Record<Role, string>> = {};
const acted: string[][] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillbook-api-'));
  db = await openLowdb(folder);
  http = await listen('127.0.0.1', 0);
  const log = silentLog();
  const days = {
    act: async (...action: string[]) => acted.push(action),
    mappingSaved: async (store: string) => void acted.push(['mapping', store]),
  };
  const xero = { readChart: async () => chart() };
  const server = { version: '0.1.0', publicUrl: 'http://relay.test' };
  const api = apiRoutes({ db, clock, log, ...server, days, xero });
  const parts = { log, trustedProxies: 'none', ops: Router(), inbox: Router(), pages: Router() };
  http.serve(createApp({ ...parts, api }));
  for (const role of ['viewer', 'bookkeeper'] as const) {
    tokens[role] = (await addApiToken(db, clock, { name: role, role, who: 'test' })).token;
  }
  await seed();
});

after(async () => {
  await http.stop(100);
  await db.close();
  await rm(folder, { recursive: true });
});

async function seed(): Promise<void> {
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
function postedDay(date: string): DayRecord {
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

interface ApiAnswer {
  status: number;
  body: unknown;
  problem: { code?: string; detail?: string; hint?: string; field?: string; errors?: unknown[] };
}

async function call(
  method: string,
  path: string,
  role: Role | string = 'viewer',
  body?: string,
): Promise<ApiAnswer> {
  const token = tokens[role as Role] ?? role;
  const type = { 'Content-Type': 'application/json' };
  const response = await fetch(http.url + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : type) },
    ...(body === undefined ? {} : { body }),
  });
  const answer = (await response.json()) as object;
  return { status: response.status, body: answer, problem: answer };
}

describe('the days over the API', () => {
  it('are one row per store-day with its newest revision and all its documents', async () => {
    const { body } = await call('GET', `/api/v1/days?store=${STORE}&from=2026-11-21&to=2026-11-21`);
    const [row, ...others] = body as unknown[];
    assert.deepEqual(others, []);
    assert.deepEqual(dayRowSchema.parse(row), row);
    assert.deepEqual(row, {
      store: STORE,
      date: '2026-11-21',
      revision: 1,
      state: 'waiting',
      reason: 'unmapped',
      reasons: [{ code: 'unmapped', message: 'The tender “card” is not mapped.', fix: 'Map it.' }],
      documents: [
        { kind: 'invoice', number: 'TB-2026-11-21', id: 'x-1', total: 2398, state: 'paid' },
      ],
      totals: { gross: 2400, tax: 182, tenders: { card: 1303, cash: 1095 } },
      reconciled: false,
    });
    assert.equal(((await call('GET', '/api/v1/days')).body as unknown[]).length, 2);
  });

  it('tell their history one by one', async () => {
    const { body } = await call('GET', `/api/v1/days/${STORE}/2026-11-21`);
    const day = dayDetailsSchema.parse(body);
    assert.deepEqual(day, body);
    assert.equal(day.revisions[0]?.missingNumbers, 2);
  });

  it('are acted on with the role for it, and under the token’s name', async () => {
    const path = `/api/v1/days/${STORE}/2026-11-21/retry`;
    assert.equal((await call('POST', path)).problem.code, 'not-allowed');
    assert.equal((await call('POST', path, 'bookkeeper')).status, 200);
    assert.deepEqual(acted.pop(), ['retry', STORE, '2026-11-21', 'token bookkeeper']);
    const other = `/api/v1/days/${STORE}/2026-11-21/delete`;
    assert.equal((await call('POST', other, 'bookkeeper')).problem.field, 'action');
  });

  it('that are asked for wrongly are refused with the field', async () => {
    const fields: [string, string, number][] = [
      ['/api/v1/days?from=2026-02-30', 'from', 422],
      ['/api/v1/days?to=x', 'to', 422],
      ['/api/v1/days?store=nowhere', 'store', 404],
      ['/api/v1/days?store=__proto__', 'store', 404],
      [`/api/v1/days/${STORE}/yesterday`, 'date', 422],
      [`/api/v1/days/${STORE}/2026-01-01`, 'date', 404],
      ['/api/v1/days/../2026-01-01', '', 404],
    ];
    for (const [path, field, status] of fields) {
      const answer = await call('GET', path);
      assert.deepEqual([answer.status, answer.problem.field ?? ''], [status, field], path);
      assert.ok(answer.problem.detail, path);
    }
    assert.match((await call('GET', '/api/v1/days?form=x')).problem.detail ?? '', /"form"/);
  });
});

describe('a mapping over the API', () => {
  const path = `/api/v1/stores/${STORE}/mapping`;
  const good = { organisation: 'org-1', products: '200', payment: '615' };
  const put = (mapping: object | string) =>
    call(
      'PUT',
      path,
      'bookkeeper',
      typeof mapping === 'string' ? mapping : JSON.stringify(mapping),
    );

  it('comes back as it was put, with its defaults, and decides from when on is posted', async () => {
    assert.equal((await call('GET', path)).status, 404);
    const saved = await put({ ...good, tenders: { card: { payment: '616' } } });
    assert.equal(saved.status, 200, JSON.stringify(saved.body));
    assert.deepEqual((await call('GET', path)).body, saved.body);
    assert.equal((saved.body as { cashTender: string }).cashTender, 'cash');
    const store = await db.get('stores', STORE);
    assert.deepEqual([store?.books?.postFrom, store?.books?.connection], ['2026-11-22', 'c1']);
    assert.deepEqual(acted.pop(), ['mapping', STORE]);
    const replaced = await put(good);
    assert.deepEqual((replaced.body as { tenders: object }).tenders, {});
  });

  it('that does not fit the organisation is refused with every reason', async () => {
    const answer = await put({ ...good, products: '999', payment: '200' });
    assert.equal(answer.status, 422);
    assert.ok((answer.problem.errors?.length ?? 0) >= 2, JSON.stringify(answer.problem));
    assert.ok(answer.problem.hint);
  });

  it('that is no mapping is refused with the field', async () => {
    const mappings: [object | string, string][] = [
      [{ ...good, products: 200 }, 'products'],
      [{ ...good, lines: 'all' }, 'lines'],
      [{ ...good, taxTolerance: -1 }, 'taxTolerance'],
      [{ ...good, organisation: 'org-2' }, 'organisation'],
      ['[]', ''],
      ['{"products":"1","products":"2"}', ''],
      ['{', ''],
    ];
    for (const [mapping, field] of mappings) {
      const answer = await put(mapping);
      const shown = JSON.stringify(answer.problem);
      assert.deepEqual([answer.status, answer.problem.field ?? ''], [422, field], shown);
    }
    assert.match((await put({ ...good, tills: {} })).problem.detail ?? '', /tills/);
    assert.equal((await call('PUT', path, 'viewer', '{}')).status, 403);
  });
});

describe('the API’s door', () => {
  it('opens to a good token only', async () => {
    const revoked = await addApiToken(db, clock, { name: 'old', role: 'admin', who: 'test' });
    await revokeApiToken(db, clock, 'old', 'test');
    const wrong = ['', 'nonsense', `${tokens.viewer}x`, revoked.token, 'tb_viewer_'];
    for (const token of [...wrong, `tb___proto___${'A'.repeat(43)}`]) {
      const answer = await call('GET', '/api/v1/stores', token);
      assert.deepEqual([answer.status, answer.problem.field], [401, 'Authorization'], token);
    }
    assert.equal((await call('GET', '/api/v1/stores')).status, 200);
  });

  it('gives no secret and no page away', async () => {
    const response = await fetch(`${http.url}/api/v1/stores`, {
      headers: { Authorization: `Bearer ${tokens.viewer}` },
    });
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(response.headers.get('x-powered-by'), null);
    assert.doesNotMatch(await response.text(), /sealed|clientSecret/);
  });

  it('describes every address it serves', async () => {
    const response = await fetch(`${http.url}/api/openapi.json`);
    const document = (await response.json()) as { paths: object; components: { schemas: object } };
    assert.deepEqual(Object.keys(document.paths), [
      '/api/v1/stores',
      '/api/v1/stores/{id}/mapping',
      '/api/v1/days',
      '/api/v1/days/{store}/{date}',
      '/api/v1/days/{store}/{date}/{action}',
    ]);
    const names = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)];
    for (const [, name] of names)
      assert.ok(Object.hasOwn(document.components.schemas, String(name)));
  });

  it('answers what it does not know with a problem document', async () => {
    for (const path of ['/api/v2/days', '/api', '/api/v1/stores/%ff/mapping', '/nothing']) {
      const answer = await call('GET', path);
      assert.ok(answer.status === 404 || answer.status === 400, `${path} ${answer.status}`);
      assert.ok(answer.problem.code, path);
    }
  });
});
