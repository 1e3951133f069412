/** Posting on PostgreSQL: the connection is cut at every step, and a backup of last week is put back. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { OpenDays } from '../../../relay/books/open-days.ts';
import type { Db } from '../../../relay/db/db.ts';
import { openPostgres } from '../../../relay/db/postgres.ts';
import { TestPostgres } from '../../support/postgres.ts';
import {
  addStore,
  busyDay,
  connect,
  dayIn,
  deliver,
  makeRig,
  type Rig,
} from '../../support/posting.ts';
import { steppingDb } from '../../support/stepping-db.ts';
import { needs } from '../../support/tools.ts';

const AT_ONCE = 4;
const IN_TIME_MS = 60_000;

let server: TestPostgres;

interface Shop {
  rig: Rig;
  keys: string[];
  url: string;
  /** Ends every connection of this relay's, as a server that starts anew would. */
  cut: () => Promise<unknown>;
}

async function shopOf(t: TestContext): Promise<Shop> {
  const name = `cut-${Math.random()}`;
  const url = `${await server.newUrl()}&application_name=${name}`;
  const db = await openPostgres(url);
  const rig = await makeRig(t, { db });
  await connect(rig, 60_000);
  await addStore(rig);
  const refund = { sales: [{ amount: -550, tax: 0 }], tenders: { cash: -550 } };
  const keys = [
    await deliver(rig, '2026-11-19', busyDay(refund)),
    await deliver(rig, '2026-11-20', busyDay()),
  ];
  const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = '${name}'`;
  return { rig, keys, url, cut: () => server.sql(sql) };
}

async function post(t: TestContext, { rig, keys }: Shop, db: Db): Promise<void> {
  const poster = rig.start(db);
  t.after(() => poster.stop());
  const nudge = setInterval(() => poster.wake(), 100);
  t.after(() => clearInterval(nudge));
  for (const key of keys) await dayIn(rig, key, ['reconciled'], IN_TIME_MS);
  clearInterval(nudge);
  await poster.stop();
  const documents = rig.standIn.control.documents().map(one => `${one['Status']} ${one['Total']}`);
  assert.deepEqual(documents.sort(), ['PAID 24', 'PAID 5.5']);
  assert.equal(rig.standIn.control.payments().length, 3);
}

async function stepsOf(t: TestContext): Promise<string[]> {
  const shop = await shopOf(t);
  const steps: string[] = [];
  await post(
    t,
    shop,
    steppingDb(shop.rig.db, step => void steps.push(step)),
  );
  return steps;
}

describe('posting on PostgreSQL: one invoice, one set of payments', needs('postgres'), () => {
  before(async () => {
    server = await TestPostgres.start();
  });
  after(() => server?.stop());

  it('when the connection is cut, at any step', { concurrency: AT_ONCE }, async t => {
    const steps = await stepsOf(t);
    assert.ok(steps.length >= 20, `${steps.length} steps`);
    const tests = steps.map(step =>
      t.test(step, async c => {
        const shop = await shopOf(c);
        const cut = async (reached: string) => {
          if (reached === step) await shop.cut();
        };
        await post(c, shop, steppingDb(shop.rig.db, cut));
      }),
    );
    await Promise.all(tests);
  });

  it('when a summary came in at the relay that does not post, of whatever age: within seconds', async t => {
    const { rig, url } = await shopOf(t);
    const other = await openPostgres(url);
    t.after(() => other.close());
    const first = await deliver(rig, '2026-11-10');
    rig.start();
    await dayIn(rig, first, ['reconciled'], IN_TIME_MS);
    const waiting = rig.start(other, 'the other relay');
    t.after(() => waiting.stop());
    for (let day = 11; day < 19; day += 1) await deliver(rig, `2026-11-${day}`);
    const late = await deliver(rig, '2026-11-02');
    waiting.wake(late);
    await dayIn(rig, late, ['reconciled'], 5_000);
  });

  it('when nobody told of an old day, because the relay that took it was killed', async t => {
    const { rig, keys } = await shopOf(t);
    let aheadMs = 0;
    const open = new OpenDays(rig.db, () => Date.now() + aheadMs);
    const due = async () => (await open.due()).map(({ key }) => key);
    await open.scan();
    assert.deepEqual(await due(), keys);
    const late = await deliver(rig, '2026-11-02');
    for (let day = 3; day < 15; day += 1) {
      await deliver(rig, `2026-11-${String(day).padStart(2, '0')}`);
    }
    await open.scan();
    assert.deepEqual(await due(), keys);
    // Within two minutes, its posting included.
    aheadMs = 100_001;
    await open.scan();
    assert.equal((await due())[0], late);
  });

  it('when the backup of last week is put back', async t => {
    const shop = await shopOf(t);
    const { rig, keys } = shop;
    const old = await Promise.all(keys.map(key => rig.db.get('days', key)));
    await post(t, shop, rig.db);
    rig.advance(7 * 24 * 3_600_000);
    await rig.db.write(async tx => {
      for (const [i, day] of old.entries()) if (day) await tx.put('days', keys[i] ?? '', day);
    });
    await post(t, shop, rig.db);
  });
});
