/** The agent's commands: while it runs and while it is down, with the exit codes of the contract. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../../agent/cli/cli.ts';
import { COMMANDS } from '../../../agent/cli/commands.ts';
import { lockFolder } from '../../../protocol/host/folder-lock.ts';
import { connectTerminal, publish, sale, tempFolder } from '../../support/agent.ts';
import { agentEnv, runAgent, startAgent } from '../../support/agent-process.ts';
import { startFakeRelay } from '../../support/fake-relay.ts';

test('a till is added, listed, rotated and removed, with and without a running agent', async t => {
  const env = agentEnv(await tempFolder(t));
  const added = await runAgent(env, 'terminal', 'add', 'till-1', '--json');
  const { id, password } = JSON.parse(added.stdout) as { id: string; password: string };
  assert.equal(id, 'till-1');
  const agent = await startAgent(t, env);
  const port = Number(new URL(agent.mqtt).port);
  await (await connectTerminal(port, id, password)).endAsync();
  const rotated = JSON.parse(
    (await runAgent(env, 'terminal', 'rotate', 'till-1', '--json')).stdout,
  );
  await assert.rejects(connectTerminal(port, id, password));
  await (await connectTerminal(port, id, rotated.password)).endAsync();
  assert.match((await runAgent(env, 'terminal', 'list')).stdout, /till-1 +no/);
  assert.equal((await runAgent(env, 'terminal', 'remove', 'till-1')).code, 0);
  await assert.rejects(connectTerminal(port, id, rotated.password));
  assert.equal(await agent.stop(), 0);
});

test('enrol, sell, close, verify, export: first on the running agent, then on its folder', async t => {
  const relay = await startFakeRelay(t);
  const env = agentEnv(await tempFolder(t));
  const agent = await startAgent(t, env);
  const enrolled = await runAgent(env, 'enrol', '--relay', relay.url, '--code', 'CODE');
  assert.match(enrolled.stdout, /This shop is Tanjong Pagar now/);
  const added = await runAgent(env, 'terminal', 'add', 'till-1', '--json');
  const { password } = JSON.parse(added.stdout) as { password: string };
  const till = await connectTerminal(Number(new URL(agent.mqtt).port), 'till-1', password);
  await publish(till, sale(1, { receipt: '=1+2' }));
  await till.endAsync();
  const closed = JSON.parse((await runAgent(env, 'close', '--json')).stdout) as { date: string };
  assert.equal((await runAgent(env, 'verify')).code, 0);
  await agent.stop();
  assert.match((await runAgent(env, 'verify')).stdout, /All intact: 1 day, 1 message, 1 summary/);
  const csv = (await runAgent(env, 'export', closed.date, '--csv')).stdout;
  assert.match(csv, /till-1,1,1,sale,,sale-1,'=1\+2,/);
  const lines = (await runAgent(env, 'export', closed.date)).stdout;
  assert.equal(JSON.parse(lines).transaction.id, 'sale-1');
  assert.equal((await runAgent(env, 'close', closed.date)).code, 0);
});

test('try says what the agent would say and stores nothing', async t => {
  const folder = await tempFolder(t);
  const env = agentEnv(folder);
  const file = join(folder, 'sale.json');
  await writeFile(file, JSON.stringify(sale(1)));
  for (const _ of [1, 2]) assert.equal((await runAgent(env, 'try', file)).stdout, 'accepted\n');
  await writeFile(file, JSON.stringify(sale(1, { tenders: [] })));
  const refused = await runAgent(env, 'try', file);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /quarantined: unbalanced: .*\(tenders\)/);
});

test('what was set aside is listed, shown, retried and dismissed', async t => {
  const env = agentEnv(await tempFolder(t));
  const agent = await startAgent(t, env);
  const added = await runAgent(env, 'terminal', 'add', 'till-1', '--json');
  const { password } = JSON.parse(added.stdout) as { password: string };
  const till = await connectTerminal(Number(new URL(agent.mqtt).port), 'till-1', password);
  await publish(till, '{"not": "a sale"}');
  await till.endAsync();
  assert.match((await runAgent(env, 'quarantine', 'list')).stdout, /^1 +\S+ +till-1 +schema/m);
  assert.match((await runAgent(env, 'quarantine', 'show', '1')).stdout, /\{"not": "a sale"\}/);
  assert.equal((await runAgent(env, 'quarantine', 'retry', '1')).code, 1);
  assert.equal((await runAgent(env, 'quarantine', 'dismiss', '1')).code, 0);
  assert.match((await runAgent(env, 'quarantine', 'list')).stdout, /Nothing is set aside/);
  assert.equal((await runAgent(env, 'quarantine', 'show', 'x')).code, 2);
});

test('a wrong command, setting or argument says what is expected and ends with 2', async t => {
  const env = agentEnv(await tempFolder(t));
  const wrong: [NodeJS.ProcessEnv, string[], RegExp][] = [
    [env, ['frobnicate'], /no command "frobnicate"/],
    [env, ['close', '22.11.2026'], /is no date/],
    [env, ['enrol', '--code', 'X'], /--relay is needed/],
    [env, ['enrol', '--relay', 'http://10.0.0.1', '--code', 'X'], /plain http/],
    [env, ['terminal', 'add'], /expected terminal add ID/],
    [env, ['terminal'], /commands: terminal add, terminal rotate/],
    [{ ...env, AGENT_MQTT_PORT: 'x' }, ['status'], /AGENT_MQTT_PORT=x: needs a whole number/],
    [{ ...env, AGENT_PORT: '1' }, ['status'], /AGENT_PORT: .*; did you mean AGENT_MQTT_PORT\?/],
    [{ ...env, AGENT_TZ: '1' }, ['status'], /AGENT_TZ: there is no such setting$/m],
    [{ ...env, AGENT_TIMEZONE: 'Mars' }, ['run'], /AGENT_TIMEZONE=Mars: needs an IANA/],
  ];
  for (const [environment, args, words] of wrong) {
    const { code, stderr } = await runAgent(environment, ...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, words);
  }
});

test('commands typed at once while the agent is down wait for each other', async t => {
  const env = agentEnv(await tempFolder(t));
  const ids = ['till-1', 'till-2', 'till-3', 'till-4', 'till-5'];
  const ran = await Promise.all(ids.map(id => runAgent(env, 'terminal', 'add', id, '--json')));
  assert.deepEqual(
    ran.map(({ code, stderr }) => [code, stderr]),
    ids.map(() => [0, '']),
  );
  const list = JSON.parse((await runAgent(env, 'terminal', 'list', '--json')).stdout);
  assert.deepEqual(list.map((till: { id: string }) => till.id).sort(), ids);
});

test('a command waits for a busy folder only so long, and names who works on it', async t => {
  const dataDir = await tempFolder(t);
  const lock = await lockFolder(dataDir, 'tillbook-agent');
  t.after(() => lock.release());
  let said = '';
  const code = await runCli({
    argv: ['terminal', 'list'],
    env: { AGENT_DATA_DIR: dataDir },
    version: '0.0.0',
    stdout: () => undefined,
    stderr: text => {
      said += text;
    },
    write: async () => undefined,
    run: async () => 0,
    exit: process.exit,
    open: async () => await Promise.reject(await lockFolder(dataDir, 'x').catch(error => error)),
    folderWaitMs: 2500,
  });
  assert.equal(code, 73);
  assert.match(said, new RegExp(`waiting for process ${process.pid}, which works on`));
  assert.match(said, /in use by tillbook-agent, process \d+\n.*try again when it is done/);
});

test('a second agent on the folder ends with 73 and names the first', async t => {
  const env = agentEnv(await tempFolder(t));
  const agent = await startAgent(t, env);
  const second = await runAgent(env, 'run');
  assert.equal(second.code, 73);
  assert.match(second.stderr, new RegExp(`process ${agent.child.pid}`));
});

test('after a SIGKILL the agent starts again at once on the same folder and port', async t => {
  const env = agentEnv(await tempFolder(t));
  const first = await startAgent(t, env);
  const port = new URL(first.mqtt).port;
  await first.stop('SIGKILL');
  const again = await startAgent(t, { ...env, AGENT_MQTT_PORT: port });
  assert.equal(again.mqtt, first.mqtt);
  assert.equal((await runAgent(env, 'status')).code, 0);
});

test('status of an agent that is down says so and ends with 1', async t => {
  const env = agentEnv(await tempFolder(t));
  const { code, stdout } = await runAgent(env, 'status', '--json');
  assert.equal(code, 1);
  const status = JSON.parse(stdout) as { ready: boolean; problems: { code: string }[] };
  assert.equal(status.ready, false);
  assert.equal(status.problems[0]?.code, 'not-running');
});

test('every command has a help and refuses an option that it does not know', async t => {
  const env = agentEnv(await tempFolder(t));
  const { stdout } = await runAgent(env, '--help');
  for (const { name } of COMMANDS) {
    assert.match(stdout, new RegExp(`^  ${name}(?: |$)`, 'm'));
    const help = await runAgent(env, ...name.split(' '), '--help');
    assert.match(help.stdout, new RegExp(`^tillbook-agent ${name}`));
    assert.equal(help.code, 0);
    const wrong = await runAgent(env, ...name.split(' '), '--nonsense');
    assert.equal(wrong.code, 2, name);
    assert.match(wrong.stderr, /nonsense/);
  }
  assert.match((await runAgent(env, 'run', '--help')).stdout, /AGENT_DISK_RESERVE_MB \(64\)/);
});

test('a support bundle holds neither secrets nor amounts, running or down', async t => {
  const relay = await startFakeRelay(t);
  const env = agentEnv(await tempFolder(t));
  await runAgent(env, 'enrol', '--relay', relay.url, '--code', 'CODE');
  const added = await runAgent(env, 'terminal', 'add', 'till-1', '--json');
  const { password } = JSON.parse(added.stdout) as { password: string };
  const agent = await startAgent(t, { ...env, AGENT_SHOW_AMOUNTS: 'true' });
  const till = await connectTerminal(Number(new URL(agent.mqtt).port), 'till-1', password);
  const lines = [{ kind: 'item', name: 'Rare tea', amount: 7_654_321 }];
  await publish(till, sale(1, { lines, tenders: [{ method: 'cash', amount: 7_654_321 }] }));
  await till.endAsync();
  const running = await runAgent(env, 'support-bundle');
  await agent.stop();
  const upstream = { ...env, AGENT_UPSTREAM_URL: 'mqtt://shop:hunter2@127.0.0.1:1' };
  const down = await runAgent(upstream, 'support-bundle');
  for (const { code, stdout } of [running, down]) {
    assert.equal(code, 0);
    assert.match(stdout, /"entries": 1/);
    for (const kept of [password, 'hunter2', '"d"', '"hash"', '7654321', '76,543', 'Rare tea']) {
      assert.ok(!stdout.includes(kept), kept);
    }
  }
  assert.match(down.stdout, /"AGENT_UPSTREAM_URL": "\(set\)"/);
});

test('an agent whose port is taken says so and ends, though it has begun to listen', async t => {
  const first = await startAgent(t, agentEnv(await tempFolder(t)));
  for (const [name, address] of [
    ['AGENT_MQTT_PORT', first.mqtt],
    ['AGENT_HTTP_PORT', first.http],
  ] as const) {
    const env = agentEnv(await tempFolder(t), { [name]: new URL(address).port });
    const { code, stderr } = await runAgent(env, 'run');
    assert.notEqual(code, 0);
    assert.match(stderr, new RegExp(`another program has this port\nstop .* or set ${name}`));
  }
});

test('a folder that cannot be made ends the agent with 74, without a stack', async () => {
  const { code, stderr } = await runAgent(agentEnv('/dev/null/agent'), 'run');
  assert.equal(code, 74);
  assert.doesNotMatch(stderr, /at .*\.js:/);
});

test('SIGTERM ends the agent with 0 within ten seconds though its relay hangs', async t => {
  const relay = await startFakeRelay(t);
  const env = agentEnv(await tempFolder(t));
  await runAgent(env, 'enrol', '--relay', relay.url, '--code', 'CODE');
  relay.weather = 'hang';
  const agent = await startAgent(t, env);
  await runAgent(env, 'close');
  const began = Date.now();
  assert.equal(await agent.stop(), 0);
  assert.ok(Date.now() - began < 10_000);
  assert.match(agent.log(), /"event":"stopped"/);
});
