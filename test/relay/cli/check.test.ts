/** `--check`: what is wrong with a configuration is said before the relay starts, all of it at once. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { DurableJsonAdapter } from '../../../protocol/host/durable-json.ts';
import { checkRelay } from '../../../relay/check.ts';
import { readRelaySettings } from '../../../relay/config.ts';
import { openPostgres } from '../../../relay/db/postgres.ts';
import { tempFolder } from '../../support/agent.ts';
import { TestPostgres } from '../../support/postgres.ts';
import { needs } from '../../support/tools.ts';
import { RelayFolder } from '../relay-process.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

async function subjectsOf(env: NodeJS.ProcessEnv): Promise<string[]> {
  const findings = await checkRelay({ RELAY_PORT: '0', ...env }, NOW);
  return findings.filter(isOurs).map(({ severity, subject }) => `${severity} ${subject}`);
}

/** A temporary folder may well be in memory. */
function isOurs({ message }: { message: string }): boolean {
  return !message.includes('in memory');
}

/** A folder on which a relay has run. */
async function used(t: TestContext): Promise<RelayFolder> {
  const relay = new RelayFolder(await tempFolder(t));
  await (await relay.start()).stop();
  return relay;
}

test('a good configuration is called good, and the check makes nothing', async t => {
  const relay = new RelayFolder(join(await tempFolder(t), 'new'));
  const { code, stdout } = await relay.run(['--check', '--json']);
  const { ok, findings } = JSON.parse(stdout);
  assert.deepEqual([code, ok, findings.filter(isOurs)], [0, true, []]);
  assert.deepEqual(await readdir(join(relay.folder, '..')), []);
});

test('everything that is wrong is said at once, and the exit code is 1', async t => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  const relay = new RelayFolder(await tempFolder(t));
  const { code, stdout } = await relay.run(['--check', '--json'], '', {
    RELAY_PORT: String(typeof address === 'object' ? address?.port : ''),
    RELAY_PUBLIC_URL: 'http://relay.example.com',
    RELAY_SMTP_URL: 'smtp://owner@127.0.0.1:1',
    RELAY_TRUSTED_PROXIES: 'everybody',
    RELAY_PROT: '8090',
    XERO_API_URL: 'http://127.0.0.1:9',
  });
  const { findings } = JSON.parse(stdout) as { findings: { severity: string; subject: string }[] };
  const said = new Set(findings.map(({ severity, subject }) => `${severity} ${subject}`));
  assert.equal(code, 1);
  assert.deepEqual(
    said,
    new Set([
      'error RELAY_TRUSTED_PROXIES',
      'error RELAY_PROT',
      'error RELAY_PORT',
      'warning RELAY_MAIL_FROM',
      'warning RELAY_SMTP_URL',
      'error RELAY_PUBLIC_URL',
      'error XERO_API_URL',
    ]),
  );
});

test('a key file that is open, wrong, broken or missing is told from the right one', async t => {
  const relay = await used(t);
  const env = { RELAY_DATA_DIR: relay.folder };
  const key = join(relay.folder, 'secret.key');
  assert.deepEqual(await subjectsOf(env), []);
  await chmod(key, 0o644);
  assert.deepEqual(await subjectsOf(env), ['warning RELAY_SECRET_KEY_FILE']);
  await writeFile(key, `${randomBytes(32).toString('hex')}\n`);
  await chmod(key, 0o600);
  assert.deepEqual(await subjectsOf(env), ['error RELAY_SECRET_KEY_FILE']);
  await writeFile(key, 'not a key');
  assert.deepEqual(await subjectsOf(env), ['error RELAY_SECRET_KEY_FILE']);
  await rm(key);
  assert.deepEqual(await subjectsOf(env), ['error RELAY_SECRET_KEY_FILE']);
  assert.ok(!(await readdir(relay.folder)).includes('secret.key'));
});

test('data of a newer relay are named, and left as they are', async t => {
  const relay = await used(t);
  const file = new DurableJsonAdapter<object>(join(relay.folder, 'version.json'));
  const newer = { program: 'tillbook-relay', version: 999 };
  await file.write(newer);
  assert.deepEqual(await subjectsOf({ RELAY_DATA_DIR: relay.folder }), ['error RELAY_DATA_DIR']);
  assert.deepEqual(await file.read(), newer);
});

test('beside a running relay nothing is tried, and the check is content', async t => {
  const relay = new RelayFolder(await tempFolder(t));
  const running = await relay.start();
  t.after(() => running.stop());
  const { code, stdout } = await relay.run(['--check']);
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`in use by process ${running.child.pid}`));
});

test('a database server that does not answer is named', async t => {
  const env = { RELAY_DATA_DIR: await tempFolder(t), DATABASE_URL: 'postgres://a@127.0.0.1:1/b' };
  assert.deepEqual(await subjectsOf(env), ['error DATABASE_URL']);
});

test('the password of the database comes from a file of its own', async t => {
  const file = join(await tempFolder(t), 'password');
  await writeFile(file, 'p@ss/word#1\n');
  const env = {
    DATABASE_URL: 'postgres://a@db.example.com/b?sslmode=verify-full',
    RELAY_DATABASE_PASSWORD_FILE: file,
  };
  const { databaseUrl } = readRelaySettings(env);
  assert.equal(databaseUrl, 'postgres://a:p%40ss%2Fword%231@db.example.com/b?sslmode=verify-full');
  await rm(file);
  assert.throws(() => readRelaySettings(env), { code: 'bad-setting' });
  const said = await subjectsOf({ ...env, RELAY_DATA_DIR: await tempFolder(t) });
  assert.deepEqual(said, ['error RELAY_DATABASE_PASSWORD_FILE']);
});

describe('with PostgreSQL', needs('postgres'), () => {
  let postgres: TestPostgres;
  before(async () => {
    postgres = await TestPostgres.start();
  });
  after(() => postgres.stop());

  test('an empty database is good, and stays empty', async t => {
    const url = await postgres.newUrl();
    assert.deepEqual(
      await subjectsOf({ RELAY_DATA_DIR: await tempFolder(t), DATABASE_URL: url }),
      [],
    );
    const db = await openPostgres(url);
    t.after(() => db.close());
    assert.ok(db.migrated.applied.length > 0);
  });

  test('a key file that does not open what is sealed there is named', async t => {
    const DATABASE_URL = await postgres.newUrl();
    const relay = new RelayFolder(await tempFolder(t));
    await (await relay.start({ DATABASE_URL })).stop();
    assert.deepEqual(await subjectsOf({ RELAY_DATA_DIR: relay.folder, DATABASE_URL }), []);
    const other = { RELAY_DATA_DIR: await tempFolder(t), DATABASE_URL };
    assert.deepEqual(await subjectsOf(other), ['error RELAY_SECRET_KEY_FILE']);
  });

  test('data of a newer program, and no right to make tables, are named', async t => {
    const newer = await postgres.newUrl();
    await (await openPostgres(newer)).close();
    await postgres.sql("INSERT INTO s3.migrations (number, name, digest) VALUES (999, 'x', 'x')");
    const env = { RELAY_DATA_DIR: await tempFolder(t) };
    assert.deepEqual(await subjectsOf({ ...env, DATABASE_URL: newer }), ['error DATABASE_URL']);
    await postgres.sql('CREATE ROLE guest LOGIN');
    const poor = (await postgres.newUrl()).replace('tillbook@', 'guest@');
    assert.deepEqual(await subjectsOf({ ...env, DATABASE_URL: poor }), ['error DATABASE_URL']);
  });
});
