/**
 * How fast one terminal may go. A till that empties its outbox is never held up; one that has gone
 * wild gets its acknowledgements later and later, so that it fills neither the disk nor the
 * quarantine and keeps nobody else waiting. Nothing is refused for it.
 */
import type { Clock } from '../clock.ts';

/** Months of an ordinary till's messages at full speed, then this many a second. */
const MESSAGES = { burst: 500_000, perSecond: 200 };
/** Messages that had to be set aside. */
const BROKEN = { burst: 500, perSecond: 5 };
const DELAY_MAX_MS = 5000;

interface Allowance {
  burst: number;
  perSecond: number;
}

interface Bucket {
  left: number;
  filledMs: number;
}

export class Pace {
  readonly #clock: Clock;
  readonly #messages = new Map<string, Bucket>();
  readonly #broken = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long to hold this message's acknowledgement back, ms; 0 for all but a wild terminal. */
  delayMs(terminal: string, broken: boolean): number {
    const delay = this.#take(this.#messages, MESSAGES, terminal);
    return broken ? Math.max(delay, this.#take(this.#broken, BROKEN, terminal)) : delay;
  }

  forget(terminal: string): void {
    this.#messages.delete(terminal);
    this.#broken.delete(terminal);
  }

  #take(buckets: Map<string, Bucket>, { burst, perSecond }: Allowance, terminal: string): number {
    const nowMs = this.#clock.nowMs();
    let bucket = buckets.get(terminal);
    if (bucket === undefined) {
      bucket = { left: burst, filledMs: nowMs };
      buckets.set(terminal, bucket);
    }
    const sinceMs = Math.max(0, nowMs - bucket.filledMs);
    bucket.filledMs = nowMs;
    bucket.left = Math.min(burst, bucket.left + (sinceMs * perSecond) / 1000) - 1;
    if (bucket.left >= 0) return 0;
    return Math.min(DELAY_MAX_MS, Math.ceil((-bucket.left * 1000) / perSecond));
  }
}
