/** Signatures: what was signed is read back, and nothing else gets as far as being believed. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { before, test } from 'node:test';
import { isAppError } from '../../protocol/errors.ts';
import {
  digestOf,
  JWS_BYTES_MAX,
  keyIdOf,
  makeSigningKey,
  readUnverifiedPayload,
  type SigningKey,
  signingKeyFrom,
  signJws,
  verifyJws,
} from '../../protocol/signing.ts';
import { fc } from '../support/fast-check.ts';
import { signRaw } from '../support/raw-jws.ts';

const TYPE = 'tillbook-day+jws';
let key: SigningKey;
let good: string;

before(async () => {
  key = await makeSigningKey();
  good = await signJws({ number: 1, name: 'Café' }, TYPE, key);
});

/** The payload, or the code of the error. */
async function verdict(compact: string, type: typeof TYPE | 'tillbook-receipt+jws' = TYPE) {
  try {
    const lookUp = (kid: string) => (kid === key.kid ? key.publicJwk : undefined);
    return (await verifyJws(compact, type, lookUp)).payload;
  } catch (error) {
    if (isAppError(error)) return error.code;
    throw error;
  }
}

function header(fields: object): Record<string, unknown> {
  return { alg: 'Ed25519', kid: key.kid, typ: TYPE, ...fields };
}

test('what was signed is read back by anyone with the public key', async () => {
  assert.deepEqual(await verdict(good), { number: 1, name: 'Café' });
  const text = Buffer.from(good.split('.')[0] ?? '', 'base64url').toString();
  assert.deepEqual(JSON.parse(text), header({}));
  assert.deepEqual(readUnverifiedPayload(good), { number: 1, name: 'Café' });
});

test('a key is stored as a JWK, comes back with the same id, and shows no private part', async () => {
  const again = await signingKeyFrom(JSON.parse(JSON.stringify(key.privateJwk)));
  assert.equal(again.kid, key.kid);
  assert.equal(await keyIdOf(key.publicJwk), key.kid);
  assert.deepEqual(Object.keys(key.publicJwk).sort(), ['crv', 'kty', 'x']);
  await assert.rejects(signingKeyFrom({ ...key.privateJwk, crv: 'X25519' }));
});

test('the key id is the thumbprint of RFC 8037, appendix A.3', async () => {
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
  const kid = await keyIdOf({ kty: 'OKP', crv: 'Ed25519', x });
  assert.equal(kid, 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});

test('a receipt cannot be played back as a summary', async () => {
  assert.equal(await verdict(good, 'tillbook-receipt+jws'), 'bad-signature');
});

test('no algorithm but Ed25519, and no header field beside the three, is accepted', async () => {
  for (const fields of [
    { alg: 'none' },
    { alg: 'HS256' },
    { alg: 'EdDSA' },
    { alg: { toString: 1 } },
    { typ: 'JWT' },
    { typ: undefined },
    { kid: undefined },
    { kid: '../../etc/passwd' },
    { jwk: key.publicJwk },
    { jku: 'https://example.com/keys' },
    { crit: ['exp'], exp: 1 },
    { b64: false, crit: ['b64'] },
  ]) {
    const forged = signRaw(header(fields), '{"number":1}', key);
    assert.equal(await verdict(forged), 'bad-signature', JSON.stringify(fields));
  }
  assert.deepEqual(await verdict(signRaw(header({}), '{"number":1}', key)), { number: 1 });
});

test('an unsigned text, and one signed by HMAC with the public key, are refused', async () => {
  const [head = '', payload = ''] = good.split('.');
  assert.equal(await verdict(`${head}.${payload}.`), 'bad-signature');
  const hs256 = Buffer.from(JSON.stringify(header({ alg: 'HS256' }))).toString('base64url');
  const mac = createHmac('sha256', key.publicJwk.x).update(`${hs256}.${payload}`);
  assert.equal(await verdict(`${hs256}.${payload}.${mac.digest('base64url')}`), 'bad-signature');
});

test('a foreign key is unknown, and a foreign signature under our id does not match', async () => {
  const foreign = await makeSigningKey();
  assert.equal(await verdict(await signJws({}, TYPE, foreign)), 'unknown-key');
  assert.equal(
    await verdict(await signJws({}, TYPE, { ...foreign, kid: key.kid })),
    'bad-signature',
  );
});

test('one flipped bit anywhere is noticed', async () => {
  for (let at = 0; at < good.length; at += 1) {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 7));
    assert.match(String(await verdict(bytes.toString('latin1'))), /^(bad-signature|unknown-key)$/);
  }
});

test('a signed text has one form only: no padding, spaces or other last characters', async () => {
  const last = good.slice(-1);
  const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
  for (const other of others.filter(char => char !== last)) {
    assert.equal(await verdict(good.slice(0, -1) + other), 'bad-signature');
  }
  for (const odd of [`${good}=`, `${good}\n`, ` ${good}`, `${good}.`, good.replaceAll('.', '. ')]) {
    assert.equal(await verdict(odd), 'bad-signature');
  }
});

test('a payload that two readers could read differently is refused, though it is signed', async () => {
  for (const payload of ['{"number":1,"number":2}', '{"a":"\\ud800"}', 'no json', '']) {
    assert.equal(await verdict(signRaw(header({}), payload, key)), 'bad-signature', payload);
  }
});

test('what is larger than anyone reads is neither read nor signed', async () => {
  assert.equal(await verdict('A'.repeat(JWS_BYTES_MAX + 1)), 'bad-signature');
  const tooMuch = signJws({ text: 'x'.repeat(JWS_BYTES_MAX) }, TYPE, key);
  await assert.rejects(tooMuch, error => isAppError(error, 'bad-input'));
});

test('no text makes verification fail with anything but its two codes', async () => {
  const partArb = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json().map(text => Buffer.from(text).toString('base64url')),
  );
  const textArb = fc.oneof(
    partArb,
    fc.array(partArb, { maxLength: 5 }).map(parts => parts.join('.')),
  );
  await fc.assert(
    fc.asyncProperty(textArb, async text => {
      assert.match(String(await verdict(text)), /^(bad-signature|unknown-key)$/);
    }),
  );
});

test('the digest is the SHA-256 of the text as it was sent', () => {
  assert.equal(digestOf('abc'), 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
});
