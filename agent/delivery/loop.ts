/**
 * A loop that works when it is woken or its wait is over, never twice at once. A bug in its work
 * ends the process (it is thrown out of the loop), trouble outside is the work's own to handle.
 */
import type { Logger } from '../../protocol/host/log.ts';

export interface Loop {
  /** Work soon, whatever wait was left. */
  wake(): void;
  /** No new round; resolves when the one in hand has ended. */
  stop(): Promise<void>;
}

/** setTimeout takes no more. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** @param work one round; gives the ms until the next, or undefined to wait for `wake` */
export function startLoop(work: () => Promise<number | undefined>, log: Logger): Loop {
  let stopped = false;
  let woken = true;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (woken && !stopped) {
      woken = false;
      const waitMs = await work();
      if (waitMs !== undefined && !woken && !stopped) {
        timer = setTimeout(wake, Math.min(Math.max(waitMs, 1), TIMEOUT_MAX_MS));
      }
    }
    running = undefined;
  }

  function wake(): void {
    woken = true;
    clearTimeout(timer);
    if (stopped || running !== undefined) return;
    running = run().catch((error: unknown) => {
      log.fatal({ error }, 'a loop ended by an error of its own');
      throw error;
    });
  }

  setImmediate(wake);
  return {
    wake,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
