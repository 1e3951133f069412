/** What is kept in memory about days is never older than the database. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Reader } from '../../../relay/db/db.ts';
import { DayHeads } from '../../../relay/hq/day-heads.ts';
import { dateOf, fillOffice } from './filled-office.ts';
import { type Office, startOffice } from './office.ts';

let office: Office;
before(async () => {
  office = await startOffice();
  await fillOffice(office.db, Date.now());
});
after(async () => await office.stop());

const DATE = dateOf('waiting');
const KEY = `orchard/${DATE}`;

async function stateIn(heads: DayHeads): Promise<string | undefined> {
  return (await heads.list('orchard', DATE, DATE))[0]?.state;
}

async function put(state: 'waiting' | 'reconciled'): Promise<void> {
  await office.db.write(async tx => {
    const day = await tx.get('days', KEY);
    if (day !== undefined) await tx.put('days', KEY, { ...day, state });
  });
}

test('a changed day is seen at once, also when it changes while it is read', async () => {
  const heads = new DayHeads(office.db, office.db.onDayChanged);
  assert.equal(await stateIn(heads), 'waiting');
  await put('reconciled');
  assert.equal(await stateIn(heads), 'reconciled');
  const [, , during] = await Promise.all([put('waiting'), stateIn(heads), put('reconciled')]);
  assert.equal(during, undefined);
  assert.equal(await stateIn(heads), 'reconciled');
});

test('a change that was not made is not told', async () => {
  const told: string[] = [];
  office.db.onDayChanged(key => told.push(key));
  const failed = office.db.write(async tx => {
    await tx.remove('days', KEY);
    throw new Error('no');
  });
  await assert.rejects(failed, /no/);
  assert.deepEqual(told, []);
  await put('waiting');
  assert.deepEqual(told, [KEY]);
});

test('a range over the turn of the year holds both ends and nothing else', async () => {
  const day = await office.db.get('days', KEY);
  await office.db.write(async tx => {
    for (const date of ['2025-12-30', '2025-12-31', '2026-01-01', '2026-01-02']) {
      if (day !== undefined) await tx.put('days', `orchard/${date}`, { ...day, date });
    }
  });
  const heads = new DayHeads(office.db, office.db.onDayChanged);
  const dates = (await heads.list('orchard', '2025-12-31', '2026-01-01')).map(({ date }) => date);
  assert.deepEqual(dates, ['2025-12-31', '2026-01-01']);
});

test('the last year is read ahead of the first question, once', async () => {
  const reads: string[] = [];
  const db: Reader = {
    get: (table, key) => office.db.get(table, key),
    list: (table, range) => {
      reads.push(`${table} ${range?.from}`);
      return office.db.list(table, range);
    },
  };
  const heads = new DayHeads(db, office.db.onDayChanged, () => Date.parse('2026-11-23T08:00:00Z'));
  await heads.readAhead();
  const read = reads.length;
  await heads.readAhead();
  assert.equal(await stateIn(heads), 'waiting');
  assert.equal((await heads.list('orchard', '2025-12-30', '2026-11-30')).length > 4, true);
  assert.deepEqual([reads.length, read], [14, 14], `${reads}`);
});
