/** Moving a relay from its folder to PostgreSQL and back, by its commands: nothing is lost. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { compiled } from '../../deploy/demo/processes.ts';
import { openLowdb } from '../../relay/db/lowdb.ts';
import { TestPostgres } from '../support/postgres.ts';
import { needs } from '../support/tools.ts';
import { dayRow } from './db-contract.ts';

const COMMAND_MAX_MS = 60_000;

interface Outcome {
  code: number;
  said: string;
}

function relay(args: string[], env: Record<string, string>): Promise<Outcome> {
  return new Promise(done => {
    const options = { env, timeout: COMMAND_MAX_MS };
    execFile(process.execPath, [compiled('relay/main.js'), ...args], options, (error, out, err) =>
      done({ code: error === null ? 0 : Number(error.code), said: out + err }),
    );
  });
}

/** 450 days of two stores, a summary with a long text, and a name that is __proto__. */
async function fill(folder: string): Promise<void> {
  const db = await openLowdb(folder);
  for (const store of ['shop', 'shop-2']) {
    await db.write(async tx => {
      for (let at = 0; at < 225; at += 1) {
        const date = new Date(Date.UTC(2026, 0, 1 + at)).toISOString().slice(0, 10);
        const row = { ...dayRow(store, date), heldBy: 'café 東京 \u0000 __proto__' };
        await tx.put('days', `${store}/${date}`, row);
      }
    });
  }
  const details = JSON.parse('{"__proto__":1,"b":2,"1":3}');
  await db.write(tx =>
    tx.put('audit', '2026-01-01T00:00:00Z/x', { at: '', who: '', what: '', details }),
  );
  await db.write(tx => tx.put('settings', 'relay', { version: 1, signingKey: 'sealed' }));
  await db.close();
}

describe('moving a relay', { ...needs('postgres'), timeout: 120_000 }, () => {
  let server: TestPostgres;
  let folder: string;
  before(async () => {
    server = await TestPostgres.start();
    folder = await mkdtemp(join(tmpdir(), 'tillbook-transfer-'));
    await fill(join(folder, 'old'));
  });
  after(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const at = (name: string) => join(folder, name);

  it('from the folder to PostgreSQL and back gives the same files, byte for byte', async () => {
    const DATABASE_URL = await server.newUrl();
    const steps: [string[], Record<string, string>][] = [
      [['export', at('a')], { RELAY_DATA_DIR: at('old') }],
      [['migrate'], { DATABASE_URL }],
      [['import', at('a')], { DATABASE_URL }],
      [['export', at('b')], { DATABASE_URL }],
      [['import', at('b')], { RELAY_DATA_DIR: at('new') }],
      [['export', at('c')], { RELAY_DATA_DIR: at('new') }],
    ];
    for (const [args, env] of steps) {
      const { code, said } = await relay(args, env);
      assert.equal(code, 0, `${args}: ${said}`);
      assert.match(said, args[0] === 'migrate' ? /applied rows/ : /days +450 /);
    }
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map(name => readFile(at(name), 'utf8')));
    assert.ok(a === b && b === c);
    assert.equal((await stat(at('a'))).mode & 0o777, 0o600);
  });

  it('a database that is in use is not written over', async () => {
    await relay(['export', at('once')], { RELAY_DATA_DIR: at('old') });
    const again = await relay(['import', at('once')], { RELAY_DATA_DIR: at('old') });
    assert.equal(again.code, 1);
    assert.match(again.said, /already belongs to a relay/);
  });

  it('a file that was cut or changed is refused before anything is written', async () => {
    await relay(['export', at('good')], { RELAY_DATA_DIR: at('old') });
    const good = await readFile(at('good'), 'utf8');
    const bad = [good.slice(0, -200), good.replace('2026-03-03', '2026-03-04'), 'hello', ''];
    for (const [i, text] of bad.entries()) {
      await writeFile(at(`bad${i}`), text);
      const { code, said } = await relay(['import', at(`bad${i}`)], { RELAY_DATA_DIR: at('bad') });
      assert.equal(code, 74, said);
      assert.match(said, /the export is not good/);
    }
    const db = await openLowdb(at('bad'));
    assert.deepEqual(await db.list('days'), []);
    await db.close();
  });
});
