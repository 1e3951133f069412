/**
 * Logs: JSON lines to stdout, readable text when it is a terminal. Fields first, then a fixed short
 * message. `error` = a person must act, `warn` = heals itself, `info` = once per change of state,
 * `debug` = per sale. What is secret by its name never gets out. The only user of pino.
 */
import { type Logger, pino, stdSerializers } from 'pino';
import pretty from 'pino-pretty';
import { AppError } from '../errors.ts';

export type { Logger };

/** Fields that are never printed, wherever they stand up to two levels deep. */
const SECRET_FIELDS = [
  'password',
  'secret',
  'clientSecret',
  'client_secret',
  'enrolmentCode',
  'setupCode',
  'token',
  'tokens',
  'accessToken',
  'access_token',
  'refreshToken',
  'refresh_token',
  'authorization',
  'cookie',
  'privateJwk',
  'd',
];

export interface LogOptions {
  level: string;
  /** Readable text instead of JSON lines. */
  readable: boolean;
}

export function createLog(program: string, options: LogOptions): Logger {
  const settings = {
    level: options.level,
    base: { program },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: serializeError, error: serializeError },
    redact: {
      paths: SECRET_FIELDS.flatMap(field => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[secret]',
    },
  };
  if (!options.readable) return pino(settings);
  return pino(settings, pretty({ sync: true, ignore: 'program', translateTime: 'SYS:HH:MM:ss' }));
}

/** A logger that says nothing: for tests and commands. */
export function silentLog(): Logger {
  return pino({ level: 'silent' });
}

/** Our errors without their raw cause: an HTTP client's error carries whole requests. */
function serializeError(error: unknown): unknown {
  if (error instanceof AppError) {
    const { code: errorCode, message, hint, path } = error;
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    return { errorCode, message, hint, path, cause };
  }
  if (!(error instanceof Error)) return { message: String(error) };
  const { type, message, stack } = stdSerializers.err(error);
  return { type, message, stack };
}
