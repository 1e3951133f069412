/** The status page's server: reads only, names only, live, and no word more than it should say. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import { type StatusServer, startStatusServer } from '../../../agent/status/server.ts';
import type { AgentStatus } from '../../../agent/status/status.ts';
import { silentLog } from '../../../protocol/host/log.ts';
import { brokerWith, openTestCore, type TestCore, until } from '../../support/core.ts';
import { startFakeRelay } from '../../support/fake-relay.ts';

async function serve(
  t: TestContext,
  core: TestCore,
  changes: { showAmounts?: boolean; names?: string[] } = {},
): Promise<StatusServer> {
  const { observe, signed } = core;
  const options = { host: '127.0.0.1', port: 0, names: [], showAmounts: false, observe, signed };
  const server = await startStatusServer({ ...options, ...changes, log: silentLog() });
  core.shop.onAccepted(server.changed);
  t.after(() => server.stop());
  return server;
}

async function get(url: string, headers: Record<string, string> = {}) {
  const { statusCode, headers: answered, body } = await request(url, { headers });
  return { statusCode, headers: answered, text: await body.text() };
}

test('status.json has what the contract names', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  await core.sell(1);
  await core.sell(4);
  await core.sell(2, { currency: 'USD' });
  const { address } = await serve(t, core);
  const status = JSON.parse((await get(`${address}/status.json`)).text) as AgentStatus;
  assert.deepEqual(status.store, { id: 'store-1', name: 'Tanjong Pagar' });
  assert.equal(status.businessDate, '2026-11-22');
  assert.equal(status.ready, true);
  const { transactions, duplicates, quarantined } = status.today;
  assert.deepEqual(
    { transactions, duplicates, quarantined },
    { transactions: 2, duplicates: 1, quarantined: 1 },
  );
  assert.deepEqual(status.terminals[0]?.missing, [[2, 3]]);
  assert.deepEqual(status.days[0], {
    date: '2026-11-22',
    revision: 0,
    state: 'open',
    transactions: 2,
    late: 0,
  });
  assert.deepEqual([status.outbox.waiting, status.outbox.oldestSeconds], [0, 0]);
  assert.ok(status.disk.freeBytes > 0);
  for (const { code, message, fix } of status.problems) assert.ok(code && message && fix);
});

test('amounts are shown only when they are switched on', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  await core.sell(1);
  const { address } = await serve(t, core);
  for (const path of ['/', '/status.json', '/metrics']) {
    assert.doesNotMatch((await get(address + path)).text, /11\.00|1100/);
  }
  assert.equal((await get(`${address}/z-report`)).statusCode, 404);
});

test('with amounts switched on there is a Z report to print', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay, env: { AGENT_SHOW_AMOUNTS: 'true' } });
  await core.sell(1);
  const { address } = await serve(t, core, { showAmounts: true });
  assert.match((await get(`${address}/z-report`)).text, /11\.00/);
});

test('the Z report of a closed day is what was signed, and no other date has one', async t => {
  const relay = await startFakeRelay(t);
  const core = await openTestCore(t, { relay, env: { AGENT_SHOW_AMOUNTS: 'true' } });
  await core.sell(1);
  await core.dayClose.closeByHand();
  const { address } = await serve(t, core, { showAmounts: true });
  const [day] = core.signed.all();
  assert.match((await get(address)).text, new RegExp(`href="/z-report/${day?.date}"`));
  const { text } = await get(`${address}/z-report/${day?.date}`);
  for (const words of ['11.00', 'Closed ', 'summary number 1', day?.date ?? '?']) {
    assert.ok(text.includes(words), words);
  }
  assert.equal((await get(`${address}/z-report/2020-01-01`)).statusCode, 404);
  const quiet = await serve(t, core);
  assert.equal((await get(`${quiet.address}/z-report/${day?.date}`)).statusCode, 404);
});

test('a name that is not ours is refused: no DNS rebinding', async t => {
  const core = await openTestCore(t);
  const { address } = await serve(t, core, { names: ['shop.lan'] });
  const { port } = new URL(address);
  for (const host of [
    '127.0.0.1',
    `localhost:${port}`,
    'shop.lan',
    `192.168.1.9:${port}`,
    '[::1]',
  ]) {
    assert.equal((await get(`${address}/status.json`, { host })).statusCode, 200, host);
  }
  for (const host of ['evil.example', 'shop.lan.evil.example', '']) {
    assert.equal((await get(`${address}/status.json`, { host })).statusCode, 403, host);
  }
});

test('nothing but reading is allowed', async t => {
  const { address } = await serve(t, await openTestCore(t));
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'] as const) {
    const { statusCode, headers, body } = await request(`${address}/`, { method });
    await body.dump();
    assert.deepEqual([statusCode, headers['allow']], [405, 'GET, HEAD']);
  }
});

test('the page stands on its own: strict policy, no outside asset, no cookie', async t => {
  const { address } = await serve(t, await openTestCore(t));
  const { headers, text } = await get(`${address}/`);
  assert.match(String(headers['content-security-policy']), /default-src 'none'/);
  assert.equal(headers['strict-transport-security'], undefined);
  assert.equal(headers['set-cookie'], undefined);
  assert.doesNotMatch(text, /https?:\/\/(?!www\.w3\.org)/);
  for (const path of ['/assets/status.css', '/assets/live.js', '/assets/favicon.svg']) {
    assert.equal((await get(address + path)).statusCode, 200);
  }
});

test('names from outside are text, never markup', async t => {
  const relay = await startFakeRelay(t);
  relay.store = { ...relay.store, name: '<script>alert(1)</script>' };
  const { address } = await serve(t, await openTestCore(t, { relay }));
  const { text } = await get(`${address}/`);
  assert.ok(text.includes('&lt;script>alert(1)'));
  assert.ok(!text.includes('<script>alert'));
});

test('a sale shows within a second on an open page', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  const { address } = await serve(t, core);
  const { body } = await request(`${address}/events`);
  t.after(() => body.destroy());
  let seen = '';
  body.on('data', chunk => {
    seen += String(chunk);
  });
  body.on('error', () => undefined); // The test's end cuts the stream.
  await until(() => seen.includes('Ready for sales') || seen.includes('No till'));
  await core.sell(1);
  await until(() => /Saved today<\/h2><p class=\\"number\\">1</.test(seen), 1000);
});

test('health, readiness and metrics have their names', async t => {
  const core = await openTestCore(t);
  const { address } = await serve(t, core);
  assert.equal((await get(`${address}/healthz`)).statusCode, 200);
  assert.equal((await get(`${address}/readyz`)).statusCode, 200);
  const { text } = await get(`${address}/metrics`);
  for (const name of [
    'tillbook_ready 1',
    'tillbook_transactions_today 0',
    'tillbook_outbox_waiting 0',
  ]) {
    assert.ok(text.includes(name), name);
  }
  assert.equal((await get(`${address}/nothing`)).statusCode, 404);
});

test('below the reserve the page says that sales are NOT saved, and the day can still be closed', async t => {
  const reserve = { AGENT_DISK_RESERVE_MB: '1000000' };
  const core = await openTestCore(t, { relay: await startFakeRelay(t), env: reserve });
  await assert.rejects(core.sell(1), /reserve/);
  const { address } = await serve(t, core);
  const { text } = await get(`${address}/`);
  assert.match(text, /<h1>Sales are NOT being saved: the disk has \d+ MiB left/);
  assert.equal((await get(`${address}/readyz`)).statusCode, 503);
  const day = await core.dayClose.closeByHand();
  assert.equal(day.entries, 0);
});

test('a corrected sale takes the problem of its till off the page', async t => {
  const core = await openTestCore(t, { relay: await startFakeRelay(t) });
  const row = brokerWith(new Set(['till-1']));
  const problems = [{ code: 'currency', message: 'it says USD', atMs: core.clock.nowMs() }];
  const connections = () => row.connections().map(other => ({ ...other, problems }));
  core.outside.broker = { ...row, connections };
  const { observe } = core;
  await core.sell(1);
  await core.sell(2, { currency: 'USD' });
  assert.equal(observe().terminals[0]?.problems.length, 1);
  assert.equal(await core.sell(2), 'accepted');
  await until(() => core.shop.quarantine.list().length === 0);
  await until(() => observe().terminals[0]?.problems.length === 0);
  assert.equal(
    observe().problems.find(({ code }) => code === 'till-problem'),
    undefined,
  );
});
