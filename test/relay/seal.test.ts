/** Secrets at rest: they open in their own row with their own key, and nowhere else. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isAppError } from '../../protocol/errors.ts';
import { createSeal, readKeyFile } from '../../relay/db/seal.ts';
import { hashPassword, verifyPassword } from '../../relay/hq/passwords.ts';

const wrongKey = (error: unknown) => isAppError(error, 'sealed-wrong-key');

describe('a sealed secret', () => {
  const seal = createSeal(randomBytes(32));

  it('opens in its own row', () => {
    const sealed = seal.seal('klïent secret', 'connections/a/secret');
    assert.equal(seal.open(sealed, 'connections/a/secret'), 'klïent secret');
    assert.doesNotMatch(sealed, /secret/);
    assert.notEqual(seal.seal('klïent secret', 'connections/a/secret'), sealed);
  });

  it('does not open in another row, with another key, or changed', () => {
    const sealed = seal.seal('x', 'connections/a/secret');
    assert.throws(() => seal.open(sealed, 'connections/b/secret'), wrongKey);
    assert.throws(() => createSeal(randomBytes(32)).open(sealed, 'connections/a/secret'), wrongKey);
    const [version, body = ''] = sealed.split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (const at of [0, 12, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const text = `${version}.${changed.toString('base64url')}`;
      assert.throws(() => seal.open(text, 'connections/a/secret'), wrongKey);
    }
    for (const text of ['', 'v1.', 'v2.AAAA', 'plain']) {
      assert.throws(() => seal.open(text, 'connections/a/secret'), wrongKey);
    }
  });

  it('has a key of its own for every other purpose, the same over restarts', () => {
    const key = randomBytes(32);
    assert.equal(createSeal(key).derive('sessions'), createSeal(key).derive('sessions'));
    assert.notEqual(createSeal(key).derive('sessions'), createSeal(key).derive('forms'));
  });
});

describe('the key file', () => {
  it('is made on the first start for its owner alone, and stays', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tillbook-key-'));
    const path = join(folder, 'secret.key');
    const made = await readKeyFile(path, true);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual((await readKeyFile(path, false)).key, made.key);
    assert.equal(made.open, false);
    await chmod(path, 0o644);
    assert.equal((await readKeyFile(path, false)).open, true);
    await rm(folder, { recursive: true });
  });

  it('that is missing beside a database, or holds no key, is not replaced', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tillbook-key-'));
    const path = join(folder, 'secret.key');
    await assert.rejects(readKeyFile(path, false), wrongKey);
    await writeFile(path, 'abc');
    await assert.rejects(readKeyFile(path, true), wrongKey);
    assert.equal(await readFile(path, 'utf8'), 'abc');
    await rm(folder, { recursive: true });
  });
});

describe('a password', () => {
  it('is known again however its accents were typed, and no other is', async () => {
    const stored = await hashPassword('crème brûlée 9');
    assert.match(stored, /^scrypt\$131072\$8\$1\$/);
    assert.equal(await verifyPassword('crème brûlée 9'.normalize('NFD'), stored), true);
    assert.equal(await verifyPassword('creme brulee 9', stored), false);
  });

  it('never fits a stored text that is no hash, or asks for too much work', async () => {
    for (const stored of ['', 'scrypt', 'scrypt$99999999$8$1$AAAAAAAAAAAAAAAAAAAAAA$x']) {
      assert.equal(await verifyPassword('', stored), false);
    }
    const dear = `scrypt$99999999$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    assert.equal(await verifyPassword('x', dear), false);
  });
});
