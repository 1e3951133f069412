/** Drill: the relay moves from its folder on one machine into PostgreSQL on another. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TestPostgres } from '../support/postgres.ts';
import { kill, Stage } from '../support/stage.ts';
import { needs } from '../support/tools.ts';
import { Runbook } from './runbook.ts';
import { assertXeroHolds, closeInBooks, inBooks, sellCoffees, takings, today } from './shop-day.ts';

describe('the relay is moved', () => {
  it(
    'into PostgreSQL while the shop sells; an old one started again posts nothing twice',
    needs('postgres'),
    async t => {
      const server = await TestPostgres.start();
      t.after(() => server.stop());
      const stage = await Stage.raise();
      t.after(() => stage.stop());
      const password = await stage.addTerminal('till-1');
      await sellCoffees(stage, password, 1, 2);
      await closeInBooks(stage, takings(1, 2));
      const env = {
        RELAY_DATA_DIR: join(stage.folder, 'new-relay'),
        DATABASE_URL: await server.newUrl(),
      };
      const book = new Runbook(stage, 'Move the relay', { 'new-relay': { program: 'relay', env } });
      const exported = await book.next();
      const old = book.dataDir('relay');
      execFileSync('cp', ['-a', old, `${old}.again`]);
      await sellCoffees(stage, password, 3);
      await stage.agentCommand('close', today());
      const imported = await book.next();
      const digests = (text: string) => text.match(/^\w+ +\d+ +\S{43}$/gm);
      assert.deepEqual(digests(imported), digests(exported));
      await inBooks(stage, takings(1, 2, 3));
      await book.next();
      book.end();
      // Somebody starts the old one nevertheless, under the public address, on what it knew.
      await kill(stage.relay);
      await stage.startRelay({ RELAY_DATA_DIR: `${old}.again` });
      await kill(stage.agent);
      await stage.startAgent();
      await inBooks(stage, takings(1, 2, 3));
      await assertXeroHolds(stage, takings(1, 2, 3));
    },
  );
});
