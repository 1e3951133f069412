/** Versions of a data folder: steps are made once and in order, others' and newer data are refused. */
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { AppError, isAppError } from '../../../protocol/errors.ts';
import {
  bringToVersion,
  checkVersion,
  type DataKind,
} from '../../../protocol/host/data-version.ts';
import { wrap } from '../../../protocol/host/durable-json.ts';
import { tempFolder } from '../../support/agent.ts';

const refused = (error: unknown) => isAppError(error, 'bad-setting');

/** Three versions; what was run is noted. */
function kind(ran: string[], failing = ''): DataKind {
  const step = (name: string) => ({
    name,
    run: async () => {
      ran.push(name);
      if (name === failing) throw new AppError('disk-full', 'the disk is full');
    },
  });
  const steps = [{ name: 'one' }, step('two'), step('three')];
  return { program: 'tillbook-agent', setting: 'AGENT_DATA_DIR', signs: ['state.json'], steps };
}

describe('the version of a data folder', () => {
  it('is brought up from an older one, each step once', async t => {
    const folder = await tempFolder(t);
    await writeFile(join(folder, 'state.json'), '{}');
    const ran: string[] = [];
    assert.deepEqual(await bringToVersion(folder, kind(ran)), ['one', 'two', 'three']);
    assert.deepEqual(await bringToVersion(folder, kind(ran)), []);
    assert.deepEqual(ran, ['two', 'three']);
  });

  it('stands where a step failed, and the next start goes on there', async t => {
    const folder = await tempFolder(t);
    await writeFile(join(folder, 'state.json'), '{}');
    const ran: string[] = [];
    await assert.rejects(bringToVersion(folder, kind(ran, 'three')), /disk is full/);
    assert.deepEqual(await bringToVersion(folder, kind(ran)), ['three']);
    assert.deepEqual(ran, ['two', 'three', 'three']);
  });

  it('of another program or a newer one is refused, also to who only reads', async t => {
    const folder = await tempFolder(t);
    for (const file of [
      { program: 'tillbook-relay', version: 1 },
      { program: 'tillbook-agent', version: 4 },
    ]) {
      await writeFile(join(folder, 'version.json'), wrap(file));
      await assert.rejects(bringToVersion(folder, kind([])), refused);
      await assert.rejects(checkVersion(folder, kind([])), refused);
    }
    assert.deepEqual(await readdir(folder), ['version.json']);
  });
});
