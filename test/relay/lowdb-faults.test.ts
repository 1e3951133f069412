/** The embedded database on a machine that fails at every single step of a transaction. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Db } from '../../relay/db/db.ts';
import { openLowdb } from '../../relay/db/lowdb.ts';
import { findTool, needs } from '../support/tools.ts';

const lowdbModule = new URL('../../relay/db/lowdb.js', import.meta.url).href;
const STEPS_MAX = 60;

/** Sets both rows, in files of their own, to one text. */
const put = `(db, text) => db.write(async tx => {
  await tx.put('sessions', 'a', { data: text, expiresAt: '' });
  await tx.put('links', 'a', { kind: 'reset', role: 'viewer', expiresAt: text }); })`;
/** Opens the folder, changes the rows to \`second\`, then to \`third\`; says what became of each. */
const CHILD = `const { openLowdb } = await import('${lowdbModule}');
  const put = ${put};
  const say = work => work.then(() => 'made', error => error.code);
  const db = await openLowdb(process.argv[1]);
  console.log(await say(put(db, 'second')));
  console.log(await say(put(db, 'third')));`;

/** Runs the child with one fault. \`said\` is what it could say before it died. */
function runWithFault(folder: string, fault: string): Promise<{ said: string[]; died: boolean }> {
  const [call = ''] = fault.split(':');
  const strace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${fault}`];
  const node = [process.execPath, '--input-type=module', '-e', CHILD, folder];
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
  return new Promise(done => {
    execFile(findTool('strace') ?? '', [...strace, ...node], { env }, (error, stdout) => {
      const died = error?.signal === 'SIGKILL' || error?.code === 137;
      done({ said: stdout.split('\n').filter(line => line !== ''), died });
    });
  });
}

async function rowsOf(db: Db): Promise<[string, string]> {
  const [session, link] = [await db.get('sessions', 'a'), await db.get('links', 'a')];
  return [session?.data ?? '', link?.expiresAt ?? ''];
}

/** A folder whose rows say \`first\`, for one run; then what is in it. */
async function tryFault(fault: string) {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-faults-'));
  const db = await openLowdb(folder);
  await db.write(async tx => {
    await tx.put('sessions', 'a', { data: 'first', expiresAt: '' });
    await tx.put('links', 'a', { kind: 'reset', role: 'viewer', expiresAt: 'first' });
  });
  await db.close();
  const outcome = await runWithFault(folder, fault);
  const again = await openLowdb(folder);
  const rows = await rowsOf(again);
  await again.close();
  await rm(folder, { recursive: true });
  return { ...outcome, rows };
}

const ORDER = ['first', 'second', 'third'];

describe('a transaction over two files', needs('strace'), () => {
  for (const call of ['rename', 'fdatasync', 'fsync', 'unlink', 'link']) {
    it(`is whole after death at any ${call}, and kept once it was confirmed`, async () => {
      for (let step = 1; step < STEPS_MAX; step += 1) {
        const { said, died, rows } = await tryFault(`${call}:signal=KILL:when=${step}`);
        const where = `${call} ${step}: ${said} ${rows}`;
        assert.equal(rows[0], rows[1], where);
        assert.ok(ORDER.indexOf(rows[0]) >= said.filter(word => word === 'made').length, where);
        if (!died) {
          assert.deepEqual([said, rows[0], step > 1], [['made', 'made'], 'third', true], where);
          return;
        }
      }
      assert.fail(`the child never came to its end: ${call}`);
    });
  }

  it('is refused on a full disk or finished later, and the next one goes on', async () => {
    const seen = new Set<string>();
    for (let step = 1; step < STEPS_MAX && !seen.has('end'); step += 1) {
      const { said, rows } = await tryFault(`fdatasync:error=ENOSPC:when=${step}`);
      const where = `fdatasync ${step}: ${said} ${rows}`;
      assert.equal(rows[0], rows[1], where);
      assert.equal(rows[0], said[1] === 'made' ? 'third' : 'second', where);
      seen.add(said.join(' '));
      if (step > 6) seen.add('end');
    }
    assert.deepEqual([...seen], ['disk-full made', 'made made', 'made disk-full', 'end']);
  });

  it('is whole after a disk error, and nothing is written after one', async () => {
    const seen = new Set<string>();
    for (let step = 1; step < STEPS_MAX; step += 1) {
      const { said, rows } = await tryFault(`fdatasync:error=EIO:when=${step}`);
      const where = `fdatasync ${step}: ${said} ${rows}`;
      assert.equal(rows[0], rows[1], where);
      seen.add(said.join(' '));
      if (said[0] === 'disk-error') assert.equal(said[1], 'disk-error', where);
      if (said.join(' ') === 'made made') break;
    }
    assert.ok(seen.has('disk-error disk-error'), [...seen].join(', '));
  });
});
