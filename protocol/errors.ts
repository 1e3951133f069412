/**
 * The one error type of both programs. Every failure that a person or a program must tell apart has
 * a code of this closed list, a sentence with the cause, and a hint that says what to do.
 * Our own bugs are plain `Error`s (assertions) and end the process.
 */

export type ErrorCode =
  // what somebody typed, sent or set is wrong (4xx, exit code 2)
  | 'bad-input'
  | 'bad-setting'
  | 'not-found'
  | 'already-exists'
  | 'not-allowed'
  | 'not-signed-in'
  | 'too-many'
  | 'conflict'
  // signatures and keys
  | 'bad-signature'
  | 'unknown-key'
  | 'sealed-wrong-key'
  // the disk (exit code 74) and the folder (exit code 73)
  | 'disk-full'
  | 'disk-error'
  | 'damaged'
  | 'database-unavailable'
  | 'folder-locked'
  // the other side
  | 'unreachable'
  | 'bad-answer'
  | 'refused'
  // Xero
  | 'xero-unknown-outcome'
  | 'xero-validation'
  | 'xero-rate-limit'
  | 'xero-disconnected'
  | 'xero-unavailable'
  | 'xero-settings';

export interface ErrorDetails {
  /** What to do about it, one sentence. */
  hint?: string;
  /** Where in the input: a JSON path such as `lines[0].amount`, a setting's name, a form field. */
  path?: string;
  /** True when the same call may succeed later without anybody changing anything. */
  retryable?: boolean;
  /** Not before this many milliseconds, when the other side said so. */
  retryAfterMs?: number;
  /** The underlying error or the raw answer, kept for the log. */
  cause?: unknown;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly path: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = details.hint;
    this.path = details.path;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** True for an `AppError`, of the given code if one is named. */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** The error's own words, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
