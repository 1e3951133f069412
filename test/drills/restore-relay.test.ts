/** Drill: a relay is backed up while it works and restored as it was days ago. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FormBrowser } from '../../deploy/demo/form-browser.ts';
import { ADMIN } from '../../deploy/demo/head-office.ts';
import { TestPostgres } from '../support/postgres.ts';
import { Stage } from '../support/stage.ts';
import { needs } from '../support/tools.ts';
import { Runbook } from './runbook.ts';
import { assertXeroHolds, closeInBooks, inBooks, sellCoffees, takings } from './shop-day.ts';

const OPTIONS = { concurrency: true };

describe('a relay that is restored from an old backup', OPTIONS, () => {
  it('gets from the shop what it lacks, and posts nothing twice', async t => {
    const stage = await Stage.raise();
    t.after(() => stage.stop());
    const env = { RELAY_DATA_DIR: join(stage.folder, 'new-relay') };
    const book = new Runbook(stage, 'Back up and restore the relay', {
      'new-relay': { program: 'relay', env },
    });
    await tradeTwice(stage, () => book.next());
    await book.next();
    await book.next();
    await goesOn(stage);
  });

  it('on PostgreSQL, by its own tools', needs('postgres', 'pg_dump'), async t => {
    const server = await TestPostgres.start();
    t.after(() => server.stop());
    const [before_, restored] = [await server.newDatabase(), await server.newDatabase()];
    const stage = await Stage.raise({ DATABASE_URL: before_ });
    t.after(() => stage.stop());
    const env = { RELAY_DATA_DIR: join(stage.folder, 'new-relay'), DATABASE_URL: restored };
    const book = new Runbook(stage, 'Back up and restore the relay', {
      'pg-relay': { program: 'relay' },
      'new-pg-relay': { program: 'relay', env },
    });
    book.skip(3); // A relay on its folder: the drill above types them.
    book.adopt('pg-relay', 'relay');
    Object.assign(book.words, { DATABASE: before_, NEWBASE: restored });
    await tradeTwice(stage, () => book.next());
    await book.next();
    await book.next();
    book.end();
    await goesOn(stage);
  });
});

/** A day in the books before the backup, and a revision of it afterwards that the backup lacks. */
async function tradeTwice(stage: Stage, backUp: () => Promise<unknown>): Promise<void> {
  const password = await stage.addTerminal('till-1');
  await sellCoffees(stage, password, 1, 2);
  await closeInBooks(stage, takings(1, 2));
  await backUp();
  await sellCoffees(stage, password, 3);
  await closeInBooks(stage, takings(1, 2, 3));
}

/** The shop's next heartbeat is up to five minutes away: a restart makes one at once. */
async function goesOn(stage: Stage): Promise<void> {
  stage.agent?.child.kill('SIGTERM');
  await new Promise(done => stage.agent?.child.once('exit', done));
  await stage.startAgent();
  const browser = new FormBrowser();
  await browser.open(`${stage.relayUrl}/sign-in`);
  await browser.submit('Sign in', { Email: ADMIN.email, Password: ADMIN.password });
  await browser.open(`${stage.relayUrl}/settings`);
  if (/press Reconnect/.test(browser.text)) {
    await browser.submit('Reconnect');
    await browser.submit('Allow access');
  }
  await inBooks(stage, takings(1, 2, 3));
  await assertXeroHolds(stage, takings(1, 2, 3));
  assert.equal((await stage.documents()).length, 2);
}
