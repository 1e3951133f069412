/**
 * What PostgreSQL's errors mean to the relay: try the transaction again, the database is out of
 * reach (heals itself), its disk is full, the setting is wrong. Anything else is our own bug.
 */
import { AppError, messageOf } from '../../protocol/errors.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
/** Each has a digit; Node's EPIPE and EPERM have none. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const DISK_FULL = '53100';
/**
 * Connection exceptions, too many clients, the server stops or starts, a standby that takes no
 * writes, and our own time limits: statement, lock, idle in a transaction.
 */
const AWAY = /^(08...|53[023]00|57P0[1-5]|57014|25006|55P03|25P0[34])$/;
/** No such user, wrong password, no such database, no right to it. */
const SETTING = /^(28...|3D000|42501)$/;

export function stateOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && SQLSTATE.test(code) ? code : undefined;
}

/** Another transaction was in the way: run again, it may well succeed. */
export function isCollision(error: unknown): boolean {
  const state = stateOf(error);
  return state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED;
}

/** The server may have done what was asked although no answer came. */
export function isAnswerLost(error: unknown): boolean {
  const state = stateOf(error);
  return state === undefined || state.startsWith('08') || state.startsWith('57P');
}

/** The connection, not what was asked, is the trouble: a new one may do. */
export function isAway(error: unknown): boolean {
  const state = stateOf(error);
  return state === undefined ? isOfDriver(error) : AWAY.test(state);
}

/** @returns the error to throw to the caller; one that is not the database's stays as it is */
export function translate(error: unknown): unknown {
  const state = stateOf(error);
  if (isAway(error) || isCollision(error)) return unavailable(messageOf(error), error);
  if (state === DISK_FULL) {
    return new AppError('disk-full', 'the disk of the PostgreSQL server is full', {
      hint: 'free space on the database server',
      retryable: true,
      cause: error,
    });
  }
  if (state === undefined || !SETTING.test(state)) return error;
  return new AppError('bad-setting', `PostgreSQL refuses: ${messageOf(error)}`, {
    path: 'DATABASE_URL',
    hint: 'correct DATABASE_URL, or the rights of its user',
    cause: error,
  });
}

export function unavailable(message: string, cause?: unknown): AppError {
  return new AppError('database-unavailable', `PostgreSQL: ${message}`, {
    hint: 'it heals by itself when the database answers again; else look at DATABASE_URL',
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What Node's sockets and pg itself say of a connection that is gone or never came. */
const OF_SOCKET = /^(E[A-Z_]+)$/;
const OF_DRIVER =
  /Connection terminated|not queryable|connection is closed|timeout exceeded|Query read timeout/i;

function isOfDriver(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  if (error instanceof AppError) return false;
  return (typeof code === 'string' && OF_SOCKET.test(code)) || OF_DRIVER.test(messageOf(error));
}
