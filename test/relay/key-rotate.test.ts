/** The sealing key is changed, and killed at every step of it: the secrets always open. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compiled } from '../../deploy/demo/processes.ts';
import { openLowdb } from '../../relay/db/lowdb.ts';
import { createSeal, readKeyFile } from '../../relay/db/seal.ts';
import { ensureRelayKey } from '../../relay/inbox/relay-key.ts';
import { killedAt } from '../faults/strace.ts';
import { tempFolder } from '../support/agent.ts';
import { TestPostgres } from '../support/postgres.ts';
import { needs } from '../support/tools.ts';
import { RelayFolder } from './relay-process.ts';

const STEPS_MAX = 40;

/** The relay's public key, as the key file opens it. */
async function openWithFile(folder: string): Promise<string> {
  const { key, older } = await readKeyFile(join(folder, 'secret.key'), false);
  const db = await openLowdb(folder);
  try {
    return (await ensureRelayKey(db, createSeal(key, ...older))).kid;
  } finally {
    await db.close();
  }
}

async function rotateKilledAt(folder: string, rename: number): Promise<number | null> {
  const [program = '', ...args] = killedAt('rename', rename);
  const main = [process.execPath, compiled('relay/main.js'), 'key', 'rotate'];
  const env = { PATH: process.env['PATH'], RELAY_DATA_DIR: folder, UV_THREADPOOL_SIZE: '1' };
  const child = spawn(program, [...args, ...main], { env, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  return code;
}

describe('key rotate', () => {
  it(
    'killed at every rename leaves secrets that open, and ends when it is typed again',
    needs('strace'),
    async t => {
      const folder = await tempFolder(t);
      const relay = new RelayFolder(folder);
      await relay.run(['store', 'add', 'A', '--timezone', 'UTC', '--currency', 'SGD']);
      const before = await readFile(join(folder, 'secret.key'), 'utf8');
      const kid = await openWithFile(folder);
      let kills = 0;
      for (let step = 1; step < STEPS_MAX; step += 1) {
        if ((await rotateKilledAt(folder, step)) === 0) break;
        kills += 1;
        assert.equal(await openWithFile(folder), kid, `killed at rename ${step}`);
      }
      assert.ok(kills >= 5, `${kills} kills`);
      const after = await readFile(join(folder, 'secret.key'), 'utf8');
      assert.match(after, /^[0-9a-f]{64}\n$/);
      assert.notEqual(after, before);
      assert.equal(await openWithFile(folder), kid);
    },
  );

  it(
    'is refused while a relay runs on the folder or on the database',
    needs('postgres'),
    async t => {
      const server = await TestPostgres.start();
      t.after(() => server.stop());
      const DATABASE_URL = await server.newUrl();
      const first = new RelayFolder(join(await tempFolder(t), 'a'));
      const running = await first.start({ DATABASE_URL });
      t.after(() => running.stop());
      const here = await first.run(['key', 'rotate'], '', { DATABASE_URL });
      assert.equal(here.code, 73, here.stderr);
      const other = new RelayFolder(join(await tempFolder(t), 'b'));
      const there = await other.run(['key', 'rotate'], '', { DATABASE_URL });
      assert.match(there.stderr, /another relay is at work/);
      await running.stop();
      const done = await first.run(['key', 'rotate'], '', { DATABASE_URL });
      assert.match(done.stdout, /secrets are sealed with a new key/);
      const again = await first.start({ DATABASE_URL });
      assert.equal(await again.stop(), 0);
    },
  );
});
