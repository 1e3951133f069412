/** Enrolment: one code, one key that never leaves, one store per folder. */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeIdOf, keyForCode, readIdentity } from '../../../agent/delivery/identity.ts';
import { checkRelayAddress } from '../../../agent/delivery/relay-http.ts';
import { openTestCore } from '../../support/core.ts';
import { startFakeRelay } from '../../support/fake-relay.ts';

test('the key is on disk for its user only, and the same after a lost answer', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t);
  relay.weather = 'truncated';
  await assert.rejects(core.enrol(relay.url, 'CODE'), /not a Tillbook relay/);
  const path = join(core.dataDir, 'identity.next.jwk');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const { jwk } = JSON.parse(await readFile(path, 'utf8')) as { jwk: unknown };
  relay.weather = 'fair';
  await core.enrol(relay.url, ' co-de');
  assert.deepEqual(core.key()?.privateJwk, jwk);
  assert.equal((await stat(join(core.dataDir, 'identity.jwk'))).mode & 0o777, 0o600);
});

test('one code, one key: the code again changes nothing, a new code makes a new key', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  const { relay = '' } = core.state.data.enrolment ?? {};
  const first = core.key()?.kid;
  await core.enrol(relay, 'code');
  assert.equal(core.key()?.kid, first);
  await core.enrol(relay, 'CODE-2');
  assert.notEqual(core.key()?.kid, first);
  assert.equal(core.state.data.enrolment?.kid, core.key()?.kid);
});

test('a change of keys that the power cut through is ended by the next start', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  const { dataDir } = core;
  const next = await keyForCode(dataDir, codeIdOf('CODE-2'));
  const before = await readIdentity(dataDir, core.key()?.kid);
  assert.equal(before?.kid, core.key()?.kid, 'not confirmed: the old key signs');
  assert.equal((await readIdentity(dataDir, next.kid))?.kid, next.kid);
  await assert.rejects(stat(join(dataDir, 'identity.next.jwk')), /ENOENT/);
  assert.equal((await readIdentity(dataDir, undefined))?.kid, next.kid);
});

test('plain http is refused to anything but this machine', () => {
  for (const url of [
    'http://127.0.0.1:8090',
    'http://localhost',
    'http://[::1]:1',
    'https://a.b',
  ]) {
    assert.doesNotThrow(() => checkRelayAddress(url), url);
  }
  for (const url of ['http://relay.example', 'http://10.0.0.5', 'http://127.0.0.1.evil.example']) {
    assert.throws(() => checkRelayAddress(url), /plain http/, url);
  }
});

test('a hotspot page is no relay', async t => {
  const relay = await startFakeRelay(t);
  relay.weather = 'captive-portal';
  const core = await openTestCore(t);
  await assert.rejects(core.enrol(relay.url, 'CODE'), /not a Tillbook relay/);
  assert.equal(core.state.data.enrolment, undefined);
});

test('a folder of one store is not given to another', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay });
  relay.store = { ...relay.store, id: 'store-2', name: 'Bondi' };
  await assert.rejects(core.enrol(relay.url, 'OTHER'), /belongs to Tanjong Pagar/);
  assert.equal(core.state.data.enrolment?.storeId, 'store-1');
});

test('a store in another currency than the sales on disk is refused with the way out', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t);
  await core.sell(1);
  relay.store = { ...relay.store, currency: 'AUD' };
  await assert.rejects(core.enrol(relay.url, 'CODE'), /sales here are in SGD/);
});

test('a relay that says no is quoted in its own words', async t => {
  const relay = await startFakeRelay(t);
  relay.weather = 'problem';
  const core = await openTestCore(t);
  await assert.rejects(core.enrol(relay.url, 'CODE'), /down for repair/);
});
