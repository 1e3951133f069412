/** HQ's way to Xero and back, with the real xero-node against the stand-in's sign-in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '../../../protocol/errors.ts';
import { silentLog } from '../../../protocol/host/log.ts';
import { createXero } from '../../../relay/xero/xero.ts';
import { makeRig, REDIRECT, type Rig, SEAL } from '../../support/posting.ts';

const USER = 'user-1';

async function submit(rig: Rig, secret?: string) {
  const app = rig.standIn.control.registerApp({ redirectUris: [REDIRECT] });
  const clientSecret = secret ?? app.clientSecret;
  return rig.xero.submitApp({ clientId: app.clientId, clientSecret, user: USER });
}

/** What the browser does at Xero; gives the address it is sent back to. */
async function answer(rig: Rig, url: string, action: 'allow' | 'cancel'): Promise<string> {
  const form = new URLSearchParams(new URL(url).search);
  form.set('action', action);
  form.append('organisation', rig.organisation);
  const page = `${rig.standIn.url}/identity/connect/authorize`;
  const response = await fetch(page, { method: 'POST', body: form, redirect: 'manual' });
  return response.headers.get('location') ?? `no redirect: ${response.status}`;
}

test('Submit, allow at Xero, and back: the organisations are there', async t => {
  const rig = await makeRig(t);
  const { connection, url } = await submit(rig);
  assert.ok(url.startsWith(`${rig.standIn.url}/identity/connect/authorize?`));
  assert.equal(new URL(url).searchParams.get('scope')?.includes('openid'), false);
  const back = await answer(rig, url, 'allow');
  const result = await rig.xero.finishConsent(back, USER);
  assert.equal(result.connection, connection);
  assert.deepEqual(
    result.organisations.map(one => one.id),
    [rig.organisation],
  );
  const row = await rig.db.get('connections', connection);
  assert.equal(row?.state, 'connected');
  assert.equal(JSON.stringify(row).includes('refresh_token'), false, 'tokens are sealed');
});

test('a consent works once, and only for who began it', async t => {
  const rig = await makeRig(t);
  const { url } = await submit(rig);
  const back = await answer(rig, url, 'allow');
  await assert.rejects(rig.xero.finishConsent(back, 'user-2'), refusal('not-allowed'));
  await assert.rejects(rig.xero.finishConsent(back, USER), refusal('not-allowed'));
  const forged = `${REDIRECT}?code=x&state=nobody`;
  await assert.rejects(rig.xero.finishConsent(forged, USER), refusal('not-allowed'));
});

test('Cancel at Xero is told as it is', async t => {
  const rig = await makeRig(t);
  const { url } = await submit(rig);
  const back = await answer(rig, url, 'cancel');
  await assert.rejects(rig.xero.finishConsent(back, USER), refusal('not-allowed', /not allowed/));
});

test('a wrong secret names the field and the fix, and the right one mends it', async t => {
  const rig = await makeRig(t);
  const app = rig.standIn.control.registerApp({ redirectUris: [REDIRECT] });
  const wrong = { clientId: app.clientId, clientSecret: 'wrong', user: USER };
  const first = await rig.xero.submitApp(wrong);
  const back = await answer(rig, first.url, 'allow');
  await assert.rejects(rig.xero.finishConsent(back, USER), error => {
    assert.ok(isAppError(error, 'xero-settings'));
    assert.equal(error.path, 'clientSecret');
    return /secret/i.test(error.hint ?? '');
  });
  const second = await rig.xero.submitApp({ ...wrong, clientSecret: app.clientSecret });
  assert.equal(second.connection, first.connection);
  await rig.xero.finishConsent(await answer(rig, second.url, 'allow'), USER);
});

test('an empty Client ID or Client Secret is refused by its name', async t => {
  const rig = await makeRig(t);
  const none = { clientId: ' ', clientSecret: 'x', user: USER };
  await assert.rejects(rig.xero.submitApp(none), refusal('bad-input', undefined, 'clientId'));
  const half = { clientId: 'x', clientSecret: '', user: USER };
  await assert.rejects(rig.xero.submitApp(half), refusal('bad-input', undefined, 'clientSecret'));
});

test('disconnect takes the permission back at Xero and forgets the tokens', async t => {
  const rig = await makeRig(t);
  const { connection, url } = await submit(rig);
  await rig.xero.finishConsent(await answer(rig, url, 'allow'), USER);
  await rig.xero.disconnect(connection);
  assert.deepEqual(rig.standIn.control.connections(), []);
  const row = await rig.db.get('connections', connection);
  assert.equal(row?.tokens, undefined);
  await assert.rejects(rig.xero.organisations(connection), refusal('xero-disconnected'));
});

test('a consent, and only a consent, wakes what waited for it', async t => {
  const rig = await makeRig(t);
  let woken = 0;
  const xero = createXero({
    urls: { login: rig.standIn.url, identity: rig.standIn.url, api: rig.standIn.url },
    ...{ redirectUri: REDIRECT, db: rig.db, seal: SEAL, clock: rig.now, log: silentLog() },
    onConnected: () => {
      woken += 1;
    },
  });
  const { url } = await submit(rig);
  const cancelled = await answer(rig, url, 'cancel');
  await assert.rejects(xero.finishConsent(cancelled, USER));
  assert.equal(woken, 0);
  const again = await submit(rig);
  await xero.finishConsent(await answer(rig, again.url, 'allow'), USER);
  assert.equal(woken, 1);
});

function refusal(code: Parameters<typeof isAppError>[1], words?: RegExp, path?: string) {
  return (error: unknown) =>
    isAppError(error, code) &&
    (words === undefined || words.test(error.message)) &&
    (path === undefined || error.path === path) &&
    error.hint !== undefined;
}
