/**
 * How long to wait after a failure: full jitter (a random share of a doubling limit, capped), so
 * that a thousand shops do not all come back in the same second after an outage of the relay.
 * (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
 */

const BASE_MS = 2_000;
export const BACK_OFF_MAX_MS = 5 * 60_000;
/** Never at once: a relay that says no by itself in a millisecond must not be hammered. */
const BACK_OFF_MIN_MS = 500;

/**
 * @param failures attempts that have failed in a row, from 1
 * @param random 0 ≤ random < 1
 * @returns ms to wait
 */
export function backOffMs(failures: number, random: number): number {
  const limit = Math.min(BACK_OFF_MAX_MS, BASE_MS * 2 ** Math.min(failures - 1, 20));
  return Math.max(BACK_OFF_MIN_MS, Math.round(limit * random));
}
