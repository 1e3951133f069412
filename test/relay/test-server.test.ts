/** What the tests of PostgreSQL stand on: their server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { compiled } from '../../deploy/demo/processes.ts';
import { needs } from '../support/tools.ts';

const GONE_MAX_MS = 15_000;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a test that is killed leaves no PostgreSQL behind', needs('postgres'), async () => {
  const program = compiled('test/support/postgres-alone.js');
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const folder = String(said).trim();
  const pid = Number((await readFile(join(folder, 'data/postmaster.pid'), 'utf8')).split('\n')[0]);
  assert.ok(isAlive(pid));
  child.kill('SIGKILL');
  const end = Date.now() + GONE_MAX_MS;
  while ((isAlive(pid) || existsSync(folder)) && Date.now() < end) await wait(50);
  assert.deepEqual([isAlive(pid), existsSync(folder)], [false, false]);
});
