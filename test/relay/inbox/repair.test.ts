/** A damaged file of days is made whole from the signed summaries. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { silentLog } from '../../../protocol/host/log.ts';
import { openHome } from '../../../relay/home.ts';
import { InboxDesk, Machine } from './desk.ts';

describe('a damaged file of days', () => {
  it('has every accepted revision again after the next start', async () => {
    const desk = await InboxDesk.open();
    const machine = await Machine.enrolled(desk);
    for (const businessDate of ['2026-11-19', '2026-11-20', '2026-11-21']) {
      await machine.deliver({ businessDate });
    }
    await machine.deliver({ revision: 2 });
    await desk.db.close();
    const path = join(desk.folder, 'days/orchard-road/2026-11.json');
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, -100));

    const home = { dataDir: desk.folder, secretKeyFile: undefined, onFatal: () => assert.fail() };
    const { db } = await openHome({ ...home, log: silentLog() });
    const revisions = async () =>
      (await db.get('days', 'orchard-road/2026-11-21'))?.revisions.map(row => row.revision);
    for (let i = 0; i < 100 && (await revisions())?.length !== 2; i += 1) await wait(20);
    assert.deepEqual(await revisions(), [1, 2]);
    assert.equal((await db.list('days')).length, 3);
    await db.close();
    desk.db = { ...desk.db, close: async () => undefined };
    await desk.close();
  });
});
