/** Refresh tokens: rotated by one refresher, kept until the new one is stored, never lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '../../../protocol/errors.ts';
import { mortalDb } from '../../support/kill-db.ts';
import { connect, makeRig, type Rig } from '../../support/posting.ts';

const REFRESH = { method: 'POST', path: '/connect/token$' };

async function connected(t: Parameters<typeof makeRig>[0]): Promise<Rig> {
  const rig = await makeRig(t);
  await connect(rig);
  return rig;
}

/** A call that needs a good access token. */
function useToken(rig: Rig, xero = rig.xero): Promise<unknown> {
  return xero.organisations('connection-1');
}

test('an access token that ran out is renewed once, however many ask', async t => {
  const rig = await connected(t);
  rig.advance(29 * 60_000);
  await Promise.all(Array.from({ length: 8 }, () => useToken(rig)));
  assert.equal(rig.standIn.control.countRequests(REFRESH), 1);
});

test('two relays on one database refresh a token once', async t => {
  const rig = await connected(t);
  rig.advance(29 * 60_000);
  const other = rig.newXero(rig.db, 'relay-2');
  await Promise.all([useToken(rig), useToken(rig, other), useToken(rig), useToken(rig, other)]);
  assert.equal(rig.standIn.control.countRequests(REFRESH), 1);
});

test('the answer to a refresh is lost: the old token is used again', async t => {
  const rig = await connected(t);
  rig.advance(29 * 60_000);
  rig.standIn.control.fault({ ...REFRESH, when: 'after', answer: { kind: 'lost' } });
  await assert.rejects(useToken(rig), error => isAppError(error, 'xero-unavailable'));
  rig.advance(20 * 60_000);
  await useToken(rig);
});

test('killed between Xero’s answer and our disk: the old token is used again', async t => {
  const rig = await connected(t);
  rig.advance(29 * 60_000);
  // Writes: the lease, the new token set.
  const mortal = mortalDb(rig.db, { write: 2, when: 'before' });
  void useToken(rig, rig.newXero(mortal.db));
  await mortal.killed;
  rig.advance(20 * 60_000);
  await useToken(rig);
});

test('an access token that Xero refuses is renewed and the call made again', async t => {
  const rig = await connected(t);
  rig.standIn.control.expireAccessTokens();
  await useToken(rig);
  const chart = await rig.xero.readChart({
    connection: 'connection-1',
    organisation: rig.organisation,
  });
  assert.equal(chart.organisation.currency, 'SGD');
});

test('a refresh token that Xero refuses ends the connection, and says what to do', async t => {
  const rig = await connected(t);
  rig.advance(29 * 60_000);
  rig.standIn.control.expireRefreshTokens();
  await assert.rejects(useToken(rig), error => {
    return isAppError(error, 'xero-disconnected') && /Submit/.test(error.hint ?? '');
  });
  assert.equal((await rig.db.get('connections', 'connection-1'))?.state, 'disconnected');
});

test('a connection that nobody uses is refreshed once a day', async t => {
  const rig = await connected(t);
  await rig.xero.refreshIdle();
  assert.equal(rig.standIn.control.countRequests(REFRESH), 0);
  for (let day = 0; day < 61; day += 1) {
    rig.advance(25 * 3_600_000);
    await rig.xero.refreshIdle();
  }
  assert.equal(rig.standIn.control.countRequests(REFRESH), 61);
  await useToken(rig);
});

test('who connects again while a refresh is under way keeps the new permission', async t => {
  const rig = await connected(t);
  rig.advance(29 * 60_000);
  const slow = { kind: 'delay', delayMs: 400 } as const;
  rig.standIn.control.fault({ ...REFRESH, when: 'after', answer: slow });
  const late = useToken(rig);
  while (rig.standIn.control.countRequests(REFRESH) === 0) await new Promise(setImmediate);
  await connect(rig);
  const row = () => rig.db.get('connections', 'connection-1');
  const fresh = (await row())?.tokens;
  await late;
  assert.equal((await row())?.tokens, fresh);
});
