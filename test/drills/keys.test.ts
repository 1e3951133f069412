/** Drill: every key and secret is changed, one after another, and the shop's days go on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connectAsync } from 'mqtt';
import { FormBrowser } from '../../deploy/demo/form-browser.ts';
import { ADMIN, APP } from '../../deploy/demo/head-office.ts';
import { createSeal } from '../../relay/db/seal.ts';
import { Stage } from '../support/stage.ts';
import { Runbook } from './runbook.ts';
import { assertXeroHolds, closeInBooks, sellCoffees, takings } from './shop-day.ts';

describe('keys and secrets are changed', () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.raise();
  });
  after(() => stage.stop());

  it('by the lines of the runbook; no day is lost and Xero stays connected', async () => {
    let password = await stage.addTerminal('till-1');
    await sellCoffees(stage, password, 1);
    await closeInBooks(stage, takings(1));
    await stage.relayCommand(['token', 'add', 'reports']);
    const book = new Runbook(stage, 'Change keys and secrets');
    await book.next();
    await book.next();
    await book.next();
    await assert.rejects(signIn(stage, password), /Not authorized|Bad user/i);
    password = book.words['SECRET'] ?? '';
    await book.next();
    await oldKeyOpensNothing(stage);
    await book.next();
    book.end();
    await newClientSecret(stage);
    await sellCoffees(stage, password, 2);
    await closeInBooks(stage, takings(1, 2));
    await assertXeroHolds(stage, takings(1, 2));
  });
});

async function signIn(stage: Stage, password: string): Promise<void> {
  const who = { clientId: 'till-1', username: 'till-1', password };
  const client = await connectAsync(stage.broker, {
    ...who,
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
  await client.endAsync();
}

/** No file of the relay's folder holds a text that opens with the key from before. */
async function oldKeyOpensNothing(stage: Stage): Promise<void> {
  const hex = readFileSync(join(stage.folder, 'mnt/safe/old.key'), 'utf8').trim();
  const now = readFileSync(join(stage.folder, 'mnt/safe/new.key'), 'utf8').trim();
  assert.match(now, /^[0-9a-f]{64}$/);
  assert.notEqual(now, hex);
  const seal = createSeal(Buffer.from(hex, 'hex'));
  const folder = stage.relayEnv['RELAY_DATA_DIR'] ?? '';
  for (const name of await readdir(folder)) {
    if (!/^relay\.json/.test(name)) continue;
    const { data } = JSON.parse(await readFile(join(folder, name), 'utf8'));
    const identity = 'settings/relay/signingKey';
    assert.throws(() => seal.open(data.settings.relay.signingKey, identity), /does not open/);
    for (const [id, { tokens }] of Object.entries<{ tokens: string }>(data.connections)) {
      assert.throws(() => seal.open(tokens, `connections/${id}/tokens`), /does not open/);
    }
  }
}

async function newClientSecret(stage: Stage): Promise<void> {
  const clientSecret = 'demo-client-secret-2';
  const redirectUris = [`${stage.relayUrl}/xero/callback`];
  await stage.control('registerApp', { ...APP, clientSecret, redirectUris });
  const browser = new FormBrowser();
  await browser.open(`${stage.relayUrl}/sign-in`);
  await browser.submit('Sign in', { Email: ADMIN.email, Password: ADMIN.password });
  await browser.open(`${stage.relayUrl}/settings`);
  const typed = { 'Client ID': APP.clientId, 'Client Secret': clientSecret };
  await browser.submit('Submit', typed);
  await browser.submit('Allow access');
  assert.match(browser.text, /Xero is connected/);
}
