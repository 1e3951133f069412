/** Drill: the relay's disk is full, a monitor outside hears of it; nobody can sign in; a wrong clock. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Secret, TOTP } from 'otpauth';
import { FormBrowser } from '../../deploy/demo/form-browser.ts';
import { ADMIN } from '../../deploy/demo/head-office.ts';
import { mounting, smallDisk } from '../faults/mounts.ts';
import { Stage } from '../support/stage.ts';
import { Runbook } from './runbook.ts';
import { assertXeroHolds, inBooks, sellCoffees, takings, today, until } from './shop-day.ts';

const NEW_PASSWORD = 'another password of some length';

/** A monitor that counts how often it is called. */
async function monitor(t: TestContext): Promise<{ url: string; calls: () => number }> {
  let calls = 0;
  const server = createServer((_req, res) => {
    calls += 1;
    res.end('OK');
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/ping/1234`, calls: () => calls };
}

describe('a relay in trouble', { concurrency: true }, () => {
  it(
    'is heard by a monitor while it is well, not with a full disk; no day is lost',
    mounting(),
    async t => {
      const outside = await monitor(t);
      const RELAY_DATA_DIR = await smallDisk(t, '3m');
      const stage = await Stage.raise({ RELAY_DATA_DIR });
      t.after(() => stage.stop());
      const password = await stage.addTerminal('till-1');
      const env = { RELAY_HEARTBEAT_URL: outside.url, RELAY_HEARTBEAT_SECONDS: '5' };
      const book = new Runbook(stage, 'Watch the relay from outside', {
        'watched-relay': { program: 'relay', env },
      });
      stage.relay?.child.kill('SIGTERM');
      await new Promise(done => stage.relay?.child.once('exit', done));
      await book.next();
      book.end();
      await until('the monitor is called', () => outside.calls() > 0);
      const filler = join(RELAY_DATA_DIR, 'old.export');
      await writeFile(filler, Buffer.alloc(4 * 1024 * 1024)).catch(() => undefined);
      await until(
        'not ready',
        async () => (await fetch(`${stage.relayUrl}/readyz`)).status === 503,
      );
      await wait(500);
      const before = outside.calls();
      await sellCoffees(stage, password, 1);
      await stage.agentCommand('close', today());
      await wait(17_000);
      assert.equal(outside.calls(), before, 'silent over at least one round');
      await rm(filler);
      await until('the monitor is called again', () => outside.calls() > before);
      await inBooks(stage, takings(1));
      await assertXeroHolds(stage, takings(1));
    },
  );

  it('lets an admin in again who lost the password, or the phone', async t => {
    const stage = await Stage.bare();
    t.after(() => stage.stop());
    await stage.relayCommand(['admin', 'add', ADMIN.email], `${ADMIN.password}\n`);
    await stage.startRelay();
    const lost = await secondStep(stage, ADMIN.password);
    const book = new Runbook(stage, 'When something is wrong');
    await book.next(`${NEW_PASSWORD}\n`);
    await lost.open(`${stage.relayUrl}/days`);
    assert.match(lost.url, /sign-in/, 'the session from before has ended');
    assert.match((await signIn(stage, NEW_PASSWORD)).text, /code/i);
    await book.next(`${NEW_PASSWORD}\n`);
    assert.match((await signIn(stage, NEW_PASSWORD)).text, /Sign out/);
    await stage.startAgent();
    assert.match(await book.next(), /The clock is believed/);
    book.end();
  });
});

async function signIn(stage: Stage, password: string): Promise<FormBrowser> {
  const browser = new FormBrowser();
  await browser.open(`${stage.relayUrl}/sign-in`);
  await browser.submit('Sign in', { Email: ADMIN.email, Password: password });
  return browser;
}

/** Turns the codes of a telephone on. @returns the browser, still signed in */
async function secondStep(stage: Stage, password: string): Promise<FormBrowser> {
  const browser = await signIn(stage, password);
  await browser.open(`${stage.relayUrl}/account`);
  await browser.submit('Set up');
  const secret = /type this key into it: ([A-Z2-7]{32})/.exec(browser.text)?.[1] ?? '';
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  await browser.submit('Turn on', { 'Code that the app shows now': code });
  assert.match(browser.text, /On: after the password/);
  return browser;
}
