/** Drill: a new program starts on old data; an old one refuses newer data and leaves it as it is. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { wrap } from '../../protocol/host/durable-json.ts';
import { openPostgres } from '../../relay/db/postgres.ts';
import { takeInventory } from '../../relay/db/transfer.ts';
import { TestPostgres } from '../support/postgres.ts';
import { Stage } from '../support/stage.ts';
import { needs } from '../support/tools.ts';
import { Runbook, refusedStart } from './runbook.ts';

const OLD = fileURLToPath(new URL('../../../test/drills/fixtures/version-0/', import.meta.url));
const OLD_DAY = '2026-11-23';

/** A stage whose two folders hold what version 0 wrote. */
async function oldStage(t: TestContext): Promise<Stage> {
  const stage = await Stage.bare();
  t.after(() => stage.stop());
  await putOld('agent', stage.agentEnv['AGENT_DATA_DIR'] ?? '');
  await putOld('relay', stage.relayEnv['RELAY_DATA_DIR'] ?? '');
  return stage;
}

async function putOld(program: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await cp(join(OLD, program), folder, { recursive: true });
}

/** Every file's name and content. */
async function treeOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(at => join(at.parentPath, at.name));
  const lines = files.sort().map(async path => {
    return `${createHash('sha256')
      .update(await readFile(path))
      .digest('hex')} ${path}`;
  });
  return await Promise.all(lines);
}

describe('an upgrade', () => {
  it('brings the data of version 0 to this version, by the lines of the runbook', async t => {
    const stage = await oldStage(t);
    const book = new Runbook(stage, 'Upgrade');
    await book.next();
    // The old program has no version to write: what the new one did to it is taken back.
    await putOld('relay', book.dataDir('relay'));
    const migrated = await book.next();
    assert.match(migrated, /applied the folder says its version/);
    await book.next();
    await book.next();
    book.end();
    for (const host of ['relay', 'shop']) {
      const version = JSON.parse(await readFile(join(book.dataDir(host), 'version.json'), 'utf8'));
      assert.equal(version.data.version, 1);
    }
    assert.match(await stage.relayCommand(['days']), /tanjong-pagar +2026-11-23 +1 .* 10\.03 SGD/);
    const sales = await stage.agentCommand('export', OLD_DAY);
    assert.equal(sales.trimEnd().split('\n').length, 3);
  });

  it('that is taken back is refused: nothing in the folder has changed', async t => {
    const stage = await oldStage(t);
    for (const program of ['agent', 'relay'] as const) {
      const env = program === 'agent' ? stage.agentEnv : stage.relayEnv;
      const folder = env['AGENT_DATA_DIR'] ?? env['RELAY_DATA_DIR'] ?? '';
      const newer = { program: `tillbook-${program}`, version: 2 };
      await writeFile(join(folder, 'version.json'), wrap(newer));
      const before = await treeOf(folder);
      const { code, said } = await refusedStart(program, env);
      assert.equal(code, 2, said);
      assert.match(said, /has data of version 2, this program knows up to 1/);
      assert.match(said, /nothing was changed: start the newer tillbook-/);
      assert.deepEqual(await treeOf(folder), before);
    }
  });

  it('of PostgreSQL that is taken back is refused, too', needs('postgres'), async t => {
    const server = await TestPostgres.start();
    t.after(() => server.stop());
    const DATABASE_URL = await server.newUrl();
    const stage = await Stage.bare({ DATABASE_URL });
    t.after(() => stage.stop());
    await stage.relayCommand(['store', 'add', 'A', '--timezone', 'UTC', '--currency', 'SGD']);
    const contents = async () => {
      const db = await openPostgres(DATABASE_URL);
      return await takeInventory(db).finally(() => db.close());
    };
    const before = await contents();
    const newer = "INSERT INTO migrations (number, name, digest) VALUES (99, 'x', 'x')";
    await server.sql(newer, DATABASE_URL);
    const { code, said } = await refusedStart('relay', stage.relayEnv);
    assert.equal(code, 2, said);
    assert.match(said, /the database has version 99, this program knows up to/);
    await server.sql('DELETE FROM migrations WHERE number = 99', DATABASE_URL);
    assert.deepEqual(await contents(), before);
  });
});
