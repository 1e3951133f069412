/** Day summaries at the relay's door: what is accepted, kept aside, refused or asked to wait. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { digestOf, makeSigningKey, signJws } from '../../../protocol/signing.ts';
import { keysUnder } from '../../../relay/db/db.ts';
import { openLowdb } from '../../../relay/db/lowdb.ts';
import { signRaw } from '../../support/raw-jws.ts';
import { handMadeSummary } from '../../support/summaries.ts';
import { DAY, InboxDesk, Machine, RECEIPT } from './desk.ts';

let desk: InboxDesk;
let machine: Machine;
const raise = async () => {
  desk = await InboxDesk.open();
  machine = await Machine.enrolled(desk);
};
const dayOf = (date = '2026-11-21') => desk.db.get('days', `${machine.store}/${date}`);

describe('a day summary', () => {
  beforeEach(raise);
  afterEach(() => desk.close());

  it('gets a receipt signed by the relay, and is on disk by then', async () => {
    const jws = await machine.sign();
    const answer = await machine.put(jws);
    const receipt = await desk.signedBy(answer.text, RECEIPT);
    assert.equal(receipt['digest'], digestOf(jws));
    assert.equal(receipt['verdict'], 'accepted');
    await desk.db.close();
    const again = await openLowdb(desk.folder);
    const row = await again.get('summaries', `${machine.store}/${digestOf(jws)}`);
    assert.equal(row?.jws, jws);
    assert.equal(row?.receipt, answer.text);
    assert.equal((await again.get('days', `${machine.store}/2026-11-21`))?.state, 'received');
    await again.close();
    desk.db = await openLowdb(desk.folder);
  });

  it('sent again gets the same receipt and counts once', async () => {
    const jws = await machine.sign();
    const answers = await Promise.all([machine.put(jws), machine.put(jws), machine.put(jws)]);
    assert.equal(new Set(answers.map(answer => answer.text)).size, 1);
    assert.equal((await dayOf())?.revisions.length, 1);
    assert.deepEqual(desk.woken, ['orchard-road/2026-11-21']);
  });

  it('of several days comes in order; a number too early waits', async () => {
    const first = await machine.sign({ businessDate: '2026-11-20' });
    const second = await machine.sign();
    const early = await machine.put(second);
    assert.equal(early.status, 425);
    assert.match(early.problem.hint ?? '', /send number 1 first/);
    assert.equal(await dayOf(), undefined);
    assert.equal((await machine.put(first, '2026-11-20')).status, 200);
    assert.equal((await machine.put(second)).status, 200);
  });

  it('of a later revision joins the day and makes it new work', async () => {
    await machine.deliver();
    await machine.deliver({ revision: 2 });
    const day = await dayOf();
    assert.deepEqual(
      day?.revisions.map(row => row.revision),
      [1, 2],
    );
    assert.equal(day?.revisions[0]?.parts.overShort, -50);
    assert.equal(desk.woken.length, 2);
  });
});

describe('a summary that is kept aside', () => {
  beforeEach(raise);
  afterEach(() => desk.close());

  it('is one of the same day and revision with other content', async () => {
    await machine.deliver();
    const again = await machine.deliver();
    assert.deepEqual([again.verdict, again.reason], ['kept-aside', 'other-content']);
    assert.equal((await dayOf())?.revisions.length, 1);
    assert.equal((await dayOf())?.keptAside[0]?.reason, 'other-content');
    assert.deepEqual(desk.woken, ['orchard-road/2026-11-21']);
  });

  it('is one of a cloned disk that goes its own way, and all that follow it', async () => {
    await machine.deliver({ businessDate: '2026-11-19' });
    const clone = new Machine(desk, machine.store, machine.key);
    Object.assign(clone, { number: machine.number, digest: machine.digest });
    await machine.deliver({ businessDate: '2026-11-20' });
    const reasons: (string | undefined)[] = [];
    for (const businessDate of ['2026-11-18', '2026-11-20', '2026-11-21']) {
      reasons.push((await clone.deliver({ businessDate })).reason);
    }
    assert.deepEqual(reasons, ['broken-chain', 'broken-chain', 'broken-chain']);
    assert.equal((await machine.deliver()).verdict, 'accepted');
  });

  it('is one signed by a revoked key', async () => {
    await desk.stores.revoke(machine.store, 'test');
    assert.equal((await machine.deliver()).reason, 'revoked-key');
    const day = await dayOf();
    assert.deepEqual([day?.state, day?.reasons[0]?.code], ['kept-aside', 'revoked-key']);
    assert.equal((await desk.db.get('stores', machine.store))?.head.number, 0);
  });

  it('is one of a day that has not begun; the current day may be closed', async () => {
    assert.equal((await machine.deliver({ businessDate: '2026-11-22' })).verdict, 'accepted');
    assert.equal((await machine.deliver({ businessDate: '2026-11-24' })).reason, 'future-day');
  });

  it('is a revision with fewer sales of a terminal than the one before', async () => {
    await machine.deliver();
    const counts = { sale: 2, refund: 1, void: 1, 'cash-out': 1, 'cash-count': 1 };
    const terminals = [
      { terminal: 'till-1', epoch: 1, first: 901, last: 909, count: 6, missing: [] },
    ];
    const journal = { entries: 6, head: '0'.repeat(64) };
    const lost = await machine.deliver({ revision: 2, counts, terminals, journal } as object);
    assert.equal(lost.reason, 'history-lost');
  });

  it('does not add up; the days after it go on', async () => {
    const broken = { businessDate: '2026-11-20', rounding: -3 };
    assert.equal((await machine.deliver(broken)).reason, 'bad-summary');
    assert.equal((await machine.deliver()).verdict, 'accepted');
    assert.equal((await dayOf('2026-11-20'))?.state, 'kept-aside');
  });

  it('is seen in the audit log', async () => {
    await desk.stores.revoke(machine.store, 'test');
    await machine.deliver();
    const audit = await desk.db.list('audit');
    const entry = audit.find(row => row.value.what === 'Summary kept aside');
    assert.equal(entry?.value.details['reason'], 'revoked-key');
  });
});

describe('a forged summary', () => {
  beforeEach(raise);
  afterEach(() => desk.close());
  const nothingStored = async () => {
    assert.deepEqual(await desk.db.list('summaries', keysUnder(`${machine.store}/`)), []);
    assert.deepEqual(await desk.db.list('days', keysUnder(`${machine.store}/`)), []);
  };

  it('is refused for its header: none, HS256, jwk, crit, another typ, no kid', async () => {
    const { kid, publicJwk } = machine.key;
    const good = { alg: 'Ed25519', kid, typ: DAY };
    const payload = JSON.stringify(handMadeSummary({ storeId: machine.store }));
    const headers = [
      { ...good, alg: 'none' },
      { ...good, alg: 'HS256' },
      { ...good, jwk: publicJwk },
      { ...good, crit: ['b64'], b64: false },
      { ...good, typ: RECEIPT },
      { alg: 'Ed25519', typ: DAY },
    ];
    for (const header of headers) {
      const answer = await machine.put(signRaw(header, payload, machine.key));
      assert.deepEqual([answer.status, answer.problem.code], [400, 'bad-signature']);
    }
    await nothingStored();
  });

  it('is refused for a key that nobody enrolled, and for a changed byte', async () => {
    const stranger = await makeSigningKey();
    const summary = handMadeSummary({ storeId: machine.store });
    const unknown = await machine.put(await signJws(summary, DAY, stranger));
    assert.deepEqual([unknown.status, unknown.problem.field], [401, 'kid']);
    const [head = '', , signature = ''] = (await machine.sign()).split('.');
    const other = Buffer.from(JSON.stringify({ ...summary, number: 2 })).toString('base64url');
    assert.equal((await machine.put(`${head}.${other}.${signature}`)).status, 400);
    const borrowed = signRaw({ alg: 'Ed25519', kid: machine.key.kid, typ: DAY }, '{}', stranger);
    assert.equal((await machine.put(borrowed)).problem.code, 'bad-signature');
    await nothingStored();
  });

  it('is refused for another store than its key speaks for', async () => {
    const other = await desk.addStore('Jurong');
    const answer = await machine.put(await machine.sign({ storeId: other.store }));
    assert.deepEqual([answer.status, answer.problem.field], [403, 'storeId']);
    await nothingStored();
  });

  it('is refused at another address than its own, and told the right one', async () => {
    const jws = await machine.sign();
    const answer = await machine.put(jws, '2026-11-20');
    assert.deepEqual([answer.status, answer.problem.field], [422, 'businessDate']);
    assert.match(answer.problem.hint ?? '', /2026-11-21\/revisions\/1/);
    for (const path of ['%', '..%2f..%2fetc', '2026-11-21%00', 'x'.repeat(3000)]) {
      const strange = await machine.put(jws, path);
      assert.ok(strange.status >= 400 && strange.status < 500, `${path}: ${strange.status}`);
    }
    await nothingStored();
  });

  it('is refused when it is too large, not JSON, or no summary at all', async () => {
    assert.equal((await machine.put('x'.repeat(9 * 1024 * 1024))).status, 413);
    const header = { alg: 'Ed25519', kid: machine.key.kid, typ: DAY };
    for (const payload of ['null', '[]', '{"storeId":1}', '{"a":1,"a":2}', 'nonsense']) {
      const answer = await machine.put(signRaw(header, payload, machine.key));
      assert.ok([400, 422].includes(answer.status), `${payload}: ${answer.text}`);
    }
    const plain = await desk.send('PUT', '/v1/days/2026-11-21/revisions/1', '{}', {
      'Content-Type': 'application/json',
    });
    assert.deepEqual([plain.status, plain.problem.field], [422, 'Content-Type']);
    await nothingStored();
  });
});

describe('a relay that was set back to a backup', () => {
  beforeEach(raise);
  afterEach(() => desk.close());

  it('takes everything again and stands where it stood', async () => {
    const sent: [string, string][] = [];
    for (const businessDate of ['2026-11-19', '2026-11-20', '2026-11-21']) {
      const jws = await machine.sign({ businessDate });
      sent.push([jws, businessDate]);
      await machine.put(jws, businessDate);
    }
    const store = await desk.db.get('stores', machine.store);
    const head = { number: 1, digest: digestOf(sent[0]?.[0] ?? '') };
    await desk.db.write(async tx => {
      if (store) await tx.put('stores', store.id, { ...store, head });
      await tx.remove('days', `${machine.store}/2026-11-20`);
    });
    for (const [jws, date] of sent.slice(1)) {
      assert.equal((await machine.put(jws, date)).status, 200);
    }
    assert.equal((await desk.db.get('stores', machine.store))?.head.number, 3);
    assert.equal((await dayOf('2026-11-20'))?.revisions.length, 1);
    assert.equal((await dayOf('2026-11-21'))?.revisions.length, 1);
  });
});
