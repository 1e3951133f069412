/**
 * Problem documents (RFC 9457): every refusal of the relay as JSON with a code, what is wrong, what
 * to do, and the field. Comes in: whatever was thrown. An error that we did not foresee is logged
 * whole and answered without any of its words.
 */
import { randomInt } from 'node:crypto';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { AppError, type ErrorCode } from '../protocol/errors.ts';
import type { Reason } from './books/reasons.ts';

export const PROBLEM_TYPE = 'application/problem+json';

export interface Problem {
  status: number;
  title: string;
  /** An ErrorCode, or `internal`. */
  code: string;
  detail: string;
  hint?: string;
  /** JSON path, form field, header or parameter. */
  field?: string;
  /** Everything that is wrong, where several things may be. */
  errors?: { code: string; detail: string; hint: string }[];
  retryAfterSeconds?: number;
  /** Of what failed here: the same word stands in the relay's log. */
  reference?: string;
}

/** Input that fits its schema but not the facts: every reason is told. */
export class ReasonedError extends AppError {
  readonly reasons: readonly Reason[];

  constructor(reasons: readonly Reason[]) {
    const [first] = reasons;
    const details = first === undefined ? {} : { hint: first.fix };
    super('bad-input', first?.message ?? 'it does not fit', details);
    this.reasons = reasons;
  }
}

/** No `0` and `O`, no `1` and `I`: it is read out over the telephone. */
const REFERENCE_LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const REFERENCE_LENGTH = 8;

/** Codes that are no fault of the caller are 5xx; what is left out is 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  'bad-input': 422,
  'bad-signature': 400,
  'unknown-key': 401,
  'not-signed-in': 401,
  'not-allowed': 403,
  'not-found': 404,
  'already-exists': 409,
  conflict: 409,
  'too-many': 429,
  'disk-full': 503,
  'disk-error': 503,
  damaged: 503,
  'database-unavailable': 503,
  'sealed-wrong-key': 503,
  unreachable: 502,
  'bad-answer': 502,
  refused: 502,
  'xero-validation': 422,
  'xero-settings': 422,
  'xero-rate-limit': 503,
  'xero-disconnected': 409,
  'xero-unavailable': 503,
  'xero-unknown-outcome': 503,
};

/** "Not yet": the same request will be right later (RFC 8470). */
const TOO_EARLY = 425;

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Who are you?',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Wrong content type',
  422: 'Something in it is wrong',
  425: 'Too early',
  429: 'Too many requests',
  500: 'Internal error',
  502: 'The other side failed',
  503: 'Not available',
};

export function problemOf(error: unknown): Problem {
  if (error instanceof AppError) return ofAppError(error);
  const status = parserStatus(error);
  if (status === undefined) {
    const detail = 'the relay made a mistake; it is in its log';
    return { ...named(500), code: 'internal', detail, hint: 'try again; then tell the operator' };
  }
  return { ...named(status), ...PARSER_WORDS[status] };
}

/** True when its words are for the log and not for who asked: our bugs, our disk, our database. */
export function isOwnTrouble(error: unknown): boolean {
  return !(error instanceof AppError) || OWN_TROUBLE.includes(error.code);
}

/** Their words name files of this machine. */
const OWN_TROUBLE: readonly ErrorCode[] = [
  'disk-full',
  'disk-error',
  'damaged',
  'database-unavailable',
  'sealed-wrong-key',
  'folder-locked',
  'bad-setting',
];

function ofAppError(error: AppError): Problem {
  if (OWN_TROUBLE.includes(error.code)) {
    const detail = 'the relay cannot work with its disk just now; its log says why';
    const hint = 'try again later; the operator must look at the relay';
    return { ...named(503), code: error.code, detail, hint, retryAfterSeconds: 60 };
  }
  const early = error.code === 'conflict' && error.retryable;
  const status = early ? TOO_EARLY : (STATUS[error.code] ?? 500);
  const problem: Problem = { ...named(status), code: error.code, detail: error.message };
  if (error.hint !== undefined) problem.hint = error.hint;
  if (error.path !== undefined && error.path !== '') problem.field = error.path;
  if (error instanceof ReasonedError) {
    problem.errors = error.reasons.map(({ code, message, fix }) => ({
      code,
      detail: message,
      hint: fix,
    }));
  }
  if (error.retryAfterMs !== undefined) {
    problem.retryAfterSeconds = Math.ceil(error.retryAfterMs / 1000);
  }
  return problem;
}

function named(status: number): { status: number; title: string } {
  return { status, title: TITLES[status] ?? 'Refused' };
}

/** What express and its body parsers throw (`http-errors`). */
function parserStatus(error: unknown): 400 | 413 | 415 | undefined {
  const status = (error as { status?: unknown } | null)?.status;
  return status === 400 || status === 413 || status === 415 ? status : undefined;
}

const PARSER_WORDS: Record<400 | 413 | 415, { code: ErrorCode; detail: string; hint: string }> = {
  400: {
    code: 'bad-input',
    detail: 'the address or the body cannot be read',
    hint: 'send complete, well-formed JSON (or a compact JWS) and a well-formed address',
  },
  413: { code: 'bad-input', detail: 'the body is too large', hint: 'send less in one request' },
  415: {
    code: 'bad-input',
    detail: 'the body is compressed or encoded in a way that is not read here',
    hint: 'send it plain, in UTF-8',
  },
};

export function sendProblem(res: Response, problem: Problem): void {
  const { retryAfterSeconds, ...document } = problem;
  if (retryAfterSeconds !== undefined) res.set('Retry-After', String(retryAfterSeconds));
  if (problem.status === 401) res.set('WWW-Authenticate', 'Bearer realm="tillbook"');
  res.status(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(document));
}

/** The last handler of all that speak JSON or JWS. */
export function problemHandler(log: FailureLog): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (res.headersSent) return next(error);
    return sendProblem(res, failureOf(error, req, log));
  };
}

export interface FailureLog {
  error(fields: object, message: string): void;
}

/** What is answered; what failed here goes to the log, and both get one reference. */
export function failureOf(error: unknown, req: Request, log: FailureLog): Problem {
  const problem = problemOf(error);
  if (problem.status < 500) return problem;
  const reference = makeReference();
  log.error({ err: error, method: req.method, path: req.path, reference }, 'a request failed');
  return { ...problem, reference };
}

function makeReference(): string {
  const letter = () => REFERENCE_LETTERS[randomInt(REFERENCE_LETTERS.length)];
  return Array.from({ length: REFERENCE_LENGTH }, letter).join('');
}

/** For addresses that nobody serves. */
export const unknownAddress: RequestHandler = (req, res) => {
  const detail = `there is nothing at ${req.method} ${req.path}`;
  sendProblem(res, { ...named(404), code: 'not-found', detail, hint: 'see /api/openapi.json' });
};
