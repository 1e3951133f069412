/** What every database of the relay promises: run by lowdb.test.ts, and by postgres.test.ts. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Db, dayKey, keysUnder, listAll } from '../../relay/db/db.ts';
import { checkLease, releaseLease, takeLease } from '../../relay/db/lease.ts';
import { newestDays } from '../../relay/db/newest-days.ts';
import type { DayRecord } from '../../relay/db/records.ts';

export interface DbUnderTest {
  db: Db;
  /** Ends this one and opens the same data again. */
  reopen(): Promise<Db>;
  end(): Promise<void>;
}

export function dayRow(store: string, date: string): DayRecord {
  return {
    store,
    date,
    state: 'received',
    reasons: [],
    revisions: [],
    keptAside: [],
    documents: [],
    events: [],
  };
}

const link = (expiresAt: string) => ({ kind: 'invite', role: 'viewer', expiresAt }) as const;
const lease = (holder: string, token: number) => ({ holder, token, until: '' });

export function describeDb(name: string, open: () => Promise<DbUnderTest>): void {
  describe(`${name}: rows`, () => rowTests(open));
  describe(`${name}: ranges`, () => rangeTests(open));
  describe(`${name}: transactions`, () => transactionTests(open));
  describe(`${name}: leases`, () => leaseTests(open));
}

function rowTests(open: () => Promise<DbUnderTest>): void {
  let under: DbUnderTest;
  beforeEach(async () => {
    under = await open();
  });
  afterEach(() => under.end());

  it('a row is there after it was put, and after the program started again', async () => {
    await under.db.write(tx => tx.put('links', 'one', link('2026')));
    assert.deepEqual(await under.db.get('links', 'one'), link('2026'));
    const again = await under.reopen();
    assert.deepEqual(await again.get('links', 'one'), link('2026'));
  });

  it('a row that never was is undefined, whatever its name', async () => {
    assert.equal(await under.db.get('links', 'nobody'), undefined);
    assert.equal(await under.db.get('links', 'constructor'), undefined);
    assert.equal(await under.db.get('days', 'none/2026-01-01'), undefined);
  });

  it('a removed row stays away', async () => {
    await under.db.write(tx => tx.put('links', 'one', link('2026')));
    await under.db.write(tx => tx.remove('links', 'one'));
    await under.db.write(tx => tx.remove('links', 'never-was'));
    assert.equal(await (await under.reopen()).get('links', 'one'), undefined);
  });

  it('what a caller does to an object later does not reach the database', async () => {
    const row = dayRow('shop', '2026-11-21');
    await under.db.write(tx => tx.put('days', dayKey('shop', '2026-11-21'), row));
    row.state = 'posted';
    const read = await under.db.get('days', 'shop/2026-11-21');
    assert.equal(read?.state, 'received');
    if (read) read.state = 'posted';
    assert.equal((await under.db.get('days', 'shop/2026-11-21'))?.state, 'received');
  });

  it('names of any script, and numbers, come back as they went in', async () => {
    const row = dayRow('shop', '2026-11-21');
    row.events.push({
      at: '',
      who: '__proto__',
      what: 'café 東京 😀 "\\\n\u0000'.replace('\u0000', ''),
    });
    await under.db.write(tx => tx.put('days', 'shop/2026-11-21', row));
    assert.deepEqual(await (await under.reopen()).get('days', 'shop/2026-11-21'), row);
  });

  it('a name from the tills may be __proto__, and is one name like any other', async () => {
    const details = JSON.parse('{"__proto__":{"constructor":1},"b":[{"__proto__":2}]}');
    const row = { at: '2026', who: 'x', what: 'y', details };
    await under.db.write(tx => tx.put('audit', '2026-11-01T00/x', row));
    const read = await under.db.get('audit', '2026-11-01T00/x');
    assert.equal(JSON.stringify(read), JSON.stringify(row));
    assert.equal(
      JSON.stringify(await (await under.reopen()).get('audit', '2026-11-01T00/x')),
      JSON.stringify(row),
    );
  });

  it('a key that no row can have is a bug, and says so', async () => {
    for (const key of ['', '../secret', 'a/../b', '/abs', 'sp ace', '__proto__', 'a//b']) {
      await assert.rejects(
        under.db.write(tx => tx.put('links', key, link(''))),
        /not a key/,
      );
    }
  });
}

function rangeTests(open: () => Promise<DbUnderTest>): void {
  let under: DbUnderTest;
  beforeEach(async () => {
    under = await open();
  });
  afterEach(() => under.end());

  it('the days of one store come in order, over months, newest first when asked', async () => {
    const dates = ['2026-10-31', '2026-11-01', '2026-09-15', '2026-11-30'];
    for (const store of ['shop', 'shop-2', 'another']) {
      await under.db.write(async tx => {
        for (const date of dates) await tx.put('days', dayKey(store, date), dayRow(store, date));
      });
    }
    const keys = async (range: object) =>
      (await under.db.list('days', range)).map(row => row.key.replace('shop/2026-', ''));
    assert.deepEqual(await keys(keysUnder('shop/')), ['09-15', '10-31', '11-01', '11-30']);
    const range = { from: 'shop/2026-10-31', to: 'shop/2026-11-30' };
    assert.deepEqual(await keys(range), ['10-31', '11-01']);
    assert.deepEqual(await keys({ ...keysUnder('shop/'), reverse: true, limit: 1 }), ['11-30']);
    assert.equal((await under.db.list('days')).length, 12);
  });

  it('all rows of a table are read, however many, in the order of their keys', async () => {
    const keys = ['a', 'a-1', 'a.1', 'a/b', 'aa', 'b', 'b_2'];
    await under.db.write(async tx => {
      for (const key of keys) await tx.put('leases', key, { holder: '', token: 1, until: '' });
    });
    for (const pageRows of [1, 2, 7, 100]) {
      const read = (await listAll(under.db, 'leases', pageRows)).map(row => row.key);
      assert.deepEqual(read, keys);
    }
  });

  it('the newest days of many stores are read together, each by its own name', async () => {
    const stores = ['shop', 'shop-2', 'shop0', 'another', 'without-days'];
    await under.db.write(async tx => {
      for (const store of stores.slice(0, 4)) {
        for (const date of ['2026-10-31', '2026-11-01', '2026-11-02']) {
          await tx.put('days', dayKey(store, date), dayRow(store, date));
        }
      }
    });
    const found: [string, string[]][] = [];
    for await (const group of newestDays(under.db, stores, 2)) {
      for (const { store, days } of group) {
        assert.ok(days.every(day => day.store === store));
        found.push([store, days.map(({ date }) => date)]);
      }
    }
    const newest = ['2026-11-02', '2026-11-01'];
    assert.deepEqual(
      found,
      stores.map(store => [store, store === 'without-days' ? [] : newest]),
    );
  });

  it('the keys of the audit are the order of time', async () => {
    const at = ['2026-11-30T23:59:59.999Z', '2026-12-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'];
    await under.db.write(async tx => {
      for (const when of at) {
        await tx.put('audit', `${when}/x_-`, { at: when, who: 'a', what: 'b', details: {} });
      }
    });
    const rows = await under.db.list('audit', { reverse: true, limit: 2 });
    assert.deepEqual(
      rows.map(row => row.value.at),
      [at[1], at[0]],
    );
    const [before] = await under.db.list('audit', { to: `${at[1]}/x_-`, reverse: true, limit: 1 });
    assert.equal(before?.value.at, at[0]);
  });
}

function transactionTests(open: () => Promise<DbUnderTest>): void {
  let under: DbUnderTest;
  beforeEach(async () => {
    under = await open();
  });
  afterEach(() => under.end());

  it('a transaction sees its own changes, and nobody else does before its end', async () => {
    const { db } = under;
    await db.write(async tx => {
      await tx.put('links', 'a', link('1'));
      await tx.put('links', 'b', link('2'));
      await tx.remove('links', 'a');
      assert.equal(await tx.get('links', 'a'), undefined);
      assert.deepEqual(
        (await tx.list('links')).map(row => row.key),
        ['b'],
      );
      assert.equal(await db.get('links', 'b'), undefined);
    });
    assert.deepEqual(await db.get('links', 'b'), link('2'));
  });

  it('a throw undoes everything and is passed on', async () => {
    const failed = under.db.write(async tx => {
      await tx.put('links', 'a', link('1'));
      await tx.put('days', 'shop/2026-11-21', dayRow('shop', '2026-11-21'));
      throw new Error('no');
    });
    await assert.rejects(failed, /no/);
    assert.equal(await under.db.get('links', 'a'), undefined);
    assert.equal(await under.db.get('days', 'shop/2026-11-21'), undefined);
    await under.db.write(tx => tx.put('links', 'a', link('3')));
  });

  it('counting up at once loses no step', async () => {
    const step = () =>
      under.db.write(async tx => {
        const row = await tx.get('leases', 'counter');
        await tx.put('leases', 'counter', lease('x', (row?.token ?? 0) + 1));
      });
    await Promise.all(Array.from({ length: 25 }, step));
    assert.equal((await under.db.get('leases', 'counter'))?.token, 25);
  });

  it('a transaction over many tables is there whole after a new start', async () => {
    await under.db.write(async tx => {
      await tx.put('links', 'a', link('1'));
      await tx.put('leases', 'l', lease('x', 7));
      await tx.put('days', 'shop/2026-11-21', dayRow('shop', '2026-11-21'));
      await tx.put('days', 'shop/2026-12-01', dayRow('shop', '2026-12-01'));
    });
    const db = await under.reopen();
    assert.deepEqual(await db.get('links', 'a'), link('1'));
    assert.equal((await db.get('leases', 'l'))?.token, 7);
    assert.equal((await db.list('days', keysUnder('shop/'))).length, 2);
  });
}

function leaseTests(open: () => Promise<DbUnderTest>): void {
  let under: DbUnderTest;
  beforeEach(async () => {
    under = await open();
  });
  afterEach(() => under.end());
  const ask = (holder: string, ttlMs = 60_000) =>
    takeLease(under.db, { name: 'poster', holder, ttlMs, clock: Date.now });

  it('one holder at a time; its holder may prolong it', async () => {
    assert.equal((await ask('a'))?.token, 1);
    assert.equal(await ask('b'), undefined);
    assert.equal((await ask('a', 0))?.token, 1);
    assert.equal((await ask('b'))?.token, 2);
    assert.equal(await ask('a'), undefined);
  });

  it('who lost it can write no more, though nobody told him', async () => {
    const old = await ask('a', 0);
    await ask('b');
    assert.ok(old);
    const late = under.db.write(async tx => {
      await checkLease(tx, old);
      await tx.put('links', 'late', link(''));
    });
    await assert.rejects(late, /another holder/);
    assert.equal(await under.db.get('links', 'late'), undefined);
  });

  it('a holder that lets go is followed at once, with a higher token', async () => {
    const first = await ask('a');
    assert.ok(first);
    await releaseLease(under.db, first);
    assert.equal((await ask('b'))?.token, 2);
    await releaseLease(under.db, first);
    assert.equal(await ask('c'), undefined);
  });
}
