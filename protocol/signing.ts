/**
 * Signatures: compact JWS (RFC 7515) with Ed25519 keys (RFC 8037, RFC 9864), made and checked by
 * jose. The header is exactly `{alg, kid, typ}`: `kid` is the key's RFC 7638 thumbprint, `typ` says
 * what was signed, so that a receipt can never be played back as a summary. The only user of jose.
 */
import { createHash } from 'node:crypto';
import {
  CompactSign,
  calculateJwkThumbprint,
  compactVerify,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
} from 'jose';
import { z } from 'zod';
import { AppError } from './errors.ts';
import { quoted } from './schema-words.ts';
import { parseStrictJson } from './strict-json.ts';

export type SignedType =
  | 'tillbook-enrolment+jws'
  | 'tillbook-day+jws'
  | 'tillbook-receipt+jws'
  | 'tillbook-heartbeat+jws'
  | 'tillbook-answer+jws';

/** Largest compact JWS that is read: a day of 50,000 gaps and names fits well inside. */
export const JWS_BYTES_MAX = 8 * 1024 * 1024;

/** 32 bytes as base64url, in the one way to write them: else one key had several ids. */
const keyMaterial = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);

/** An Ed25519 public key (RFC 8037): 32 bytes as base64url in `x`. */
export const publicJwkSchema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: keyMaterial,
});
export type PublicJwk = z.infer<typeof publicJwkSchema>;

export const privateJwkSchema = publicJwkSchema.extend({ d: keyMaterial });
export type PrivateJwk = z.infer<typeof privateJwkSchema>;

/** An RFC 7638 SHA-256 thumbprint. */
const KID_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** A key that can sign, with its id. */
export interface SigningKey {
  kid: string;
  publicJwk: PublicJwk;
  privateJwk: PrivateJwk;
}

export async function makeSigningKey(): Promise<SigningKey> {
  const pair = await generateKeyPair('Ed25519', { extractable: true });
  return signingKeyFrom(privateJwkSchema.parse(await exportJWK(pair.privateKey)));
}

/** The key of a stored private JWK; throws a ZodError for anything else. */
export async function signingKeyFrom(jwk: unknown): Promise<SigningKey> {
  const privateJwk = privateJwkSchema.parse(jwk);
  const publicJwk = publicJwkSchema.parse(privateJwk);
  return { kid: await keyIdOf(publicJwk), publicJwk, privateJwk };
}

/** RFC 7638 SHA-256 thumbprint, base64url. */
export async function keyIdOf(jwk: PublicJwk): Promise<string> {
  return await calculateJwkThumbprint(jwk, 'sha256');
}

/** Signs the payload's `JSON.stringify` bytes; throws AppError `bad-input` for what nobody would read. */
export async function signJws(
  payload: unknown,
  type: SignedType,
  key: SigningKey,
): Promise<string> {
  const privateKey = await importJWK(key.privateJwk, 'Ed25519');
  const compact = await new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'Ed25519', kid: key.kid, typ: type })
    .sign(privateKey);
  if (compact.length <= JWS_BYTES_MAX) return compact;
  throw new AppError('bad-input', `what is to be signed is larger than ${JWS_BYTES_MAX} bytes`);
}

export interface VerifiedJws {
  kid: string;
  payload: unknown;
}

/**
 * Checks header, key and signature and gives the JSON payload.
 * @param keyFor the stored public key of a `kid`; undefined when there is none
 * @throws AppError `bad-signature` or `unknown-key`
 */
export async function verifyJws(
  compact: string,
  type: SignedType,
  keyFor: (kid: string) => PublicJwk | undefined | Promise<PublicJwk | undefined>,
): Promise<VerifiedJws> {
  const kid = readHeader(compact, type);
  const jwk = await keyFor(kid);
  if (jwk === undefined) {
    throw new AppError('unknown-key', `no key with the id ${kid} is known here`, { path: 'kid' });
  }
  let bytes: Uint8Array;
  try {
    const key = await importJWK(jwk, 'Ed25519');
    bytes = (await compactVerify(compact, key, { algorithms: ['Ed25519'] })).payload;
  } catch (cause) {
    throw new AppError('bad-signature', 'the signature does not match its key and text', { cause });
  }
  return { kid, payload: parsePayload(Buffer.from(bytes)) };
}

/** The payload before anything is verified: only to find the key that a message brings itself. */
export function readUnverifiedPayload(compact: string): unknown {
  checkForm(compact);
  return parsePayload(Buffer.from(compact.split('.')[1] ?? '', 'base64url'));
}

/** Strict, so that nobody reads another summary out of the same bytes than we do. */
function parsePayload(bytes: Buffer): unknown {
  const json = parseStrictJson(bytes);
  if (json.ok) return json.value;
  throw new AppError('bad-signature', `the payload of the JWS is not usable: ${json.message}`);
}

/**
 * Three parts of base64url, each written in the only canonical way: jose ignores the unused bits of
 * a last character, so one signature would have several texts, hence several digests.
 */
function checkForm(compact: string): void {
  if (compact.length > JWS_BYTES_MAX) {
    throw new AppError('bad-signature', `the JWS is larger than ${JWS_BYTES_MAX} bytes`);
  }
  const parts = compact.split('.', 4);
  const canonical = parts.every(
    part => Buffer.from(part, 'base64url').toString('base64url') === part,
  );
  if (parts.length !== 3 || !canonical) {
    throw new AppError('bad-signature', 'not a compact JWS (header.payload.signature)');
  }
}

/** Id of the key that a JWS names, before anything is verified. @throws AppError `bad-signature` */
export function signerOf(compact: string, type: SignedType): string {
  return readHeader(compact, type);
}

/** base64url SHA-256 of the compact JWS: what `previous` and a receipt's `digest` hold. */
export function digestOf(compact: string): string {
  return createHash('sha256').update(compact).digest('base64url');
}

/** Exactly alg, kid and typ: no `jwk`, `crit`, `b64`, `none` or HS256 gets as far as a key. */
function readHeader(compact: string, type: SignedType): string {
  checkForm(compact);
  let header: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(compact);
  } catch (cause) {
    throw new AppError('bad-signature', 'not a compact JWS (header.payload.signature)', { cause });
  }
  const { alg, kid, typ, ...others } = header;
  const extra = Object.keys(others)[0];
  if (alg !== 'Ed25519') throw badHeader(`alg must be Ed25519, not ${quotedJson(alg)}`);
  if (typ !== type) throw badHeader(`typ must be ${type}, not ${quotedJson(typ)}`);
  if (extra !== undefined) throw badHeader(`the header has a field of no use: ${quoted(extra)}`);
  if (typeof kid !== 'string' || !KID_PATTERN.test(kid)) throw badHeader('the header has no kid');
  return kid;
}

function badHeader(message: string): AppError {
  return new AppError('bad-signature', message);
}

/** As text without calling a `toString` that the header may bring itself. */
function quotedJson(value: unknown): string {
  return quoted(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'));
}
