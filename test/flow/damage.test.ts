/** The relay's file of a posted day is lost: the books stay right, and nothing is posted twice. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { businessDateOf } from '../../protocol/business-date.ts';
import { kill, Stage, TIMEZONE } from '../support/stage.ts';
import { coffee, connectTill, sell } from './till.ts';

const today = () => businessDateOf(Date.now(), { timezone: TIMEZONE, cutOver: '00:00' });

describe('a relay whose file of days is damaged', () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.raise();
  });
  after(() => stage.stop());

  it('finds its day in Xero again: one invoice, one set of payments', async () => {
    const date = today();
    const till = await connectTill(stage.broker, 'till-1', await stage.addTerminal('till-1'));
    await sell(till, 'till-1', coffee('till-1', 1, new Date().toISOString()));
    await till.endAsync();
    await stage.agentCommand('close', date);
    const posted = await stage.waitForDay(date, day => day.reconciled);
    await kill(stage.relay);
    const folder = join(stage.folder, 'relay', 'days', stage.store);
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      await writeFile(path, (await readFile(path, 'utf8')).slice(0, 500));
    }
    await stage.startRelay();
    const again = await stage.waitForDay(date, day => day.reconciled);
    assert.deepEqual(again.documents, posted.documents);
    assert.deepEqual(again.totals, posted.totals);
    assert.deepEqual([(await stage.documents()).length, (await stage.payments()).length], [1, 1]);
  });
});
