/**
 * What makes the day close look: node-cron at the cut-over, and once a minute because a timer can be
 * slept through, lost in a power cut, or skipped where midnight does not exist.
 */
import { type ScheduledTask, schedule } from 'node-cron';
import type { AppError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import { type Loop, startLoop } from '../delivery/loop.ts';
import { troubleOf } from '../trouble.ts';
import type { DayClose } from './day-close.ts';
import type { ShopCalendar } from './store-calendar.ts';

const CHECK_EVERY_MS = 60_000;
/** Seconds after the cut-over, when the last sales have reached the disk. */
const AFTER_CUT_OVER_S = 3;

export function startDayClock(parts: {
  dayClose: DayClose;
  calendar: ShopCalendar;
  log: Logger;
}): Loop {
  const { calendar, dayClose, log } = parts;
  let timer: { rule: string; task: ScheduledTask } | undefined;

  async function check(): Promise<number> {
    setTimer();
    try {
      await dayClose.check();
    } catch (error) {
      // What passes is tried again in a minute; a dying disk, or a bug, ends the agent.
      const trouble = troubleOf(error, 'closing the day');
      if (trouble === undefined || isDying(trouble)) throw error;
      log.error({ error: trouble }, 'the day cannot be closed now, it will be tried again');
    }
    return CHECK_EVERY_MS;
  }

  const loop = startLoop(check, log);

  function setTimer(): void {
    const { timezone, cutOver } = calendar.ruleOf(calendar.today());
    const rule = `${timezone} ${cutOver}`;
    if (timer?.rule === rule) return;
    void timer?.task.destroy();
    const [hours, minutes] = cutOver.split(':').map(Number);
    const expression = `${AFTER_CUT_OVER_S} ${minutes} ${hours} * * *`;
    timer = { rule, task: schedule(expression, () => loop.wake(), { timezone }) };
  }

  return {
    wake: loop.wake,
    async stop() {
      await timer?.task.destroy();
      await loop.stop();
    },
  };
}

function isDying({ code, retryable }: AppError): boolean {
  return code === 'disk-error' && !retryable;
}
