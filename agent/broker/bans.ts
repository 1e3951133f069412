/**
 * Who failed to sign in too often is not listened to for a while. A ban hits one user name at one
 * address, so that neither a neighbour behind the same router nor a stranger who guesses at a
 * terminal's name can lock a good terminal out. Unknown names at an address share one count.
 */
import type { Clock } from '../clock.ts';

const FAILURES_MAX = 10;
const FORGET_AFTER_MS = 10 * 60_000;
const BAN_MS = 60_000;
const ENTRIES_MAX = 10_000;

interface Failures {
  count: number;
  lastMs: number;
  bannedUntilMs: number;
}

export class Bans {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isBanned(address: string, user: string): boolean {
    const failures = this.#failures.get(`${address} ${user}`);
    const nowMs = this.#clock.nowMs();
    // A clock that was set back must not make a ban last for years.
    return failures !== undefined && nowMs < failures.bannedUntilMs && nowMs >= failures.lastMs;
  }

  /** @returns true when this failure began a ban */
  fail(address: string, user: string): boolean {
    const key = `${address} ${user}`;
    const nowMs = this.#clock.nowMs();
    const before = this.#failures.get(key);
    const recent = before !== undefined && Math.abs(nowMs - before.lastMs) < FORGET_AFTER_MS;
    const count = (recent ? before.count : 0) + 1;
    const banned = count % FAILURES_MAX === 0;
    const bannedUntilMs = banned ? nowMs + BAN_MS : 0;
    this.#failures.delete(key);
    this.#failures.set(key, { count, lastMs: nowMs, bannedUntilMs });
    if (this.#failures.size > ENTRIES_MAX) this.#dropOldest();
    return banned;
  }

  succeed(address: string, user: string): void {
    this.#failures.delete(`${address} ${user}`);
  }

  /** A new password: whatever was tried before is forgotten. */
  forgive(user: string): void {
    for (const key of this.#failures.keys()) {
      if (key.endsWith(` ${user}`)) this.#failures.delete(key);
    }
  }

  #dropOldest(): void {
    const oldest = this.#failures.keys().next().value;
    if (oldest !== undefined) this.#failures.delete(oldest);
  }
}
