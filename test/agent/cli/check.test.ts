/** `--check`: what is wrong with a configuration is said before the agent starts, all of it at once. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeCertificate } from '../../../agent/broker/certificate.ts';
import { checkAgent } from '../../../agent/check.ts';
import { AGENT_DATA } from '../../../agent/data-versions.ts';
import { DurableJsonAdapter } from '../../../protocol/host/durable-json.ts';
import { tempFolder } from '../../support/agent.ts';
import { agentEnv, runAgent, startAgent } from '../../support/agent-process.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

async function subjectsOf(env: NodeJS.ProcessEnv, nowMs = NOW): Promise<string[]> {
  const findings = (await checkAgent(env, nowMs)).filter(isOurs);
  return findings.map(({ severity, subject }) => `${severity} ${subject}`);
}

/** A temporary folder may well be in memory. */
function isOurs({ message }: { message: string }): boolean {
  return !message.includes('in memory');
}

async function portInUse(t: TestContext): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return String(typeof address === 'object' ? address?.port : '');
}

test('a good configuration is called good, and the check leaves nothing behind', async t => {
  const folder = await tempFolder(t);
  const env = agentEnv(join(folder, 'not/there/yet'), { AGENT_MQTTS_PORT: '0' });
  const { code, stdout } = await runAgent(env, '--check', '--json');
  const { ok, findings } = JSON.parse(stdout);
  assert.deepEqual([code, ok, findings.filter(isOurs)], [0, true, []]);
  assert.equal((await runAgent(env, 'run', '--check')).code, 0);
  assert.deepEqual(await readdir(folder), []);
});

test('everything that is wrong is said at once, each with its fix, and the exit code is 1', async t => {
  const folder = await tempFolder(t);
  await writeFile(join(folder, 'file'), '');
  const env = agentEnv(join(folder, 'file'), {
    AGENT_CLOSE_GRACE_MINUTES: '61',
    AGENT_TIMEZONE: 'Mars/Olympus',
    AGENT_HTTP_NAME: 'shop',
    AGENT_HTTP_PORT: await portInUse(t),
    AGENT_TLS_CERT_FILE: join(folder, 'none.pem'),
    AGENT_RELAY_CA_FILE: join(folder, 'file'),
  });
  const { code, stdout } = await runAgent(env, '--check', '--json');
  const { ok, findings } = JSON.parse(stdout);
  assert.deepEqual([code, ok], [1, false]);
  assert.deepEqual(
    new Set(errorsOf(findings)),
    new Set([
      'AGENT_CLOSE_GRACE_MINUTES',
      'AGENT_TIMEZONE',
      'AGENT_HTTP_NAME',
      'AGENT_DATA_DIR',
      'AGENT_HTTP_PORT',
      'AGENT_TLS_KEY_FILE',
      'AGENT_RELAY_CA_FILE',
    ]),
  );
  for (const { message, fix } of findings) assert.ok(message !== '' && fix !== '');
});

test('a certificate with the key of another is told from one that fits and is in time', async t => {
  const folder = await tempFolder(t);
  const files = { cert: join(folder, 'crt.pem'), key: join(folder, 'key.pem') };
  const own = makeCertificate(['localhost'], NOW);
  await writeFile(files.cert, own.cert);
  await writeFile(files.key, own.key);
  const more = {
    AGENT_TLS_CERT_FILE: files.cert,
    AGENT_TLS_KEY_FILE: files.key,
    AGENT_MQTTS_PORT: '0',
  };
  const env = agentEnv(join(folder, 'data'), more);
  assert.deepEqual(await subjectsOf(env), []);
  assert.deepEqual(await subjectsOf(env, NOW + 15 * 365 * 86_400_000), [
    'warning AGENT_TLS_CERT_FILE',
  ]);
  await writeFile(files.key, makeCertificate(['localhost'], NOW).key);
  assert.deepEqual(await subjectsOf(env), ['error AGENT_TLS_CERT_FILE']);
});

test('two parts that ask for one port, and settings without effect, are named', async t => {
  const folder = await tempFolder(t);
  const port = '18831';
  const twice = agentEnv(folder, { AGENT_MQTTS_PORT: port, AGENT_HTTP_PORT: port });
  assert.ok((await subjectsOf(twice)).includes('error AGENT_HTTP_PORT'));
  const upstream = { AGENT_UPSTREAM_URL: 'mqtt://127.0.0.1', AGENT_MQTTS_PORT: '0' };
  assert.deepEqual(await subjectsOf(agentEnv(folder, upstream)), ['warning AGENT_MQTTS_PORT']);
});

test('a clock that no day can be closed by is named', async t => {
  const folder = await tempFolder(t);
  const env = agentEnv(folder);
  assert.deepEqual(await subjectsOf(env, Date.UTC(1970, 0, 1)), ['warning clock']);
  assert.deepEqual(await subjectsOf(env, Date.UTC(2106, 1, 7)), ['warning clock']);
  await mkdir(join(folder, 'journal'));
  await writeFile(join(folder, 'journal/2026-11-24.ndjson'), '');
  assert.deepEqual(await subjectsOf(env), ['warning clock']);
});

test('beside a running agent its ports are not tried, and the check is content', async t => {
  const env = agentEnv(await tempFolder(t));
  const agent = await startAgent(t, env);
  const ports = { AGENT_MQTT_PORT: new URL(agent.mqtt).port };
  const { code, stdout } = await runAgent({ ...env, ...ports }, '--check');
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`in use by process ${agent.child.pid}`));
});

test('data of a newer agent, or of a relay, are named', async t => {
  const folder = await tempFolder(t);
  const { program } = AGENT_DATA;
  for (const data of [
    { program, version: 999 },
    { program: 'tillbook-relay', version: 1 },
  ]) {
    await new DurableJsonAdapter(join(folder, 'version.json')).write(data);
    assert.deepEqual(await subjectsOf(agentEnv(folder)), ['error AGENT_DATA_DIR']);
  }
});

test('too little room on the disk is an error: sales would be refused', async t => {
  const env = agentEnv(await tempFolder(t), { AGENT_DISK_RESERVE_MB: '1000000' });
  assert.deepEqual(await subjectsOf(env), ['error AGENT_DISK_RESERVE_MB']);
});

function errorsOf(findings: { severity: string; subject: string }[]): string[] {
  return findings.filter(({ severity }) => severity === 'error').map(({ subject }) => subject);
}
