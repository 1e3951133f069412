/**
 * Every refusal that Xero is known to give, at the document and at its payment: the day waits in a
 * named state with what to do and Xero's own words, and goes on by itself once Xero takes it.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { addStore, connect, dayIn, deliver, makeRig, type Rig } from '../../support/posting.ts';
import { SAID } from '../../support/xero-refusals.ts';

/** A poster that looks often: nobody presses Retry in here. */
const LEASE = { ttlMs: 60_000, renewMs: 50, pollMs: 50 };
/** As long as the first pause after a refusal, and the two minutes of every waiting day. */
const NEXT_TRY_MS = 125_000;

async function shop(t: TestContext): Promise<Rig> {
  const rig = await makeRig(t, { lease: LEASE });
  await connect(rig);
  await addStore(rig);
  await rig.xero.readChart({ connection: 'connection-1', organisation: rig.organisation });
  return rig;
}

/** Xero's 400, as it looks when one element is wrong. */
function refusal(said: string): string {
  return JSON.stringify({
    ErrorNumber: 10,
    Type: 'ValidationException',
    Message: 'A validation exception occurred',
    Elements: [{ ValidationErrors: [{ Message: said }] }],
  });
}

async function refusedOnce(rig: Rig, path: string, at: number): Promise<void> {
  const [said, code] = SAID[at] ?? ['', 'xero-refused'];
  const answer = { kind: 'status', status: 400, body: refusal(said) } as const;
  rig.standIn.control.fault({ method: 'PUT', path, answer });
  const date = new Date(Date.UTC(2026, 10, 1 + at)).toISOString().slice(0, 10);
  const key = await deliver(rig, date);
  const poster = rig.start();
  const unclear = code === 'xero-unknown-outcome';
  const day = await dayIn(rig, key, unclear ? ['posting', 'waiting'] : ['waiting']);
  if (!unclear) {
    assert.equal(day.reasons[0]?.code, code, said);
    assert.ok((day.reasons[0]?.fix.length ?? 0) > 20, said);
    assert.match(day.reasons[0]?.raw ?? '', /ValidationErrors/);
    assert.ok(day.reasons[0]?.raw?.includes(JSON.stringify(said).slice(1, -1)), said);
  }
  rig.advance(NEXT_TRY_MS);
  await dayIn(rig, key, ['reconciled']);
  await poster.stop();
}

for (const path of ['/Invoices$', '/Payments$']) {
  test(`refused at ${path}: named, with the fix and Xero’s words, and posted by itself later`, async t => {
    const rig = await shop(t);
    for (const at of SAID.keys()) await refusedOnce(rig, path, at);
    assert.equal(rig.standIn.control.documents().length, SAID.length);
    assert.equal(rig.standIn.control.payments().length, 2 * SAID.length);
  });
}
