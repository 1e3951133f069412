/** What head office sees at one relay of what another relay on the same PostgreSQL has changed. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openPostgres, type PostgresDb } from '../../../relay/db/postgres.ts';
import { watchDays } from '../../../relay/db/watched.ts';
import { DayHeads } from '../../../relay/hq/day-heads.ts';
import { OpenAlerts } from '../../../relay/hq/open-alerts.ts';
import { TestPostgres } from '../../support/postgres.ts';
import { needs } from '../../support/tools.ts';
import { dayRow } from '../db-contract.ts';

const DATE = '2026-11-21';
const KEY = `shop/${DATE}`;

describe('two relays on one PostgreSQL', needs('postgres'), () => {
  let server: TestPostgres;
  let [here, there]: (PostgresDb | undefined)[] = [];
  before(async () => {
    server = await TestPostgres.start();
    const url = await server.newUrl();
    [here, there] = [await openPostgres(url), await openPostgres(url)];
  });
  after(async () => {
    await Promise.all([here?.close(), there?.close()]);
    await server.stop();
  });

  it('a list shows what the other relay changed, a second later at most', async () => {
    if (here === undefined || there === undefined) throw new Error('no database');
    const first = watchDays(here);
    let later = 0;
    const heads = new DayHeads(first, first.onDayChanged, () => Date.now() + later);
    const states = async () => (await heads.list('shop', DATE, DATE)).map(({ state }) => state);
    await there.write(tx => tx.put('days', KEY, { ...dayRow('shop', DATE), state: 'received' }));
    assert.deepEqual(await states(), ['received']);
    await there.write(tx => tx.put('days', KEY, { ...dayRow('shop', DATE), state: 'posted' }));
    later = 1000;
    assert.deepEqual(await states(), ['posted']);
  });

  it('an alert that the other relay found stands on the page some seconds later', async () => {
    if (here === undefined || there === undefined) throw new Error('no database');
    let nowMs = 0;
    const alerts = new OpenAlerts(here, () => nowMs);
    assert.deepEqual(await alerts.list(), []);
    const alert = { kind: 'store-silent', subject: 'shop', message: '', fix: '' } as const;
    const row = { ...alert, since: '2026-11-21T00:00:00Z', told: [] };
    await there.write(tx => tx.put('alerts', 'store-silent/shop', row));
    nowMs = 5_000;
    assert.deepEqual(await alerts.list(), [row]);
  });
});
