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

export type SignedType =
  | 'tillbook-enrolment+jws'
  | 'tillbook-day+jws'
  | 'tillbook-receipt+jws'
  | 'tillbook-heartbeat+jws'
  | 'tillbook-answer+jws';

/** Largest compact JWS that is read: a day of 20,000 gaps and names fits well inside. */
export const JWS_BYTES_MAX = 2 * 1024 * 1024;

const keyMaterial = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** An Ed25519 public key (RFC 8037): 32 bytes as base64url in `x`. */
export const publicJwkSchema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: keyMaterial,
});
export type PublicJwk = z.infer<typeof publicJwkSchema>;

export const privateJwkSchema = publicJwkSchema.extend({ d: keyMaterial });
export type PrivateJwk = z.infer<typeof privateJwkSchema>;

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

/** Signs the payload's `JSON.stringify` bytes. */
export async function signJws(
  payload: unknown,
  type: SignedType,
  key: SigningKey,
): Promise<string> {
  const privateKey = await importJWK(key.privateJwk, 'Ed25519');
  return await new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'Ed25519', kid: key.kid, typ: type })
    .sign(privateKey);
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
  try {
    const key = await importJWK(jwk, 'Ed25519');
    const { payload } = await compactVerify(compact, key, { algorithms: ['Ed25519'] });
    return { kid, payload: JSON.parse(Buffer.from(payload).toString('utf8')) };
  } catch (cause) {
    throw new AppError('bad-signature', 'the signature does not match its key and text', { cause });
  }
}

/** The payload before anything is verified: only to find the key that a message brings itself. */
export function readUnverifiedPayload(compact: string): unknown {
  try {
    return JSON.parse(Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch (cause) {
    throw new AppError('bad-signature', 'the payload of the JWS is not JSON', { cause });
  }
}

/** base64url SHA-256 of the compact JWS: what `previous` and a receipt's `digest` hold. */
export function digestOf(compact: string): string {
  return createHash('sha256').update(compact).digest('base64url');
}

/** Exactly alg, kid and typ: no `jwk`, `crit`, `b64`, `none` or HS256 gets as far as a key. */
function readHeader(compact: string, type: SignedType): string {
  if (compact.length > JWS_BYTES_MAX) {
    throw new AppError('bad-signature', `the JWS is larger than ${JWS_BYTES_MAX} bytes`);
  }
  let header: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(compact);
  } catch (cause) {
    throw new AppError('bad-signature', 'not a compact JWS (header.payload.signature)', { cause });
  }
  const { alg, kid, typ, ...others } = header;
  if (alg !== 'Ed25519') throw new AppError('bad-signature', `alg must be Ed25519, not ${alg}`);
  if (typ !== type) throw new AppError('bad-signature', `typ must be ${type}, not ${typ}`);
  if (typeof kid !== 'string') throw new AppError('bad-signature', 'the header has no kid');
  const extra = Object.keys(others);
  if (extra.length > 0) {
    throw new AppError('bad-signature', `the header has fields of no use: ${extra.join(', ')}`);
  }
  return kid;
}
