/**
 * Whether the machine's clock may be believed when a day is closed. Behind: before the last record
 * or the build, so a close would be for a wrong day. Suspect: more than 48 h ahead of what was seen
 * last (a flat battery, a wrong hand); the relay's time, a terminal or staff can confirm it.
 */
import type { Logger } from '../../protocol/host/log.ts';
import type { Clock } from '../clock.ts';
import type { StateFile } from '../state.ts';

/** No clock that is right shows less. */
export const BUILT_MS = Date.UTC(2026, 0, 1);
/** A clock set back by time synchronisation stays within this. */
const BACK_TOLERANCE_MS = 5 * 60_000;
export const JUMP_MAX_MS = 48 * 3_600_000;
/** How near a terminal's or the relay's time must be to confirm ours. */
const AGREEMENT_MS = 60 * 60_000;
/** The time seen last is written this often: the jump to find is 48 h. */
const REMEMBER_EVERY_MS = 3_600_000;

export type ClockVerdict = 'right' | 'behind-build' | 'behind-records' | 'suspect';

export interface ClockWatch {
  verdict(): ClockVerdict;
  /** Looks at the clock; call at least once a minute. */
  check(): Promise<ClockVerdict>;
  /** Somebody else's time: if it agrees with ours, ours is right. */
  hear(otherMs: number): Promise<void>;
  /** Staff say that the clock is right. */
  confirm(): Promise<void>;
}

export function watchClock(parts: {
  clock: Clock;
  state: StateFile;
  /** Newest receipt time of any record, ms; 0 when there is none. */
  lastRecordMs: () => number;
  /** A doubt is over: what waited for it may go on. */
  onBelieved: () => void;
  log: Logger;
}): ClockWatch {
  const { clock, state, lastRecordMs, onBelieved, log } = parts;
  let rememberedMs = state.data.clock.seenMs;
  let seenMs = rememberedMs;

  function verdict(): ClockVerdict {
    const nowMs = clock.nowMs();
    const { forgivenMs, suspect } = state.data.clock;
    const recordMs = lastRecordMs();
    if (nowMs < BUILT_MS) return 'behind-build';
    if (recordMs > forgivenMs && nowMs < recordMs - BACK_TOLERANCE_MS) return 'behind-records';
    return suspect || nowMs - seenMs > JUMP_MAX_MS ? jumpVerdict() : 'right';
  }

  /** Nothing seen before: the first start of this machine proves nothing against its clock. */
  function jumpVerdict(): ClockVerdict {
    return seenMs === 0 ? 'right' : 'suspect';
  }

  async function remember(suspect: boolean): Promise<void> {
    rememberedMs = seenMs;
    await state.note(({ clock: known }) => {
      known.seenMs = seenMs;
      known.suspect = suspect;
    });
  }

  async function believe(): Promise<void> {
    seenMs = clock.nowMs();
    rememberedMs = seenMs;
    await state.note(({ clock: known }) => {
      known.seenMs = seenMs;
      known.suspect = false;
      known.forgivenMs = Math.max(known.forgivenMs, lastRecordMs());
    });
    onBelieved();
  }

  return {
    verdict,
    async check() {
      if (isBelieved(lastRecordMs(), seenMs, state)) seenMs = lastRecordMs();
      const found = verdict();
      if (found === 'suspect' && !state.data.clock.suspect) {
        log.error({ seen: seenMs, now: clock.nowMs() }, 'clock jumped forward, days stay open');
        await remember(true);
      }
      if (found !== 'right') return found;
      seenMs = clock.nowMs();
      if (Math.abs(seenMs - rememberedMs) > REMEMBER_EVERY_MS) await remember(false);
      return found;
    },
    async hear(otherMs) {
      if (verdict() === 'right' || clock.nowMs() < BUILT_MS) return;
      if (Math.abs(otherMs - clock.nowMs()) <= AGREEMENT_MS) await believe();
    },
    confirm: believe,
  };
}

/**
 * Whether a record tells how late it is: not when it was forgiven, nor when it is itself a jump ahead.
 * Sales are taken whatever the clock shows, and their receipt times must not vouch for it.
 */
function isBelieved(recordMs: number, seenMs: number, state: StateFile): boolean {
  if (seenMs === 0 || recordMs <= state.data.clock.forgivenMs) return false;
  return recordMs > seenMs && recordMs - seenMs <= JUMP_MAX_MS;
}
