/** The disk fails under a running relay: it stops and says so, and what it confirmed is there. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { findTool, needs } from '../support/tools.ts';
import { RelayFolder } from './relay-process.ts';

const COMMANDS_MAX = 40;

it(
  'a relay whose disk fails ends with 74 and starts again with all it confirmed',
  needs('strace'),
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tillbook-disk-'));
    const home = new RelayFolder(folder);
    await home.run(['token', 'add', 'first']);
    const fault = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=12+'];
    const strace = [findTool('strace') ?? '', '-f', '-qq', '-o', '/dev/null', ...fault];
    const relay = await home.start({ UV_THREADPOOL_SIZE: '1' }, strace);
    const confirmed = ['first'];
    let refused = '';
    for (let i = 0; i < COMMANDS_MAX && refused === ''; i += 1) {
      const ended = await home.run(['token', 'add', `token-${i}`]);
      if (ended.code === 0) confirmed.push(`token-${i}`);
      else refused = ended.stderr;
    }
    assert.equal(await relay.ended, 74);
    assert.notEqual(refused, '');
    const listed = await home.run(['token', 'list', '--json']);
    const names = (JSON.parse(listed.stdout) as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(
      confirmed.filter(name => !names.includes(name)),
      [],
    );
    await rm(folder, { recursive: true });
  },
);
