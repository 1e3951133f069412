/** Whatever a machine signs and sends: an answer in words, never a crash, never a wrong acceptance. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseDaySummary } from '../../../protocol/day-summary.ts';
import { fc } from '../../support/fast-check.ts';
import { signRaw } from '../../support/raw-jws.ts';
import { handMadeSummary } from '../../support/summaries.ts';
import { type Answer, DAY, HEARTBEAT, InboxDesk, Machine, RECEIPT } from './desk.ts';

const RUNS = { numRuns: 150 };

/** JSON texts that programs trip over. */
const odd = fc.oneof(
  fc.constantFrom('null', '[]', '{}', '-0', '1e308', '9007199254740993', '0.1', '""', 'true'),
  fc.constantFrom('"\\ud800"', '{"__proto__":{"x":1}}', '{"a":1,"a":2}', '[[[[[[[[]]]]]]]]', 'NaN'),
  fc.constant(`${'['.repeat(50)}${']'.repeat(50)}`),
  fc.json({ maxDepth: 3 }),
);

/** A good payload's text with one member replaced by something odd. */
function spoil(payload: object, member: number, text: string): string {
  const names = Object.keys(payload);
  const name = names[member % names.length] ?? '';
  const marked = JSON.stringify({ ...payload, [name]: '§' });
  return marked.replace('"§"', () => text);
}

let desk: InboxDesk;
let machine: Machine;

function checkAnswer(answer: Answer, sent: string): void {
  assert.ok(answer.status < 500, `${answer.status} for ${sent}`);
  if (answer.status === 200) return;
  const { code, detail } = answer.problem;
  assert.ok(code && detail, `no words for ${sent}: ${answer.text}`);
  assert.doesNotMatch(answer.text, /node_modules|at Object|\/tmp\//);
}

describe('whatever a machine signs', () => {
  beforeEach(async () => {
    desk = await InboxDesk.open();
    machine = await Machine.enrolled(desk);
  });
  afterEach(() => desk.close());

  it('as a summary is accepted only if it adds up', async () => {
    const header = { alg: 'Ed25519', kid: machine.key.kid, typ: DAY };
    const run = fc.asyncProperty(fc.nat(), odd, async (member, text) => {
      const good = handMadeSummary({ storeId: machine.store });
      const payload = spoil(good, member, text);
      const answer = await machine.put(signRaw(header, payload, machine.key));
      checkAnswer(answer, payload);
      if (answer.status !== 200) return;
      const receipt = await desk.signedBy(answer.text, RECEIPT);
      const addsUp = parseDaySummary(JSON.parse(payload)).ok;
      assert.ok(addsUp || receipt['verdict'] === 'kept-aside', payload);
    });
    await fc.assert(run, RUNS);
  });

  it('as a heartbeat or an enrolment gets an answer in words', async () => {
    const run = fc.asyncProperty(fc.nat(), odd, async (member, text) => {
      const header = { alg: 'Ed25519', kid: machine.key.kid, typ: HEARTBEAT };
      const beat = spoil({ ...machine.heartbeat(), counter: 1 }, member, text);
      checkAnswer(
        await desk.send('POST', '/v1/heartbeats', signRaw(header, beat, machine.key)),
        beat,
      );
      const code = { version: 1, code: 'x', jwk: machine.key.publicJwk, relay: 'x', issuedAt: 'x' };
      const enrolment = spoil(code, member, text);
      const jws = signRaw({ ...header, typ: 'tillbook-enrolment+jws' }, enrolment, machine.key);
      checkAnswer(await desk.send('POST', '/v1/enrolments', jws), enrolment);
    });
    await fc.assert(run, RUNS);
  });

  it('and whatever a stranger sends, to any address', async () => {
    const path = fc.oneof(
      fc.constantFrom('/v1/days/2026-11-21/revisions/1', '/v1/heartbeats', '/v1', '/api/v1/days'),
      fc.webPath(),
    );
    const method = fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE');
    const type = fc.constantFrom('application/jose', 'application/json', 'text/plain', 'x', '');
    const run = fc.asyncProperty(path, method, type, fc.string(), async (to, how, sort, body) => {
      const answer = await desk.send(how, to.startsWith('/') ? to : `/${to}`, body, {
        'Content-Type': sort,
      });
      checkAnswer(answer, `${how} ${to} ${sort} ${body}`);
      assert.notEqual(answer.status, 200);
    });
    await fc.assert(run, RUNS);
  });
});
