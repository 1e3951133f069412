/** Heartbeats: the shop is seen at head office, told what to do, and a second machine is noticed. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { heartbeatAnswerSchema } from '../../../protocol/agent-relay.ts';
import { makeSigningKey } from '../../../protocol/signing.ts';
import { ANSWER, InboxDesk, Machine, MORNING } from './desk.ts';

let desk: InboxDesk;
let machine: Machine;
const raise = async () => {
  desk = await InboxDesk.open();
  machine = await Machine.enrolled(desk);
};
const answerTo = async (changes: object = {}) => {
  const answer = await machine.beat(changes);
  assert.equal(answer.status, 200, answer.text);
  return heartbeatAnswerSchema.parse(await desk.signedBy(answer.text, ANSWER));
};

describe('a heartbeat', () => {
  beforeEach(raise);
  afterEach(() => desk.close());

  it('brings settings, the head of the chain, and how far the days have come', async () => {
    const { digest } = await machine.deliver();
    const answer = await answerTo();
    assert.equal(answer.counter, 1);
    assert.equal(answer.settings.name, 'Orchard Road');
    assert.deepEqual([answer.lastNumber, answer.lastDigest], [1, digest]);
    assert.equal(answer.time, new Date(MORNING).toISOString());
    const day = { date: '2026-11-21', revision: 1, state: 'received', documents: [] };
    assert.deepEqual(answer.days, [day]);
  });

  it('is kept for head office, with the difference of the clocks', async () => {
    await answerTo({ sentAt: '2026-11-22T09:58:00+08:00' });
    const row = await desk.db.get('heartbeats', machine.store);
    assert.equal(row?.clockSkewMs, -120_000);
    assert.equal(row?.heartbeat.agentVersion, '0.1.0');
  });

  it('is told to close a day until the day has come, or the order is a day old', async () => {
    const order = (date: string) =>
      desk.stores.order(machine.store, { kind: 'close', date }, 'boss@example.com');
    await order('2026-11-21');
    await order('2026-11-20');
    await assert.rejects(order('yesterday'), /business date/);
    const dates = async () =>
      (await answerTo()).commands.map(command => command.kind === 'close' && command.date);
    assert.deepEqual(await dates(), ['2026-11-21', '2026-11-20']);
    await machine.deliver();
    assert.deepEqual(await dates(), ['2026-11-20']);
    desk.nowMs += 25 * 3_600_000;
    assert.deepEqual((await answerTo()).commands, []);
  });
});

describe('a heartbeat that cannot be right', () => {
  beforeEach(raise);
  afterEach(() => desk.close());

  it('does not count up: an old one played back is refused', async () => {
    await answerTo({ counter: 7 });
    for (const counter of [7, 3]) {
      const replay = await machine.beat({ counter });
      assert.deepEqual([replay.status, replay.problem.field], [409, 'counter']);
    }
    await answerTo({ counter: 8 });
  });

  it('of a replaced machine counts from 1 again', async () => {
    await answerTo({ counter: 500 });
    const { code } = await desk.stores.makeCode(machine.store, 'test');
    const key = await makeSigningKey();
    await desk.enrol(code, key);
    machine = new Machine(desk, machine.store, key);
    await answerTo({ counter: 1 });
  });

  it('of a machine that was set back to a backup counts anew after a new code', async () => {
    await answerTo({ counter: 500 });
    const { code } = await desk.stores.makeCode(machine.store, 'test');
    assert.equal((await desk.enrol(code, machine.key)).status, 200);
    await answerTo({ counter: 7 });
    assert.equal((await desk.enrol(code, machine.key)).status, 200);
    assert.equal((await machine.beat({ counter: 7 })).status, 409);
  });

  it('of two starts that alternate is a cloned disk; a restart is none', async () => {
    for (const instance of ['a', 'a', 'b']) await answerTo({ instance });
    assert.equal((await desk.db.get('heartbeats', machine.store))?.clonedAt, undefined);
    for (const instance of ['a', 'b']) await answerTo({ instance });
    const row = await desk.db.get('heartbeats', machine.store);
    assert.equal(row?.clonedAt, new Date(MORNING).toISOString());
    const audit = (await desk.db.list('audit')).map(entry => entry.value.what);
    assert.equal(audit.filter(what => /Two machines/.test(what)).length, 1);
  });

  it('lacks a field, or is for another store, is told which', async () => {
    const lacking = await machine.beat({ backlog: { waiting: 'many' } });
    assert.equal(lacking.status, 422);
    assert.equal(lacking.problem.field, 'backlog.waiting');
    const other = await desk.addStore('Jurong');
    const foreign = await machine.beat({ storeId: other.store });
    assert.deepEqual([foreign.status, foreign.problem.field], [403, 'storeId']);
  });
});
