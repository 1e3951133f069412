/** The relay's command line as an operator uses it: real processes, running relay or not. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeSigningKey, signJws } from '../../../protocol/signing.ts';
import { handMadeSummary } from '../../support/summaries.ts';
import { RelayFolder } from '../relay-process.ts';

let folder: string;
let home: RelayFolder;
const relay = (...asked: Parameters<RelayFolder['run']>) => home.run(...asked);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillbook-cli-'));
  home = new RelayFolder(join(folder, 'relay'));
});
after(() => rm(folder, { recursive: true }));

const ADD = ['--timezone', 'Asia/Singapore', '--currency', 'SGD', '--json'];

describe('a command of the relay', () => {
  it('works while the relay is down and while it runs', async () => {
    const down = await relay(['store', 'add', 'Orchard Road', ...ADD]);
    const { id, code } = JSON.parse(down.stdout);
    assert.equal(id, 'orchard-road');
    assert.match(code, /^(\w{4}-){3}\w{4}$/);
    const started = await home.start();
    assert.match(started.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const running = await relay(['store', 'add', 'Jurong', ...ADD]);
    assert.equal(JSON.parse(running.stdout).id, 'jurong');
    const token = await relay(['token', 'add', 'reports', '--json']);
    const { name, token: secret } = JSON.parse(token.stdout);
    const answer = await fetch(`${started.url}/api/v1/stores`, {
      headers: { Authorization: `Bearer ${secret}` },
    });
    assert.deepEqual([name, ((await answer.json()) as unknown[]).length], ['reports', 2]);
    assert.equal(await started.stop(), 0);
    assert.match((await relay(['store', 'list'])).stdout, /orchard-road +Orchard Road +Asia/);
  });

  it('waits for a relay that is just starting, and for another command', async () => {
    const starting = home.start();
    const adding = ['a', 'b'].map(name => relay(['token', 'add', name, '--json']));
    for (const ended of await Promise.all(adding)) assert.equal(ended.code, 0, ended.stderr);
    await (await starting).stop();
  });

  it('of a second relay on the same folder ends with 73 and names the first', async () => {
    const first = await home.start();
    const second = await relay(['run']);
    assert.equal(second.code, 73);
    assert.match(second.stderr, new RegExp(`process ${first.child.pid}`));
    await first.stop('SIGKILL');
    assert.equal(await (await home.start()).stop(), 0);
  });

  it('that is mistyped ends with 2 and says what would be right', async () => {
    const wrong: [string[], RegExp][] = [
      [['stor'], /commands: run, store add/],
      [['store', 'ad'], /store add/],
      [['store', 'add', 'X'], /needs --timezone/],
      [['store', 'add', ...ADD], /needs NAME/],
      [['store', 'add', 'X', '--timezone', 'Mars/Base', '--currency', 'SGD'], /Mars\/Base/],
      [['store', 'add', 'X', '--timezone', 'UTC', '--currency', 'dollars'], /currency/],
      [['days', '--from', 'x'], /from must be a date/],
      [['token', 'add', 'x', '--role', 'boss'], /role must be/],
      [['admin', 'add', 'nobody'], /e-mail/],
      [['days', '--jsno'], /jsno/],
      [['run', 'fast'], /run takes nothing beside it/],
      [['token'], /commands: token add, token list, token revoke/],
    ];
    for (const [args, words] of wrong) {
      const ended = await relay(args, 'a long enough password\n', { RELAY_LOG_LEVEL: 'error' });
      assert.equal(ended.code, 2, `${args.join(' ')}: ${ended.stderr}`);
      assert.match(ended.stderr, words);
    }
  });

  it('does not start with a setting that is wrong or unknown', async () => {
    const wrong = { RELAY_PORT: '99999', RELAY_PROT: '1', XERO_API_URL: 'xero' };
    for (const [name, value] of Object.entries(wrong)) {
      const ended = await relay(['run'], '', { [name]: value });
      assert.equal(ended.code, 2, ended.stderr);
      assert.match(ended.stderr, new RegExp(name));
    }
    for (const args of [['--help'], ['run', '--help']]) {
      assert.match((await relay(args)).stdout, /RELAY_PUBLIC_URL/);
    }
    assert.match((await relay(['token', '--help'])).stdout, /token revoke NAME/);
    assert.match((await relay(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

describe('a command that has to do with secrets', () => {
  it('adds an admin with the password from stdin, which stands nowhere', async () => {
    const password = 'correct horse battery staple';
    const added = await relay(['admin', 'add', 'Boss@Example.com', '--json'], `${password}\n`);
    assert.deepEqual(JSON.parse(added.stdout), { email: 'boss@example.com' });
    assert.equal((await relay(['admin', 'add', 'boss@example.com'], `${password}\n`)).code, 1);
    assert.equal((await relay(['admin', 'add', 'b@example.com'], 'short\n')).code, 2);
    const database = join(folder, 'relay', 'relay.json');
    assert.doesNotMatch(await readFile(database, 'utf8'), /correct horse|"d"/);
    assert.equal((await stat(join(folder, 'relay', 'secret.key'))).mode & 0o777, 0o600);
  });

  it('does not open a database whose key file is gone', async () => {
    const key = await readFile(join(folder, 'relay', 'secret.key'), 'utf8');
    await rm(join(folder, 'relay', 'secret.key'));
    const ended = await relay(['store', 'list']);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /put the key file back/);
    await writeFile(join(folder, 'relay', 'secret.key'), key, { mode: 0o600 });
  });
});

describe('verify', () => {
  it('knows a good summary from a bad one, offline', async () => {
    const [key, other] = [await makeSigningKey(), await makeSigningKey()];
    const jws = await signJws(handMadeSummary(), 'tillbook-day+jws', key);
    const file = (name: string, text: string) => writeFile(join(folder, name), text);
    await file('day.jws', `${jws}\n`);
    await file('bad.jws', `${jws.slice(0, -4)}AAAA`);
    await file('key.json', JSON.stringify(key.publicJwk));
    await file('keys.json', JSON.stringify({ keys: [other.publicJwk, key.publicJwk] }));
    await file('other.json', JSON.stringify(other.publicJwk));
    const verify = (day: string, keyFile: string) =>
      relay(['verify', join(folder, day), '--key', join(folder, keyFile)]);
    const good = await verify('day.jws', 'key.json');
    assert.deepEqual([good.code, good.stderr], [0, '']);
    assert.match(good.stdout, /good: store store-1, 2026-11-21, revision 1/);
    assert.equal((await verify('day.jws', 'keys.json')).code, 0);
    assert.equal((await verify('bad.jws', 'key.json')).code, 1);
    assert.equal((await verify('day.jws', 'other.json')).code, 1);
    assert.equal((await verify('day.jws', 'day.jws')).code, 2);
    assert.equal((await verify('nowhere.jws', 'key.json')).code, 2);
  });
});
