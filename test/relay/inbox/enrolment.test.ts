/** A machine comes in with a code: once, in time, with its own key, and nobody guesses a code. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { makeSigningKey, signJws } from '../../../protocol/signing.ts';
import { ANSWER, InboxDesk, Machine, MORNING } from './desk.ts';

const HOUR_MS = 3_600_000;

let desk: InboxDesk;
const raise = async () => {
  desk = await InboxDesk.open();
};

describe('an enrolment code', () => {
  beforeEach(raise);
  afterEach(() => desk.close());

  it('brings the store settings and the relay key, signed', async () => {
    const { store, code } = await desk.addStore();
    const answer = await desk.enrol(code, await makeSigningKey());
    assert.equal(answer.status, 200);
    const payload = await desk.signedBy(answer.text, ANSWER);
    const calendar = { timezone: 'Asia/Singapore', currency: 'SGD', cutOver: '00:00' };
    assert.deepEqual(payload['store'], { id: store, name: 'Orchard Road', ...calendar });
    assert.deepEqual(payload['relayKey'], desk.key.publicJwk);
    assert.deepEqual(payload['last'], { number: 0, digest: '', dates: [], terminals: [] });
  });

  it('is read as people type it', async () => {
    const { code } = await desk.addStore();
    assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o')}`;
    assert.equal((await desk.enrol(typed, await makeSigningKey())).status, 200);
  });

  it('gives the same machine the same answer again, and no other machine any', async () => {
    const { code } = await desk.addStore();
    const key = await makeSigningKey();
    const first = await desk.enrol(code, key);
    assert.equal((await desk.enrol(code, key)).text, first.text);
    const other = await desk.enrol(code, await makeSigningKey());
    assert.equal(other.status, 409);
    assert.equal(other.problem.field, 'code');
    assert.match(other.problem.hint ?? '', /store code orchard-road/);
  });

  it('is good for one of two machines that race for it', async () => {
    const { code } = await desk.addStore();
    const keys = await Promise.all([makeSigningKey(), makeSigningKey(), makeSigningKey()]);
    const answers = await Promise.all(keys.map(key => desk.enrol(code, key)));
    assert.deepEqual(answers.map(answer => answer.status).sort(), [200, 409, 409]);
  });
});

describe('an enrolment code in wrong hands', () => {
  beforeEach(raise);
  afterEach(() => desk.close());

  it('ends after 24 hours', async () => {
    const { code } = await desk.addStore();
    desk.nowMs = MORNING + 24 * HOUR_MS;
    const late = await desk.enrol(code, await makeSigningKey());
    assert.equal(late.status, 403);
    assert.match(late.problem.detail ?? '', /ended at 2026-11-23T02:00/);
  });

  it('is burnt by five wrong guesses, the right one included', async () => {
    const { code } = await desk.addStore();
    const last = code.endsWith('A') ? 'B' : 'A';
    const key = await makeSigningKey();
    for (let i = 0; i < 5; i += 1) {
      assert.equal((await desk.enrol(code.slice(0, -1) + last, key)).status, 403);
    }
    const right = await desk.enrol(code, key);
    assert.equal(right.status, 429);
    assert.equal(right.problem.code, 'too-many');
  });

  it('cannot be guessed by the thousand from one address', async () => {
    const key = await makeSigningKey();
    const statuses = new Set<number>();
    for (let i = 0; i < 40; i += 1) {
      statuses.add((await desk.enrol('0000-0000-0000-0000', key)).status);
    }
    assert.deepEqual([...statuses], [403, 429]);
  });

  it('ends when a newer one is made', async () => {
    const { store, code } = await desk.addStore();
    const { code: newer } = await desk.stores.makeCode(store, 'test');
    assert.equal((await desk.enrol(code, await makeSigningKey())).status, 403);
    assert.equal((await desk.enrol(newer, await makeSigningKey())).status, 200);
  });

  it('is no use without the key that signs, and every field is named', async () => {
    const { code } = await desk.addStore();
    const [mine, theirs] = [await makeSigningKey(), await makeSigningKey()];
    const stolen = await desk.enrol(code, mine, { jwk: theirs.publicJwk });
    assert.equal(stolen.status, 401);
    const bad = await desk.enrol(code, mine, { issuedAt: 'yesterday' });
    assert.equal(bad.status, 422);
    assert.equal(bad.problem.field, 'issuedAt');
    const wrongType = await signJws({}, 'tillbook-heartbeat+jws', mine);
    assert.equal((await desk.send('POST', '/v1/enrolments', wrongType)).status, 422);
    assert.equal((await desk.enrol(code, mine)).status, 200);
  });
});

describe('a machine that replaces another', () => {
  beforeEach(raise);
  afterEach(() => desk.close());

  it('is told where the chain and the numbers of the terminals stand', async () => {
    const old = await Machine.enrolled(desk);
    const { digest } = await old.deliver();
    const { code } = await desk.stores.makeCode(old.store, 'test');
    const answer = await desk.enrol(code, await makeSigningKey());
    const { last } = await desk.signedBy(answer.text, ANSWER);
    assert.deepEqual(last, {
      number: 1,
      digest,
      dates: [{ date: '2026-11-21', revision: 1 }],
      terminals: [{ terminal: 'till-1', epoch: 1, last: 909, missing: [[904, 905]] }],
    });
  });

  it('is the only one that is believed from then on', async () => {
    const old = await Machine.enrolled(desk);
    const { code } = await desk.stores.makeCode(old.store, 'test');
    const key = await makeSigningKey();
    assert.equal((await desk.enrol(code, key)).status, 200);
    assert.equal((await old.deliver()).reason, 'revoked-key');
    const refused = await old.beat();
    assert.equal(refused.status, 403);
    assert.match(refused.problem.detail ?? '', /another machine was enrolled/);
    assert.equal((await new Machine(desk, old.store, key).deliver()).verdict, 'accepted');
  });

  it('may not bring a revoked key or the key of another store', async () => {
    const old = await Machine.enrolled(desk);
    const other = await desk.addStore('Jurong');
    assert.equal((await desk.enrol(other.code, old.key)).problem.field, 'jwk');
    await desk.stores.revoke(old.store, 'test');
    const { code } = await desk.stores.makeCode(old.store, 'test');
    const refused = await desk.enrol(code, old.key);
    assert.equal(refused.status, 403);
    assert.match(refused.problem.hint ?? '', /again with a new code/);
    assert.equal((await desk.enrol(code, await makeSigningKey())).status, 200);
  });
});
