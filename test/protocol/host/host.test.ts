/** What both programs need of their machine: durable files, the folder lock, settings, the socket. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { AppError, isAppError } from '../../../protocol/errors.ts';
import { askControl, serveControl } from '../../../protocol/host/control-socket.ts';
import { openJsonFile } from '../../../protocol/host/durable-json.ts';
import { lockFolder } from '../../../protocol/host/folder-lock.ts';
import { port, readSettings, text } from '../../../protocol/host/settings.ts';

const folder = () => mkdtemp(join(tmpdir(), 'tillbook-host-'));
const lockModule = new URL('../../../protocol/host/folder-lock.js', import.meta.url).href;

describe('a JSON document on disk', () => {
  it('is there again after it was written', async () => {
    const path = join(await folder(), 'state.json');
    const low = await openJsonFile(path, { count: 0 });
    low.data.count = 7;
    await low.write();
    assert.deepEqual((await openJsonFile(path, { count: 0 })).data, { count: 7 });
  });

  it('falls back to the version before, loudly, when a byte of it flips', async () => {
    const path = join(await folder(), 'state.json');
    const low = await openJsonFile(path, { count: 0 });
    for (const count of [1, 2]) {
      low.data = { count };
      await low.write();
    }
    await writeFile(path, (await readFile(path, 'utf8')).replace('2', '3'));
    const damages: string[] = [];
    const again = await openJsonFile(path, { count: 0 }, { onDamage: d => damages.push(d.path) });
    assert.deepEqual(again.data, { count: 1 });
    assert.deepEqual(damages, [path]);
  });

  it('is never taken for a new one when both versions are damaged', async () => {
    const path = join(await folder(), 'state.json');
    await writeFile(path, 'null');
    await assert.rejects(openJsonFile(path, {}), error => isAppError(error, 'damaged'));
  });

  it('keeps the order of writes that were asked for at once', async () => {
    const path = join(await folder(), 'state.json');
    const low = await openJsonFile(path, { count: 0 });
    const writes = [1, 2, 3, 4, 5].map(count => {
      low.data = { count };
      return low.write();
    });
    await Promise.all(writes);
    assert.deepEqual((await openJsonFile(path, { count: 0 })).data, { count: 5 });
  });
});

describe('a data folder', () => {
  it('belongs to one process, and the second is told which', async () => {
    const path = await folder();
    const lock = await lockFolder(path, 'first');
    await assert.rejects(lockFolder(path, 'second'), error => {
      assert.ok(isAppError(error, 'folder-locked'));
      assert.match(error.message, new RegExp(`first, process ${process.pid}`));
      return true;
    });
    await lock.release();
    await (await lockFolder(path, 'second')).release();
  });

  it('is taken over from a process that was killed', async () => {
    const path = await folder();
    const script = `const { lockFolder } = await import('${lockModule}');
      await lockFolder(process.argv[1], 'killed'); console.log('locked'); setInterval(() => {}, 1e6);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, path]);
    await once(child.stdout, 'data');
    await assert.rejects(lockFolder(path, 'second'), e => isAppError(e, 'folder-locked'));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await lockFolder(path, 'second')).release();
  });
});

describe('settings', () => {
  const table = {
    host: { name: 'AGENT_HOST', parse: text, default: '0.0.0.0', sentence: 'Where.' },
    port: { name: 'AGENT_PORT', parse: port, sentence: 'Which.' },
    secret: { name: 'AGENT_URL', parse: port, secret: true, sentence: 'Hidden.' },
  } as const;

  it('come from the environment or take their default', () => {
    const settings = readSettings(table, { AGENT_PORT: '1883', PATH: '/bin' }, 'AGENT_');
    assert.deepEqual(settings, { host: '0.0.0.0', port: 1883 });
  });

  it('refuse a typo, a bad value, and name each of them, without showing a secret', () => {
    const env = { AGENT_PROT: '1', AGENT_PORT: '99999', AGENT_URL: 'pa55word' };
    assert.throws(
      () => readSettings(table, env, 'AGENT_'),
      (error: AppError) => {
        assert.match(error.message, /AGENT_PROT: there is no such setting/);
        assert.match(error.message, /AGENT_PORT=99999: needs a whole number from 0 to 65535/);
        assert.doesNotMatch(error.message, /pa55word/);
        return true;
      },
    );
  });
});

describe('the control socket', () => {
  it('passes results and errors, and tells when nobody runs', async () => {
    const path = await folder();
    assert.equal(await askControl(path, 'add', {}), undefined);
    const server = await serveControl(path, {
      add: async args => ({ sum: (args as number[]).reduce((a, b) => a + b) }),
      fail: async () => {
        throw new AppError('not-found', 'no such till', { hint: 'add it first' });
      },
    });
    assert.deepEqual(await askControl(path, 'add', [1, 2]), { result: { sum: 3 } });
    await assert.rejects(askControl(path, 'fail', {}), error => isAppError(error, 'not-found'));
    await assert.rejects(askControl(path, 'constructor', {}), e => isAppError(e, 'not-found'));
    await server.stop();
  });
});
