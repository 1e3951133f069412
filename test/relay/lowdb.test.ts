/** The embedded database: the contract, and what only files can suffer: kills, damage, full disks. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isAppError } from '../../protocol/errors.ts';
import { openLowdb } from '../../relay/db/lowdb.ts';
import { dayRow, describeDb } from './db-contract.ts';
import { modelTest } from './db-model.ts';

const newFolder = () => mkdtemp(join(tmpdir(), 'tillbook-lowdb-'));

const open = async () => {
  const folder = await newFolder();
  let db = await openLowdb(folder);
  return {
    db,
    reopen: async () => {
      await db.close();
      db = await openLowdb(folder);
      return db;
    },
    end: async () => {
      await db.close();
      await rm(folder, { recursive: true });
    },
  };
};

describeDb('lowdb', open);
describe('lowdb: any order', () => modelTest(open));

describe('lowdb: transactions that wait together', () => {
  const token = (n: number) => ({ holder: '', token: n, until: '' });
  const opened = async (t: TestContext) => {
    const folder = await newFolder();
    const db = await openLowdb(folder);
    t.after(() => db.close().then(() => rm(folder, { recursive: true })));
    return { folder, db };
  };

  it('share one write of the file, and each sees those before it', async t => {
    const { folder, db } = await opened(t);
    const count = () =>
      db.write(async tx => {
        const n = ((await tx.get('leases', 'a'))?.token ?? 0) + 1;
        await tx.put('leases', 'a', token(n));
        return (await tx.list('leases')).map(row => row.value.token);
      });
    assert.deepEqual(await Promise.all([count(), count(), count()]), [[1], [2], [3]]);
    const files = await readdir(folder);
    assert.ok(files.includes('leases.json') && !files.includes('leases.json.previous'), `${files}`);
  });

  it('one that throws takes none of the others with it', async t => {
    const { db } = await opened(t);
    const wrong = db.write(async tx => {
      await tx.put('leases', 'b', token(1));
      throw new Error('no such store');
    });
    const others = ['a', 'c'].map(key => db.write(tx => tx.put('leases', key, token(1))));
    await Promise.all([assert.rejects(wrong, /no such store/), ...others]);
    assert.deepEqual(
      (await db.list('leases')).map(row => row.key),
      ['a', 'c'],
    );
  });
});

const lowdbModule = new URL('../../relay/db/lowdb.js', import.meta.url).href;
/** Writes step n into three documents at once and says n after it; for ever. */
const WRITER = `const { openLowdb } = await import('${lowdbModule}');
  const db = await openLowdb(process.argv[1]);
  let n = (await db.get('leases', 'a'))?.token ?? 0;
  for (;;) { n += 1;
    await db.write(async tx => {
      await tx.put('leases', 'a', { holder: '', token: n, until: '' });
      await tx.put('links', 'a', { kind: 'reset', role: 'viewer', expiresAt: String(n) });
      await tx.put('sessions', 'a', { data: String(n), expiresAt: '' }); });
    console.log(n); }`;

describe('lowdb killed in the middle of writing', () => {
  it('holds every step it confirmed, and each step whole', async () => {
    const folder = await newFolder();
    for (let round = 0; round < 12; round += 1) {
      const confirmed = await runAndKill(folder, 40 + round * 23);
      const db = await openLowdb(folder);
      const step = (await db.get('leases', 'a'))?.token ?? 0;
      assert.ok(step >= confirmed, `step ${step}, confirmed ${confirmed}`);
      if (step > 0) {
        assert.equal((await db.get('links', 'a'))?.expiresAt, String(step));
        assert.equal((await db.get('sessions', 'a'))?.data, String(step));
      }
      await db.close();
      const left = (await readdir(folder)).filter(name => /tmp$|pending/.test(name));
      assert.deepEqual(left, []);
    }
    await rm(folder, { recursive: true });
  });
});

/** The highest step that the writer confirmed before it was killed, `afterMs` after its first. */
async function runAndKill(folder: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, folder]);
  let output = '';
  child.stdout.on('data', data => {
    output += data;
  });
  await once(child.stdout, 'data');
  setTimeout(() => child.kill('SIGKILL'), afterMs);
  await once(child, 'close');
  return Number(output.trim().split('\n').at(-1));
}

describe('lowdb on bad disks', () => {
  it('uses the version before of a damaged file, and says which', async () => {
    const folder = await newFolder();
    const db = await openLowdb(folder);
    for (const state of ['received', 'posted'] as const) {
      const day = { ...dayRow('shop', '2026-11-21'), state };
      await db.write(tx => tx.put('days', 'shop/2026-11-21', day));
    }
    await db.close();
    const path = join(folder, 'days/shop/2026-11.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('posted', 'p0sted'));
    const damages: string[] = [];
    const again = await openLowdb(folder, { onDamage: damage => damages.push(damage.path) });
    assert.equal((await again.get('days', 'shop/2026-11-21'))?.state, 'received');
    assert.deepEqual(damages, [path]);
    await again.close();
  });

  it('refuses a file without any good version instead of taking it for empty', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'relay.json'), '{"users":{}}');
    const db = await openLowdb(folder);
    await assert.rejects(db.list('users'), error => isAppError(error, 'damaged'));
    await assert.rejects(
      db.write(tx => tx.put('links', 'a', { kind: 'reset', role: 'viewer', expiresAt: '' })),
      error => isAppError(error, 'damaged'),
    );
    await db.close();
  });

  it('sets a month of one store aside that nobody can read, and goes on with all others', async () => {
    const folder = await newFolder();
    const db = await openLowdb(folder);
    for (const store of ['shop', 'other']) {
      const key = `${store}/2026-11-21`;
      await db.write(tx => tx.put('days', key, dayRow(store, '2026-11-21')));
    }
    await db.close();
    await writeFile(join(folder, 'days/shop/2026-11.json'), 'garbage');
    const damages: string[] = [];
    const again = await openLowdb(folder, { onDamage: damage => damages.push(damage.message) });
    assert.deepEqual(
      (await again.list('days')).map(row => row.key),
      ['other/2026-11-21'],
    );
    assert.match(damages[0] ?? '', /neither version/);
    await again.write(tx => tx.put('days', 'shop/2026-11-22', dayRow('shop', '2026-11-22')));
    await again.close();
    const kept = (await readdir(join(folder, 'days/shop'))).filter(name => /damaged/.test(name));
    assert.equal(await readFile(join(folder, 'days/shop', kept[0] ?? ''), 'utf8'), 'garbage');
  });

  it('refuses half a transaction', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'pending.json'), '{"sha256":"00","data":{}}\n');
    await assert.rejects(openLowdb(folder), error => isAppError(error, 'damaged'));
  });

  it('belongs to one process and to its user alone', async () => {
    const folder = await newFolder();
    const db = await openLowdb(folder);
    await assert.rejects(openLowdb(folder), error => isAppError(error, 'folder-locked'));
    await db.write(tx => tx.put('sessions', 'a', { data: '', expiresAt: '' }));
    assert.equal((await stat(join(folder, 'sessions.json'))).mode & 0o077, 0);
    await db.close();
    await (await openLowdb(folder)).close();
  });
});
