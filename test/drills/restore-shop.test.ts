/** Drill: a shop's folder is backed up while sales come in, and restored on another machine. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { kill, Stage } from '../support/stage.ts';
import { Runbook } from './runbook.ts';
import { assertXeroHolds, closeInBooks, inBooks, sellCoffees, takings } from './shop-day.ts';

describe('a shop is backed up and restored', () => {
  let stage: Stage;
  let password = '';
  before(async () => {
    stage = await Stage.raise();
    password = await stage.addTerminal('till-1');
  });
  after(() => stage.stop());

  it('while it sells; no day twice, none lost, tills keep their secrets', async () => {
    const env = { AGENT_DATA_DIR: join(stage.folder, 'new-shop') };
    const book = new Runbook(stage, 'Back up and restore a shop', {
      'new-shop': { program: 'agent', env },
    });
    await sellCoffees(stage, password, 1, 2);
    await closeInBooks(stage, takings(1, 2));
    const early = Array.from({ length: 40 }, (_, n) => n + 3);
    const selling = sellCoffees(stage, password, ...early);
    await book.next();
    await selling;
    const copied = await readdir(join(stage.folder, 'mnt', 'backup', 'shop'));
    assert.deepEqual(
      copied.filter(name => /identity|lock|sock/.test(name)),
      [],
    );
    // The disk dies after another revision of the day was delivered.
    await closeInBooks(stage, takings(1, 2, ...early));
    await kill(stage.agent);
    await book.next();
    await book.next();
    book.end();
    await sellCoffees(stage, password, 43);
    await inBooks(stage, takings(1, 2, ...early));
    await assertXeroHolds(stage, takings(1, 2, ...early));
  });
});
