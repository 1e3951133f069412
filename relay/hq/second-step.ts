/**
 * The second step of the sign-in: a code of an authenticator app (RFC 6238: SHA-1, 6 digits, 30 s).
 * The secret is sealed in the user's row; a code works once, and one step before or after is fine.
 */
import { Secret, TOTP } from 'otpauth';
import type { Writer } from '../db/db.ts';
import type { UserRecord } from '../db/records.ts';
import type { SealDesk } from './deps.ts';

const STEP_MS = 30_000;
const SECRET_BYTES = 20;
const STEPS_AROUND = 1;

/** A new secret in base 32, for the app. */
export function makeSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** What the QR code holds. */
export function addressOf(secret: string, email: string): string {
  return totp(secret, email).toString();
}

export function sealSecret(seal: SealDesk, user: string, secret: string): string {
  return seal.seal(secret, identityOf(user));
}

/** The number of the time step whose code this is; undefined when it is no code of about now. */
export function stepOf(secret: string, code: string, nowMs: number): number | undefined {
  const token = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return undefined;
  const delta = totp(secret, '').validate({ token, timestamp: nowMs, window: STEPS_AROUND });
  return delta === null ? undefined : Math.floor(nowMs / STEP_MS) + delta;
}

/**
 * Takes a code inside a transaction: a step counts once.
 * @returns whether it was right
 */
export async function takeCode(
  tx: Writer,
  seal: SealDesk,
  user: UserRecord,
  code: string,
  nowMs: number,
): Promise<boolean> {
  if (user.secondStep === undefined) return false;
  const secret = seal.open(user.secondStep.secret, identityOf(user.id));
  const step = stepOf(secret, code, nowMs);
  if (step === undefined || step <= user.secondStep.lastStep) return false;
  const secondStep = { ...user.secondStep, lastStep: step };
  await tx.put('users', user.id, { ...user, secondStep });
  return true;
}

function totp(secret: string, label: string): TOTP {
  return new TOTP({ issuer: 'Tillbook', label, secret: Secret.fromBase32(secret) });
}

function identityOf(user: string): string {
  return `users/${user}/second-step`;
}
