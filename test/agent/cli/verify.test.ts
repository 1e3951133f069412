/** `verify` finds what has been changed, and says where. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { verifyCommand } from '../../../agent/cli/verify.ts';
import { startDelivery } from '../../../agent/delivery/delivery.ts';
import { openTestCore, type TestCore, until } from '../../support/core.ts';
import { startFakeRelay } from '../../support/fake-relay.ts';

const DATE = '2026-11-22';
type Verified = Awaited<ReturnType<typeof verify>>;

/** Two closed and delivered days. */
async function deliveredDays(t: TestContext): Promise<TestCore> {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  for (const sequence of [1, 2, 3]) await core.sell(sequence);
  await core.dayClose.closeByHand();
  core.clock.add(86_400_000);
  await core.sell(4);
  await core.dayClose.closeByHand();
  const delivery = startDelivery(core, core.http, () => undefined);
  core.loops.push(delivery);
  await until(() => core.outbox.next() === undefined);
  return core;
}

async function verify(core: TestCore, ...dates: string[]) {
  const args = { positionals: dates, options: {} };
  return (await verifyCommand.work(core, args)) as {
    days: { date: string; receipts: number; ok: boolean }[];
    broken: { date: string; where: string; message: string }[];
  };
}

async function change(core: TestCore, file: string, edit: (text: string) => string): Promise<void> {
  const path = join(core.dataDir, file);
  await writeFile(path, edit(await readFile(path, 'utf8')));
}

function onlyFault({ broken }: Verified): string {
  assert.equal(broken.length, 1, JSON.stringify(broken));
  return `${broken[0]?.where}: ${broken[0]?.message}`;
}

/** Another character within the signature. */
function forge(compact: string): string {
  const at = compact.lastIndexOf('.') + 5;
  return compact.slice(0, at) + (compact[at] === 'A' ? 'B' : 'A') + compact.slice(at + 1);
}

test('intact days are intact: chain, signatures, receipts, totals', async t => {
  const core = await deliveredDays(t);
  const { broken, days } = await verify(core);
  assert.deepEqual(broken, []);
  assert.deepEqual(
    days.map(({ receipts }) => receipts),
    [1, 1],
  );
  const one = await verify(core, '2026-11-23');
  assert.deepEqual(
    one.days.map(({ date }) => date),
    ['2026-11-23'],
  );
});

test('a changed amount in the journal is found at its line', async t => {
  const core = await deliveredDays(t);
  await change(core, `journal/${DATE}.ndjson`, text => text.replace('1100', '1200'));
  const { broken } = await verify(core, DATE);
  assert.match(`${broken[0]?.where} ${broken[0]?.message}`, /ndjson line 1 \(byte 0\)/);
  assert.match(broken[1]?.message ?? '', /other totals than were signed/);
});

test('a forged summary is found', async t => {
  const core = await deliveredDays(t);
  await change(core, `summaries/${DATE}.1.jws`, forge);
  assert.match(onlyFault(await verify(core, DATE)), /summaries\/2026-11-22.1.jws: the signature/);
});

test('a forged receipt is found', async t => {
  const core = await deliveredDays(t);
  await change(core, `receipts/${DATE}.1.jws`, forge);
  assert.match(onlyFault(await verify(core, DATE)), /receipts\/2026-11-22.1.jws: .*not a receipt/);
});

test('a journal that was deleted after its retention is said to be, and is no error', async t => {
  const core = await deliveredDays(t);
  core.clock.add(500 * 86_400_000);
  await core.shop.forget(DATE);
  const { broken, days } = await verify(core, DATE);
  assert.deepEqual(broken, []);
  assert.match(JSON.stringify(days), /deleted after retention/);
});

test('a journal that went before its retention is an error', async t => {
  const core = await deliveredDays(t);
  await core.shop.forget(DATE);
  assert.match(onlyFault(await verify(core, DATE)), /other totals than were signed/);
});
