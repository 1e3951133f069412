/** When the relay ends: told by SIGTERM or Ctrl+C, and in any case soon after. */

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
