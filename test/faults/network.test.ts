/**
 * Between the shop and a real relay: a line that is cut, one that loses the answer after the relay
 * has committed, one that says nothing, a relay that is killed; and a machine that was cloned.
 */
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { askControl } from '../../protocol/host/control-socket.ts';
import { tempFolder } from '../support/agent.ts';
import { agentEnv, startAgent } from '../support/agent-process.ts';
import { type Broken, canary, WHOLE } from './canaries.ts';
import { type HeadOffice, startHeadOffice } from './head-office.ts';
import { sumOf } from './receipts.ts';
import { FaultyShop, waitFor } from './shop.ts';
import { ClientRecord, Till } from './tills.ts';

/** Told with the answer to its summary, which is sent at once. */
const TOLD_WITHIN_MS = 10_000;
/** On the status page. */
const ASIDE = /kept aside|set .* aside/i;

async function open(
  t: TestContext,
  broken: Broken,
): Promise<{ shop: FaultyShop; office: HeadOffice }> {
  const office = await startHeadOffice(t, broken);
  const shop = await FaultyShop.open(t, 2, { invitation: office.invitation, broken });
  await shop.start();
  return { shop, office };
}

/** Head office has every tender of the tills' own record, once. */
async function assertArrived({ record }: FaultyShop, { days }: HeadOffice): Promise<void> {
  const tenders = (await days()).map(day => sumOf([day.totals.tenders]));
  const sold = sumOf([...record.sent.values()].map(({ effect }) => effect));
  const cash = sumOf([{ cash: sold['tender cash'] ?? 0, card: sold['tender card'] ?? 0 }]);
  assert.deepEqual(sumOf(tenders), cash, 'head office has other totals than the tills');
}

async function cutLine(t: TestContext, broken: Broken): Promise<void> {
  const { shop, office } = await open(t, broken);
  office.proxy.line = 'cut';
  office.proxy.breakAll();
  await shop.sellSome(30, 5);
  await shop.close();
  await shop.waitForStatus('it is said', ({ problems }) => {
    return problems.some(({ code }) => code === 'relay-unreachable');
  });
  await shop.sellSome(30, 5);
  assert.deepEqual(await office.days(), []);
  office.proxy.line = 'fair';
  await shop.endWell();
  await assertArrived(shop, office);
}

test('a cut line: the shop sells on, says so, and the day arrives when it is back', t =>
  cutLine(t, WHOLE));

canary('partition', {}, cutLine);

async function loseAnswer(t: TestContext, broken: Broken): Promise<void> {
  const { shop, office } = await open(t, broken);
  await shop.sellSome(30, 5);
  office.proxy.line = 'mute';
  await shop.close();
  await waitFor('the relay has the day, the agent no receipt', async () => {
    return (office.proxy.lost > 0 && (await office.days()).length === 1) || undefined;
  });
  assert.ok(office.proxy.lost > 0);
  await shop.kill();
  office.proxy.line = 'fair';
  const again = await shop.start();
  await shop.endWell();
  assert.doesNotMatch(again.log(), /kept aside/, 'the same day was kept aside');
  assert.deepEqual(
    (await office.days()).map(({ revision }) => revision),
    [1],
  );
  await assertArrived(shop, office);
}

test('an answer that is lost after the commit: the day is there once', t => loseAnswer(t, WHOLE));

canary('lost-answer', {}, loseAnswer);

test('a relay that is killed while days come in, on a line that falls silent', async t => {
  const { shop, office } = await open(t, WHOLE);
  for (let kills = 0; kills < 2; kills += 1) {
    await shop.sellSome(20, 5);
    const closing = shop.close();
    await office.kill();
    office.proxy.line = 'silent';
    await closing;
    await shop.sellSome(10, 5);
    await office.start();
    office.proxy.breakAll();
    office.proxy.line = 'fair';
  }
  await shop.endWell();
  await assertArrived(shop, office);
});

async function clone(t: TestContext, broken: Broken): Promise<void> {
  const { shop, office } = await open(t, broken);
  await shop.sellSome(20, 5);
  await shop.stop();
  const copy = `${await tempFolder(t)}/agent`;
  await cp(shop.folder, copy, { recursive: true });
  await rm(`${copy}/lock`, { force: true });
  await shop.start();
  await shop.close();
  await shop.waitForStatus('the first story arrived', ({ outbox }) => outbox.waiting === 0);
  await tradeOnClone(t, shop, copy, broken);
  await shop.endWell();
  await assertArrived(shop, office);
}

test('a cloned machine: head office keeps the second story aside and it is told', t =>
  clone(t, WHOLE));

canary('clone', {}, clone);

/** The clone sells something else on the same day, and its page says what became of it. */
async function tradeOnClone(t: TestContext, { tills }: FaultyShop, folder: string, broken: Broken) {
  const clone = await startAgent(
    t,
    agentEnv(folder, { AGENT_CLOSE_GRACE_MINUTES: '0', ...broken }),
  );
  const record = new ClientRecord();
  const till = new Till(record, 'till-2', tills[1]?.password ?? '', 1000);
  await till.sell(clone.mqtt, { enough: () => record.acknowledged.size >= 5 });
  await askControl(folder, 'close', { positionals: [], options: {} });
  const told = async () => {
    const page = await (await fetch(clone.http)).text();
    return ASIDE.test(page) ? page : undefined;
  };
  await waitFor('the clone is told that its day was kept aside', told, TOLD_WITHIN_MS);
  await clone.stop();
}
