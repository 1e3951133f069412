/** Attacks on the relay that concern no single page: swapped secrets, forged names of the host. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from 'undici';
import { isAppError } from '../../../protocol/errors.ts';
import { connect, makeRig } from '../../support/posting.ts';
import { startOffice } from './office.ts';

test('a token that somebody copied into another connection’s row opens nothing there', async t => {
  const rig = await makeRig(t);
  const id = await connect(rig);
  const good = await rig.db.get('connections', id);
  assert.ok(good?.tokens !== undefined);
  await rig.db.write(tx => tx.put('connections', 'thief', { ...good, id: 'thief' }));
  const asked = rig.standIn.control.requests().length;
  const wrongKey = (error: unknown) => isAppError(error, 'sealed-wrong-key');
  await assert.rejects(rig.xero.organisations('thief'), wrongKey);
  assert.equal(rig.standIn.control.requests().length, asked, 'Xero was asked with it');
  assert.ok((await rig.xero.organisations(id)).length > 0);
});

test('a forged Host header comes back in no page, link or redirect', async t => {
  const office = await startOffice();
  t.after(() => office.stop());
  const headers = {
    ...{ host: 'evil.example', 'x-forwarded-host': 'evil.example' },
    ...{ forwarded: 'host=evil.example', accept: 'text/html' },
  };
  for (const path of ['/', '/sign-in', '/settings', '/setup?code=x', '/xero/callback', '/none']) {
    const answer = await request(office.url + path, { headers });
    const text = JSON.stringify(answer.headers) + (await answer.body.text());
    assert.doesNotMatch(text, /evil\.example/, path);
  }
});
