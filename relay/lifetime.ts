/** How the relay's process ends: told by a signal, with a limit, or at once when the disk failed. */
import type { Logger } from '../protocol/host/log.ts';
import { exitCodeOf } from './cli/cli.ts';

/** Everything has stopped by then, or is cut off: the next start goes on from the rows. */
const EXIT_MAX_MS = 9_500;

/** Resolves at the first signal; listens from the moment of the call. */
export function toldToStop(): Promise<void> {
  return new Promise(done => {
    const stop = () => {
      // A call to Xero that hangs must not keep the process.
      setTimeout(() => process.exit(), EXIT_MAX_MS).unref();
      done();
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  });
}

/** After an I/O error nobody knows what the disk holds: only a new start finds out. */
export function crashWith(log: Logger): (error: unknown) => void {
  return error => {
    log.fatal({ event: 'disk-failed', err: error }, 'the disk failed: the relay stops');
    process.exit(exitCodeOf(error));
  };
}
