/** Days from before the connection over the API: looked at first, then posted; and long lists. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DayState } from '../../../relay/db/records.ts';
import { dayPreviewSchema } from '../../../relay/hq/api/schemas.ts';
import { chart, fullMapping } from '../../support/books.ts';
import { type ApiRig, postedDay, STORE, startApi } from './rig.ts';

let rig: ApiRig;
before(async () => {
  rig = await startApi();
});
after(() => rig.stop());

async function putDay(date: string, state: DayState): Promise<void> {
  const day = { ...postedDay(date), state, documents: [], reasons: [] };
  await rig.db.write(tx => tx.put('days', `${STORE}/${date}`, day));
}

async function connect(): Promise<void> {
  await rig.db.write(async tx => {
    const store = await tx.get('stores', STORE);
    if (store === undefined) throw new Error('no store');
    const chosen = fullMapping();
    const books = { connection: 'c1', organisation: 'org-1', mapping: chosen };
    const saved = { postFrom: '2026-11-22', savedAt: '2026-11-22T00:00:00Z' };
    await tx.put('stores', STORE, { ...store, books: { ...books, ...saved } });
    await tx.put('charts', 'org-1', chart());
  });
}

describe('days from before the connection', () => {
  it('say before a mapping is saved that there is nothing to show yet', async () => {
    await putDay('2026-11-10', 'not-posted');
    const answer = await rig.call('GET', `/api/v1/days/${STORE}/2026-11-10/preview`);
    assert.deepEqual([answer.status, answer.problem.code], [409, 'conflict']);
    assert.ok(answer.problem.hint);
  });

  it('show the exact document before they are posted, to the cent', async () => {
    await connect();
    await putDay('2026-11-10', 'not-posted');
    const before = await rig.db.get('days', `${STORE}/2026-11-10`);
    const { body } = await rig.call('GET', `/api/v1/days/${STORE}/2026-11-10/preview`);
    const shown = dayPreviewSchema.parse(body);
    assert.equal(shown.revision, 1);
    const { document } = shown;
    assert.ok(document, JSON.stringify(shown));
    const lines = document.lines.reduce((sum, line) => sum + line.amount, 0);
    const paid = document.payments.reduce((sum, one) => sum + one.amount, 0);
    assert.deepEqual([lines, paid], [document.total, document.total]);
    assert.match(document.number, /20261110$/);
    assert.deepEqual(await rig.db.get('days', `${STORE}/2026-11-10`), before, 'nothing changed');
  });

  it('are posted for a range, once, and no other day is touched', async () => {
    await putDay('2026-11-10', 'not-posted');
    await putDay('2026-11-11', 'reconciled');
    await putDay('2026-11-12', 'not-posted');
    await putDay('2026-11-13', 'not-posted');
    const path = `/api/v1/stores/${STORE}/post`;
    const range = JSON.stringify({ from: '2026-11-10', to: '2026-11-12' });
    const first = await rig.call('POST', path, 'bookkeeper', range);
    assert.deepEqual(first.body, { dates: ['2026-11-10', '2026-11-12'] });
    const day = await rig.db.get('days', `${STORE}/2026-11-12`);
    assert.deepEqual([day?.state, day?.releasedBy], ['received', 'token bookkeeper']);
    assert.equal((await rig.db.get('days', `${STORE}/2026-11-13`))?.state, 'not-posted');
    const again = await rig.call('POST', path, 'bookkeeper', range);
    assert.deepEqual(again.body, { dates: [] });
  });

  it('are refused the wrong way round, too many at once, or without dates', async () => {
    const path = `/api/v1/stores/${STORE}/post`;
    const ranges: [object, string][] = [
      [{ from: '2026-11-12', to: '2026-11-10' }, 'from'],
      [{ from: '2024-01-01', to: '2026-11-10' }, 'to'],
      [{ from: '2026-11-12' }, 'to'],
      [{ from: '2026-02-30', to: '2026-11-10' }, 'from'],
    ];
    for (const [range, field] of ranges) {
      const answer = await rig.call('POST', path, 'bookkeeper', JSON.stringify(range));
      assert.deepEqual([answer.status, answer.problem.field], [422, field], JSON.stringify(range));
    }
  });
});

describe('long lists of days', () => {
  it('come in parts that lead to the next, each day once', async () => {
    for (let day = 1; day <= 9; day += 1) await putDay(`2026-10-0${day}`, 'reconciled');
    const seen: string[] = [];
    let path: string | undefined = '/api/v1/days?from=2026-10-01&to=2026-10-31&limit=4';
    for (let asked = 0; path !== undefined && asked < 9; asked += 1) {
      const { body, headers } = await rig.call('GET', path);
      const rows = body as { date: string }[];
      assert.ok(rows.length <= 4);
      seen.push(...rows.map(row => row.date));
      path = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 9 }, (_, index) => `2026-10-0${index + 1}`),
    );
  });

  it('refuse a limit beyond what one answer may hold', async () => {
    for (const limit of ['0', '-1', '10001', 'all']) {
      const answer = await rig.call('GET', `/api/v1/days?limit=${limit}`);
      assert.deepEqual([answer.status, answer.problem.field], [422, 'limit'], limit);
    }
  });
});
