/**
 * How the process ends: told to (SIGTERM, Ctrl-C) it finishes work in hand within ten seconds and
 * exits 0; a dying disk ends it with 74, a bug of our own with 1.
 */
import type { Logger } from '../protocol/host/log.ts';
import { exitCodeOf } from './cli/cli.ts';

/** Less than the ten seconds that are promised. */
const STOP_WITHIN_MS = 9_000;
/** Long enough for /readyz to say 503, shorter than the five seconds that are promised. */
const FATAL_AFTER_MS = 2_000;

export interface Lifetime {
  /** Resolves with the exit code once the agent has been told to stop. */
  ended: Promise<number>;
  /** The disk failed: ends the process soon, without waiting for anything. */
  fatal(error: unknown): void;
}

export function startLifetime(log: Logger): Lifetime {
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>(resolve => {
    end = resolve;
  });
  const stop = (signal: string) => {
    log.info({ event: 'stopping', signal }, 'stopping');
    setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref();
    end(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const crash = (error: unknown) => {
    log.fatal({ error }, 'the agent ends by an error');
    process.exit(exitCodeOf(error));
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  return {
    ended,
    fatal(error) {
      setTimeout(() => process.exit(exitCodeOf(error)), FATAL_AFTER_MS).unref();
    },
  };
}
