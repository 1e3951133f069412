/**
 * Enrolment codes: `K3V9-X2MQ-7HTA-0WBE`, 80 random bits in Crockford's base 32, of which the first
 * group (20 bits) finds the code and 60 are its secret. Good for 24 hours, five tries and one key;
 * the same code and key get the same answer again.
 */
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import type { Writer } from '../db/db.ts';
import type { EnrolmentCodeRecord } from '../db/records.ts';

export const CODE_HOURS = 24;
export const TRIES_MAX = 5;
const HOUR_MS = 3_600_000;
const GROUP = 4;
const LENGTH = 16;
/** No I, L, O, U: a code is read aloud over the telephone. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export interface NewCode {
  code: string;
  expiresAt: string;
}

/** Makes a code; earlier unused ones of the store end. */
export async function makeCode(tx: Writer, store: string, nowMs: number): Promise<NewCode> {
  for (const { key, value } of await tx.list('enrolmentCodes')) {
    const over = Date.parse(value.expiresAt) + CODE_HOURS * HOUR_MS < nowMs;
    if (over || (value.store === store && value.usedBy === undefined)) {
      await tx.remove('enrolmentCodes', key);
    }
  }
  let code = randomCode();
  while ((await tx.get('enrolmentCodes', finderOf(code))) !== undefined) code = randomCode();
  const expiresAt = new Date(nowMs + CODE_HOURS * HOUR_MS).toISOString();
  await tx.put('enrolmentCodes', finderOf(code), {
    store,
    hash: hashOf(code),
    failedTries: 0,
    createdAt: new Date(nowMs).toISOString(),
    expiresAt,
  });
  return { code: code.replace(/(.{4})(?=.)/g, '$1-'), expiresAt };
}

/**
 * Uses a code for a key. A wrong try is counted, so the transaction must be kept: the refusal is
 * given back, not thrown.
 */
export async function takeCode(
  tx: Writer,
  typed: string,
  kid: string,
  nowMs: number,
): Promise<{ store: string; isRepeat: boolean } | { refusal: AppError }> {
  const code = normalized(typed);
  const row = code === undefined ? undefined : await tx.get('enrolmentCodes', finderOf(code));
  if (code === undefined || row === undefined) return { refusal: unknownCode() };
  const finder = finderOf(code);
  if (row.failedTries >= TRIES_MAX) return { refusal: burntCode() };
  if (!timingSafeEqual(Buffer.from(row.hash), Buffer.from(hashOf(code)))) {
    await tx.put('enrolmentCodes', finder, { ...row, failedTries: row.failedTries + 1 });
    return { refusal: unknownCode() };
  }
  const refusal = whyNot(row, kid, nowMs);
  if (refusal !== undefined) return { refusal };
  await tx.put('enrolmentCodes', finder, { ...row, usedBy: kid });
  return { store: row.store, isRepeat: row.usedBy === kid };
}

function whyNot(row: EnrolmentCodeRecord, kid: string, nowMs: number): AppError | undefined {
  if (row.usedBy === kid) return undefined;
  const hint = `make a new one at head office: tillbook-relay store code ${row.store}`;
  if (row.usedBy !== undefined) {
    return new AppError('conflict', 'this enrolment code was used already, by another machine', {
      path: 'code',
      hint,
    });
  }
  if (Date.parse(row.expiresAt) > nowMs) return undefined;
  const message = `this enrolment code ended at ${row.expiresAt}`;
  return new AppError('not-allowed', message, { path: 'code', hint });
}

function unknownCode(): AppError {
  return new AppError('not-allowed', 'this enrolment code is not known', {
    path: 'code',
    hint: 'check every character, or make a new one at head office: tillbook-relay store code ID',
  });
}

function burntCode(): AppError {
  return new AppError('too-many', `this enrolment code was typed wrongly ${TRIES_MAX} times`, {
    path: 'code',
    hint: 'make a new one at head office: tillbook-relay store code ID',
  });
}

function randomCode(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}

/** As people type it: any case, any separators, O for 0, I or L for 1. Undefined: no code at all. */
function normalized(typed: string): string | undefined {
  const code = typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  return /^[0-9A-HJKMNP-TV-Z]{16}$/.test(code) ? code : undefined;
}

function finderOf(code: string): string {
  return code.slice(0, GROUP);
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}
