/** `clock`: what the agent thinks of this machine's clock, and staff's word that it is right. */
import { formatInstant } from '../../protocol/business-date.ts';
import { command } from './command.ts';
import type { Core } from './core.ts';

const WORDS = {
  right: 'The clock is believed.',
  'behind-build': 'The clock is behind this program: set it.',
  'behind-records': 'The clock is behind the newest sale: set it, or confirm it.',
  suspect: 'The clock has jumped forward: set it, or confirm it.',
} as const;

const show = command({
  name: 'clock show',
  usage: '[--json]',
  summary: "Says whether this machine's clock is believed.",
  async work(core) {
    return { now: nowOf(core), verdict: await core.watch.check() };
  },
  print: ({ now, verdict }) => `${now}\n${WORDS[verdict]}`,
  found: ({ verdict }) => verdict !== 'right',
});

const confirm = command({
  name: 'clock confirm',
  usage: '',
  summary: "Tells the agent that this machine's date and time are right, so that days are closed.",
  async work(core) {
    const { clock, log, watch } = core;
    await watch.confirm();
    log.warn({ event: 'clock-confirmed', now: clock.nowMs() }, 'clock confirmed by staff');
    return { now: nowOf(core), verdict: watch.verdict() };
  },
  print: ({ now, verdict }) => `${now}\n${WORDS[verdict]}`,
  found: ({ verdict }) => verdict !== 'right',
});

/** As the clock on the shop's wall would show it. */
function nowOf({ clock, observe }: Core): string {
  return formatInstant(clock.nowMs(), observe().timezone);
}

export const clockCommands = [show, confirm];
