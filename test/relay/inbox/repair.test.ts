/** A damaged file of days is made whole from the signed summaries. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { silentLog } from '../../../protocol/host/log.ts';
import { openHome } from '../../../relay/home.ts';
import { InboxDesk, Machine } from './desk.ts';

const cut = async (path: string) => writeFile(path, (await readFile(path, 'utf8')).slice(0, -100));

describe('a damaged file of days', () => {
  for (const versions of [[''], ['', '.previous']]) {
    const what = versions.length === 1 ? 'it' : 'it and its version before';
    it(`has every accepted revision again when ${what} cannot be read`, () => damage(versions));
  }
});

async function damage(versions: readonly string[]): Promise<void> {
  const desk = await InboxDesk.open();
  const machine = await Machine.enrolled(desk);
  for (const businessDate of ['2026-11-19', '2026-11-20', '2026-11-21']) {
    await machine.deliver({ businessDate });
  }
  await machine.deliver({ revision: 2 });
  await desk.db.close();
  const path = join(desk.folder, 'days/orchard-road/2026-11.json');
  for (const version of versions) await cut(path + version);

  const home = { dataDir: desk.folder, secretKeyFile: undefined, onFatal: () => assert.fail() };
  const { db, close } = await openHome({ ...home, log: silentLog() });
  const revisions = async () =>
    (await db.get('days', 'orchard-road/2026-11-21'))?.revisions.map(row => row.revision);
  for (let i = 0; i < 100 && (await revisions())?.length !== 2; i += 1) await wait(20);
  assert.deepEqual(await revisions(), [1, 2]);
  for (let i = 0; i < 100 && (await db.list('days')).length < 3; i += 1) await wait(20);
  assert.equal((await db.list('days')).length, 3);
  await close();
  desk.db = { ...desk.db, close: async () => undefined };
  await desk.close();
}
