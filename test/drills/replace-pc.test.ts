/** Drill: a shop's PC dies; a new one takes its place, with the old disk or without. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { kill, Stage } from '../support/stage.ts';
import { Runbook } from './runbook.ts';
import {
  assertXeroHolds,
  closeInBooks,
  inBooks,
  sellCoffees,
  takings,
  today,
  until,
} from './shop-day.ts';

const TITLE = 'Replace a dead shop PC';

async function deadShop(t: TestContext): Promise<{ stage: Stage; password: string }> {
  const stage = await Stage.raise();
  t.after(() => stage.stop());
  const password = await stage.addTerminal('till-1');
  await sellCoffees(stage, password, 1, 2);
  await closeInBooks(stage, takings(1, 2));
  return { stage, password };
}

describe('a dead shop PC is replaced', { concurrency: true }, () => {
  it('without its disk: the chain goes on, the old machine is refused', async t => {
    const { stage } = await deadShop(t);
    const env = { AGENT_DATA_DIR: join(stage.folder, 'new-shop') };
    const book = new Runbook(stage, TITLE, { 'new-shop': { program: 'agent', env } });
    await kill(stage.agent);
    await book.next();
    await book.next();
    assert.notEqual(book.words['SECRET'], undefined);
    // A receipt that was delivered before is known; a date the dead machine closed is not ours.
    const status = JSON.parse(
      await stage.processes.run('agent/main.js', ['status', '--json'], {
        ...stage.agentEnv,
        ...env,
      }),
    );
    assert.equal(status.store.name, 'Tanjong Pagar');
    await kill(stage.agent);
    await stage.startAgent({ AGENT_MQTT_PORT: '0' });
    await until('the old machine is refused', async () => {
      const old = JSON.parse(await stage.agentCommand('status', '--json'));
      return JSON.stringify(old.problems).includes('another machine was enrolled in its place');
    });
    await assertXeroHolds(stage, takings(1, 2));
  });

  it('with its disk: days that waited are delivered, tills keep their secrets', async t => {
    const { stage, password } = await deadShop(t);
    const env = { AGENT_DATA_DIR: join(stage.folder, 'old-disk') };
    const book = new Runbook(stage, TITLE, { 'old-disk': { program: 'agent', env } });
    await kill(stage.relay);
    await sellCoffees(stage, password, 3);
    await stage.agentCommand('close', today());
    await kill(stage.agent);
    execFileSync('cp', ['-a', stage.agentEnv['AGENT_DATA_DIR'] ?? '', env.AGENT_DATA_DIR]);
    await stage.startRelay();
    await book.next();
    book.skip(1); // Without the disk: the drill above types it.
    await book.next();
    book.end();
    await inBooks(stage, takings(1, 2, 3));
    await sellCoffees(stage, password, 4);
    await stage.processes.run('agent/main.js', ['close', today()], { ...stage.agentEnv, ...env });
    await inBooks(stage, takings(1, 2, 3, 4));
    await assertXeroHolds(stage, takings(1, 2, 3, 4));
  });
});
