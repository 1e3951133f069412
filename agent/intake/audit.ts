/**
 * Reads what the checkpoint vouched for once more after a start, the open days only, in the
 * background and without hurry. Damage that it finds is set aside, counted and said; the totals
 * stay right, for the checkpoint knew them.
 */
import type { Logger } from '../../protocol/host/log.ts';
import { diskError } from '../journal/disk.ts';
import type { Memory } from './memory.ts';
import type { StoreCalendar } from './ports.ts';

/** Rest after each MiB, so that sales do not wait for it. */
const REST_MS = 20;

export interface Audit {
  /** Resolves when it has read everything or was stopped. */
  done: Promise<void>;
  stop(): Promise<void>;
}

export function startAudit(memory: Memory, calendar: StoreCalendar, log: Logger): Audit {
  const { journal, believed } = memory;
  let stopped = false;
  let wake = () => {};
  const goOn = async () => {
    if (stopped) return false;
    await new Promise<void>(resolve => {
      wake = resolve;
      setTimeout(resolve, REST_MS).unref();
    });
    return !stopped;
  };
  const audit = async () => {
    for (const date of believed.filter(date => !calendar.isClosed(date))) {
      if (!(await goOn())) return;
      const damaged = await journal.check(date, goOn);
      if (damaged > 0) log.error({ date, damaged }, 'the journal is damaged; its totals are known');
    }
  };
  const done = audit().catch(error => {
    log.error({ err: diskError(error, 'reading the journal again') }, 'the journal cannot be read');
  });
  return {
    done,
    stop: async () => {
      stopped = true;
      wake();
      await done;
    },
  };
}
