/**
 * One line of the quarantine: the message whole (as text, or base64 when it is not UTF-8) with its
 * problem, and what can be read of its id, number and void target for those who look for it.
 */
import { isUtf8 } from 'node:buffer';
import { hash as digestOf } from 'node:crypto';
import type { Problem, ProblemCode } from '../../protocol/transaction.ts';

/** What became of an item: accepted after a retry, put right by a resend, dismissed by staff. */
export type Outcome = 'accepted' | 'replaced' | 'dismissed';

export interface QuarantinedItem {
  number: number;
  /** Date of receipt, by the store's calendar. */
  date: string;
  receivedAt: string;
  terminal: string;
  code: ProblemCode;
  message: string;
  path: string;
  id?: string;
  sequence?: number;
  voids?: string;
  outcome?: Outcome;
}

export interface QuarantineLine {
  receivedAt: string;
  terminal: string;
  code: ProblemCode;
  message: string;
  path: string;
  raw?: string;
  rawBase64?: string;
}

export function lineOf(
  receivedAt: string,
  terminal: string,
  { code, message, path }: Problem,
  payload: Buffer,
): QuarantineLine {
  const raw = isUtf8(payload)
    ? { raw: payload.toString('utf8') }
    : { rawBase64: payload.toString('base64') };
  return { receivedAt, terminal, code, message, path, ...raw };
}

export function payloadOf({ raw, rawBase64 }: QuarantineLine): Buffer {
  return raw !== undefined ? Buffer.from(raw) : Buffer.from(rawBase64 ?? '', 'base64');
}

/** Tells one terminal's message from every other. */
export function digestOfPayload(terminal: string, payload: Buffer): string {
  return digestOf('sha256', Buffer.concat([Buffer.from(`${terminal} `), payload]), 'hex');
}

export function itemOf(
  number: number,
  date: string,
  { receivedAt, terminal, code, message, path }: QuarantineLine,
  payload: Buffer,
): QuarantinedItem {
  const names = namesIn(payload);
  return { number, date, receivedAt, terminal, code, message, path, ...names };
}

/** Reads what it can of a message that may be anything; never throws. */
export function namesIn(payload: Buffer): { id?: string; sequence?: number; voids?: string } {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch {
    return {}; // Not JSON: it has no id. That is why it is here.
  }
  if (typeof value !== 'object' || value === null) return {};
  const { id, sequence, voids } = value as Record<string, unknown>;
  return {
    ...(typeof id === 'string' && id.length <= 256 ? { id } : {}),
    ...(Number.isSafeInteger(sequence) ? { sequence: sequence as number } : {}),
    ...(typeof voids === 'string' && voids.length <= 256 ? { voids } : {}),
  };
}
