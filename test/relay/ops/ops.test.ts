/** What an operator's programs ask: does it run, can it work, how do the days stand. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Router } from 'express';
import { AppError } from '../../../protocol/errors.ts';
import { silentLog } from '../../../protocol/host/log.ts';
import { createApp } from '../../../relay/app.ts';
import { openLowdb } from '../../../relay/db/lowdb.ts';
import type { DayState, HeartbeatRecord } from '../../../relay/db/records.ts';
import { type WatchedDb, watchDays } from '../../../relay/db/watched.ts';
import { addApiToken } from '../../../relay/hq/api/tokens.ts';
import { type Listening, listen } from '../../../relay/http.ts';
import { StoreDesk } from '../../../relay/inbox/stores.ts';
import { opsRoutes } from '../../../relay/ops/routes.ts';
import { handMadeSummary } from '../../support/summaries.ts';
import { dayRow } from '../db-contract.ts';

const STORE = 'orchard-road';
let nowMs = Date.parse('2026-11-22T02:00:00Z');
const clock = () => nowMs;

let folder: string;
let db: WatchedDb;
let http: Listening;
/** Set: what the disk says to every write. */
let trouble: (() => Promise<never>) | undefined;
let writes = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillbook-ops-'));
  db = watchDays(await openLowdb(folder));
  http = await listen('127.0.0.1', 0);
  const log = silentLog();
  const write: WatchedDb['write'] = async work => {
    writes += 1;
    return trouble === undefined ? await db.write(work) : await trouble();
  };
  const xeroCallsLeft = () => new Map([['org-1', 4321]]);
  const { onDayChanged } = db;
  const ops = opsRoutes({ db: { ...db, write }, clock, onDayChanged, xeroCallsLeft });
  const none = { inbox: Router(), api: Router(), pages: Router() };
  http.serve(createApp({ log, trustedProxies: 'none', ops, ...none }));
  const settings = { timezone: 'Asia/Singapore', currency: 'SGD', cutOver: '00:00' };
  await new StoreDesk(db, clock).add({ name: 'Orchard Road', ...settings }, 'test');
});

after(async () => {
  await http.stop(100);
  await db.close();
  await rm(folder, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(http.url + path, { headers });

describe('the relay says whether it can work', () => {
  it('ready while a row can be written and read, and the disk is not worn by asking', async () => {
    nowMs += 60_000;
    writes = 0;
    const answers = await Promise.all(Array.from({ length: 20 }, () => get('/readyz')));
    for (const answer of answers) assert.equal(answer.status, 200);
    assert.equal(writes, 1);
    assert.equal((await get('/healthz')).status, 200);
  });

  it('503 with a problem document while the disk refuses, ready again after', async () => {
    nowMs += 60_000;
    trouble = async () => {
      throw new AppError('disk-full', 'no room in /srv/secret/place');
    };
    const answer = await get('/readyz');
    trouble = undefined;
    assert.equal(answer.status, 503);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
    const text = await answer.text();
    assert.equal(JSON.parse(text).code, 'disk-full');
    assert.doesNotMatch(text, /secret/);
    assert.equal((await get('/healthz')).status, 200, 'it still runs');
    nowMs += 60_000;
    assert.equal((await get('/readyz')).status, 200);
  });

  it('503 when the database says nothing at all', { timeout: 20_000 }, async () => {
    nowMs += 60_000;
    trouble = () => new Promise<never>(() => undefined);
    const answer = await get('/readyz');
    trouble = undefined;
    assert.deepEqual([answer.status, (await answer.json()).code], [503, 'disk-error']);
  });
});

async function putDay(date: string, state: DayState, receivedAt: string): Promise<void> {
  const { number, revision, closedAt, quarantined, damaged, ...parts } = handMadeSummary();
  const received = { receivedAt, closedAt, quarantined, damaged };
  const revisions = [{ revision, number, digest: 'd'.repeat(43), ...received, parts }];
  await db.write(tx =>
    tx.put('days', `${STORE}/${date}`, { ...dayRow(STORE, date), state, revisions }),
  );
}

async function metric(name: string): Promise<string | undefined> {
  const text = await (await get('/metrics')).text();
  const line = text.split('\n').find(row => row.startsWith(`tillbook_relay_${name} `));
  return line?.split(' ')[1];
}

describe('metrics', () => {
  it('count days by state and tell how long the oldest waits, as it changes', async () => {
    await putDay('2026-11-19', 'reconciled', '2026-11-19T16:00:00Z');
    await putDay('2026-11-20', 'waiting', '2026-11-21T02:00:00Z');
    await putDay('2026-11-21', 'received', '2026-11-22T01:00:00Z');
    nowMs = Date.parse('2026-11-22T02:00:00Z');
    assert.equal(await metric('days{state="waiting"}'), '1');
    assert.equal(await metric('oldest_waiting_seconds'), String(25 * 3600 - 3600));
    await putDay('2026-11-20', 'reconciled', '2026-11-21T02:00:00Z');
    assert.equal(await metric('days{state="reconciled"}'), '2');
    assert.equal(await metric('days{state="waiting"}'), undefined);
    assert.equal(await metric('oldest_waiting_seconds'), '3600');
  });

  it('tell of shops by id: when they were heard, what they still hold', async () => {
    const heartbeat = { backlog: { waiting: 3, oldestSeconds: 60 } };
    const beat = { receivedAt: '2026-11-22T01:59:00Z', heartbeat } as HeartbeatRecord;
    await db.write(tx => tx.put('heartbeats', STORE, beat));
    assert.equal(await metric(`heartbeat_age_seconds{store="${STORE}"}`), '60');
    assert.equal(await metric(`backlog{store="${STORE}"}`), '3');
    assert.equal(await metric('xero_calls_left{organisation="org-1"}'), '4321');
    assert.equal(await metric('stores'), '1');
  });

  it('are told to this machine or to a token, not to strangers behind a proxy', async () => {
    const { token } = await addApiToken(db, clock, { name: 'prom', role: 'viewer', who: 'test' });
    const behind = { 'X-Forwarded-For': '203.0.113.9' };
    const refused = await get('/metrics', behind);
    assert.deepEqual([refused.status, (await refused.json()).code], [401, 'not-signed-in']);
    const allowed = await get('/metrics', { ...behind, Authorization: `Bearer ${token}` });
    assert.equal(allowed.status, 200);
    assert.doesNotMatch(await allowed.text(), /Orchard Road/);
  });

  it('have the names that the documentation promises', async () => {
    const guide = await readFile(new URL('../../../../ARCHITECTURE.md', import.meta.url), 'utf8');
    const [, watching = ''] = guide.split('## Watching the relay');
    const promised = [...watching.matchAll(/^\| `(tillbook_relay_\w+)`/gm)].map(row => row[1]);
    const text = await (await get('/metrics')).text();
    const served = [...text.matchAll(/^# TYPE (tillbook_relay_\w+)/gm)].map(row => row[1]);
    const own = served.filter(name => !/relay_(process|nodejs)_/.test(name ?? ''));
    assert.deepEqual(own.sort(), promised.sort());
  });
});
