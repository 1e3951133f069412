/** PostgreSQL: the contract, and what only a server can suffer: lost connections, rivals, versions. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { isAppError } from '../../protocol/errors.ts';
import type { Db } from '../../relay/db/db.ts';
import { checkLease, takeLease } from '../../relay/db/lease.ts';
import { digestOf, MIGRATIONS } from '../../relay/db/migrate.ts';
import { openPostgres } from '../../relay/db/postgres.ts';
import { TestPostgres } from '../support/postgres.ts';
import { needs } from '../support/tools.ts';
import { dayRow, describeDb } from './db-contract.ts';
import { modelTest } from './db-model.ts';

const STORM_MS = 1_500;

let server: TestPostgres;

const open = async () => {
  const url = await server.newUrl();
  let db = await openPostgres(url);
  return {
    url,
    db,
    reopen: async () => {
      await db.close();
      db = await openPostgres(url);
      return db;
    },
    end: () => db.close(),
  };
};

const link = (expiresAt: string) => ({ kind: 'invite', role: 'viewer', expiresAt }) as const;

/** Two relays on one database. */
async function withTwo(work: (a: Db, b: Db, url: string) => Promise<void>): Promise<void> {
  const url = await server.newUrl();
  const [a, b] = await Promise.all([openPostgres(url), openPostgres(url)]);
  try {
    await work(a, b, url);
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
}

describe('the relay on PostgreSQL', { ...needs('postgres'), timeout: 240_000 }, () => {
  before(async () => {
    server = await TestPostgres.start();
  });
  after(() => server?.stop());

  describeDb('postgres', open);
  describe('postgres: any order', () => modelTest(open));
  describe('postgres: lost connections', lossTests);
  describe('postgres: two relays', rivalTests);
  describe('postgres: versions', versionTests);
});

function lossTests(): void {
  it('a transaction whose connection is cut fails as a whole, and the next one works', async () => {
    await withTwo(async a => {
      const cut = a.write(async tx => {
        await tx.put('links', 'a', link('1'));
        await server.endConnections();
        await tx.put('links', 'b', link('1'));
      });
      await assert.rejects(cut, e => isAppError(e, 'database-unavailable') && e.retryable);
      assert.equal(await a.get('links', 'a'), undefined);
      await a.write(tx => tx.put('links', 'a', link('2')));
      assert.equal((await a.get('links', 'a'))?.expiresAt, '2');
    });
  });

  it('connections that die while nobody uses them are noticed by nobody', async () => {
    await withTwo(async (a, b) => {
      await a.write(tx => tx.put('links', 'a', link('1')));
      await server.endConnections();
      await b.write(tx => tx.put('links', 'b', link('1')));
      assert.equal((await a.list('links')).length, 2);
    });
  });

  it('under a storm of cuts, what was confirmed is there and what failed is not', async () => {
    await withTwo(async a => {
      let made = 0;
      const storm = setInterval(() => void server.endConnections().catch(() => undefined), 30);
      for (const end = Date.now() + STORM_MS; Date.now() < end; ) {
        const done = await a
          .write(async tx => {
            const row = await tx.get('leases', 'n');
            await tx.put('leases', 'n', { holder: '', token: (row?.token ?? 0) + 1, until: '' });
          })
          .then(() => true, isRetryable);
        if (done) made += 1;
      }
      clearInterval(storm);
      assert.equal((await a.get('leases', 'n'))?.token, made);
      assert.ok(made > 0);
    });
  });

  it('a server that is not there is a matter of waiting, a wrong database of the setting', async () => {
    await assert.rejects(openPostgres('postgres://nobody@127.0.0.1:1/none'), e =>
      isAppError(e, 'database-unavailable'),
    );
    const url = (await server.newUrl()).replace('/postgres?', '/nowhere?');
    await assert.rejects(openPostgres(url), e => isAppError(e, 'bad-setting'));
  });
}

function isRetryable(error: unknown): boolean {
  assert.ok(isAppError(error, 'database-unavailable') && error.retryable, String(error));
  return false;
}

function rivalTests(): void {
  it('of twenty who ask at once, one gets the lease', async () => {
    await withTwo(async (a, b) => {
      const ask = (_: unknown, i: number) =>
        takeLease(i % 2 ? a : b, {
          name: 'poster',
          holder: `r${i}`,
          ttlMs: 10_000,
          clock: Date.now,
        });
      const got = (await Promise.all(Array.from({ length: 20 }, ask))).filter(Boolean);
      assert.equal(got.length, 1);
      assert.equal((await a.get('leases', 'poster'))?.holder, got[0]?.holder);
    });
  });

  it('a relay whose clock is a year ahead does not take what another one holds', async () => {
    await withTwo(async (a, b) => {
      const wanted = { name: 'poster', ttlMs: 10_000 };
      const held = await takeLease(a, { ...wanted, holder: 'a', clock: Date.now });
      const fast = () => Date.now() + 365 * 86_400_000;
      assert.ok(held !== undefined && Math.abs(held.skewMs) < 5_000);
      assert.equal(await takeLease(b, { ...wanted, holder: 'b', clock: fast }), undefined);
      const own = await takeLease(b, { ...wanted, name: 'other', holder: 'b', clock: fast });
      assert.ok(Math.abs((own?.skewMs ?? 0) + 365 * 86_400_000) < 5_000);
    });
  });

  it('nobody takes over while a write of the holder is under way, and after it his end', async () => {
    await withTwo(async (a, b) => {
      const wanted = { name: 'poster', ttlMs: 0, clock: Date.now };
      const old = await takeLease(a, { ...wanted, holder: 'a' });
      assert.ok(old);
      let taken = false;
      let takeOver: Promise<unknown> = Promise.resolve();
      await a.write(async tx => {
        await checkLease(tx, old);
        takeOver = takeLease(b, { ...wanted, holder: 'b' }).then(() => {
          taken = true;
        });
        await wait(200);
        assert.equal(taken, false);
        await tx.put('links', 'in-time', link(''));
      });
      await takeOver;
      await assert.rejects(
        a.write(tx => checkLease(tx, old)),
        /another holder/,
      );
    });
  });

  it('two relays that count at once lose no step', async () => {
    await withTwo(async (a, b) => {
      const step = (db: Db) =>
        db.write(async tx => {
          const row = await tx.get('leases', 'n');
          await tx.put('leases', 'n', { holder: '', token: (row?.token ?? 0) + 1, until: '' });
        });
      await Promise.all(Array.from({ length: 40 }, (_, i) => step(i % 2 ? a : b)));
      assert.equal((await a.get('leases', 'n'))?.token, 40);
    });
  });

  it('who counted the days is told when another added one meanwhile', async () => {
    await withTwo(async (a, b) => {
      const addIfFewer = (db: Db, date: string) =>
        db.write(async tx => {
          const days = await tx.list('days');
          if (days.length < 3) await tx.put('days', `shop/${date}`, dayRow('shop', date));
        });
      const dates = Array.from({ length: 8 }, (_, i) => `2026-11-0${i + 1}`);
      await Promise.all(dates.map((date, i) => addIfFewer(i % 2 ? a : b, date)));
      assert.equal((await a.list('days')).length, 3);
    });
  });
}

/** What is out in the world: a migration is never edited, the next one gets the next number. */
const DIGESTS = [
  'xzD_PmWnvNbkM5SUm6SVUJGhekivSCH-gKT7vz4GC-A',
  'APHR1s1mEvfhgxpQKevjg13dJAtLa3YZr2gjnJqkQN0',
];

function versionTests(): void {
  it('migrations are numbered without gaps and never edited', () => {
    assert.deepEqual(
      MIGRATIONS.map(({ number }) => number),
      MIGRATIONS.map((_, index) => index + 1),
    );
    assert.deepEqual(MIGRATIONS.map(digestOf), DIGESTS);
  });

  it('a database of a newer program is refused with both versions', async () => {
    const url = await server.newUrl();
    await (await openPostgres(url)).close();
    await server.sql(`INSERT INTO migrations VALUES (99, 'later', 'x', now())`, url);
    await assert.rejects(openPostgres(url), e => {
      assert.ok(isAppError(e, 'bad-setting'));
      assert.match(e.message, /version 99, this program knows up to 2/);
      return true;
    });
  });

  it("another program's migrations are refused", async () => {
    const url = await server.newUrl();
    await (await openPostgres(url)).close();
    await server.sql(`UPDATE migrations SET digest = 'x'`, url);
    await assert.rejects(openPostgres(url), /migration 1 .* is not the one/);
  });

  it('relays that start at once on an empty database migrate it once', async () => {
    const url = await server.newUrl();
    const opened = await Promise.all(Array.from({ length: 4 }, () => openPostgres(url)));
    const applied = opened.map(db => db.migrated.applied.length);
    await Promise.all(opened.map(db => db.close()));
    assert.deepEqual(applied.sort(), [0, 0, 0, MIGRATIONS.length]);
  });
}
