/**
 * Turns whatever xero-node throws into our errors. Comes in: a JSON string (API calls), an OPError,
 * RPError or AxiosError (OAuth), a plain Error (arguments). Goes out: an AppError that says whether
 * the call may have happened. There are no stable codes at Xero: unclear always means "may have".
 */
import { AppError, isAppError, messageOf } from '../../protocol/errors.ts';
import type { Refusal } from './port.ts';

/** Characters of Xero's own answer that are kept. */
export const RAW_MAX = 4000;

/** What xero-node's JSON string holds. */
export interface ApiFailure {
  /** 0: no answer came. */
  status: number;
  body: unknown;
  headers: Record<string, string>;
}

/** The API failure within a rejection of xero-node; undefined for any other error. */
export function readApiFailure(thrown: unknown): ApiFailure | undefined {
  if (typeof thrown !== 'string') return undefined;
  try {
    const { response } = JSON.parse(thrown) as {
      response: { statusCode: number; body: unknown; headers?: Record<string, string> };
    };
    return { status: response.statusCode, body: response.body, headers: response.headers ?? {} };
  } catch {
    return undefined;
  }
}

/** Messages of errors that come before a single byte of the request has left. */
const NEVER_SENT =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|certificate|ERR_TLS_CERT|unable to verify/i;

/** @param writes whether the call changes something in Xero */
export function toAppError(thrown: unknown, writes: boolean): AppError {
  if (thrown instanceof AppError) return thrown;
  const failure = readApiFailure(thrown);
  if (failure === undefined) {
    return writes ? unknownOutcome(messageOf(thrown), thrown) : unavailable(messageOf(thrown));
  }
  return fromStatus(failure, writes);
}

function fromStatus(failure: ApiFailure, writes: boolean): AppError {
  const { status } = failure;
  const raw = rawOf(failure.body);
  if (status === 429) return rateLimit(failure);
  if (status === 401 || status === 403) return disconnected(failure, raw);
  if (status === 400) {
    const refusal: Refusal = { messages: messagesOf(failure.body), raw };
    return new AppError('xero-validation', refusal.messages.join(' ') || 'Xero refused', {
      hint: 'correct what Xero names, in Xero or on the mapping page; then press Retry',
      cause: refusal,
    });
  }
  if (status === 0 && NEVER_SENT.test(raw)) return unavailable(raw);
  const what = status === 0 ? `no answer from Xero (${raw})` : `Xero answered ${status}`;
  return writes ? unknownOutcome(what, raw) : unavailable(what, raw);
}

/** It may have happened: look before doing it again. */
export function unknownOutcome(message: string, cause?: unknown): AppError {
  return new AppError('xero-unknown-outcome', message, {
    hint: 'nothing to do: Xero is asked what became of it, and only what is missing is sent again',
    retryable: true,
    cause,
  });
}

/** It did not happen. */
export function unavailable(message: string, cause?: unknown): AppError {
  return new AppError('xero-unavailable', `Xero cannot be reached: ${message}`, {
    hint: 'nothing to do: it is tried again; see status.xero.com and the relay’s network',
    retryable: true,
    cause,
  });
}

function rateLimit(failure: ApiFailure): AppError {
  const problem = failure.headers['x-rate-limit-problem'] ?? 'unknown';
  const retryAfterMs = retryAfterOf(failure.headers) ?? 60_000;
  return new AppError('xero-rate-limit', `Xero’s ${problem} limit of calls is used up`, {
    hint: 'nothing to do: posting goes on when Xero allows it',
    retryable: true,
    retryAfterMs,
    cause: rawOf(failure.body),
  });
}

/** `Retry-After` is seconds, and may be hours of them; a date is understood too (RFC 9110). */
function retryAfterOf(headers: Record<string, string>): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(1, seconds) * 1000;
  const at = Date.parse(text);
  const now = Date.parse(headers['date'] ?? '');
  return Number.isNaN(at) || Number.isNaN(now) ? undefined : Math.max(1000, at - now);
}

function disconnected(failure: ApiFailure, raw: string): AppError {
  const scope = /scope/i.test(`${raw} ${failure.headers['www-authenticate'] ?? ''}`);
  return new AppError(
    'xero-disconnected',
    scope
      ? 'Xero says the permission does not cover this (missing scope)'
      : 'Xero no longer accepts this connection',
    {
      hint: 'open Settings, press Submit and allow access for this organisation again',
      cause: { status: failure.status, raw },
    },
  );
}

/** True for a 401: the token is stale or dead; nothing was done. */
export function isStaleToken(thrown: unknown): boolean {
  return readApiFailure(thrown)?.status === 401;
}

/** The refusal within an error of code `xero-validation`. */
export function refusalOf(error: unknown): Refusal | undefined {
  return isAppError(error, 'xero-validation') ? (error.cause as Refusal) : undefined;
}

export function rawOf(body: unknown): string {
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
  return text.slice(0, RAW_MAX);
}

/**
 * Every sentence of an error body or an element: errors may sit on the element, a line, the contact
 * or the payment; both spellings, as Xero sends them and as xero-node hands them on.
 */
export function messagesOf(body: unknown): string[] {
  const found: string[] = [];
  collect(body, found, 0);
  const top = fieldOf(body, 'Message') ?? fieldOf(body, 'Detail') ?? fieldOf(body, 'Title');
  if (found.length === 0 && typeof top === 'string') found.push(top);
  if (found.length === 0 && typeof body === 'string') found.push(body.slice(0, 200));
  return [...new Set(found)];
}

const DEPTH_MAX = 6;

function collect(value: unknown, found: string[], depth: number): void {
  if (depth > DEPTH_MAX || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found, depth + 1);
    return;
  }
  for (const [name, child] of Object.entries(value)) {
    if (/^validationErrors$/i.test(name) && Array.isArray(child)) {
      for (const error of child) {
        const message = fieldOf(error, 'Message') ?? fieldOf(error, 'message');
        if (typeof message === 'string') found.push(message);
      }
    } else collect(child, found, depth + 1);
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
