/**
 * The relay's own dead-man's switch: an address outside is fetched after a good round of work, so
 * that somebody else notices when the rounds stop. Comes in: every round, good or not. Goes out: a
 * plain GET that says nothing but that we live. Promise: none after a round that failed.
 */
import { request } from 'undici';
import { messageOf } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import type { Db } from '../db/db.ts';
import { type Readiness, watchReadiness } from '../ops/readiness.ts';

const ATTEMPT_MAX_MS = 10_000;
const ANSWER_BYTES_MAX = 16 * 1024;

export interface DeadMansSwitch {
  /** A round of the poster has ended. @param error why it was not good */
  round(error?: unknown): void;
  /** Gives up a call in hand. */
  stop(): Promise<void>;
}

export interface SwitchOptions {
  /** RELAY_HEARTBEAT_URL; off without it. */
  heartbeatUrl?: string | undefined;
  /** At most one call in this time, seconds. */
  heartbeatSeconds: number;
  db: Db;
  clock: () => number;
  log: Logger;
  /** Can the database be written and read? */
  readiness?: Readiness;
}

export function startDeadMansSwitch(options: SwitchOptions): DeadMansSwitch {
  const { heartbeatUrl, db, clock } = options;
  if (heartbeatUrl === undefined) return { round: () => undefined, stop: async () => undefined };
  const readiness = options.readiness ?? watchReadiness(db, clock);
  return new OutsideCall(options, heartbeatUrl, readiness);
}

class OutsideCall implements DeadMansSwitch {
  readonly #options: SwitchOptions;
  readonly #url: string;
  readonly #readiness: Readiness;
  readonly #stopped = new AbortController();
  #inHand: Promise<void> | undefined;
  /** Monotonic, ms: a clock that is set must not keep us silent. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #isHeard = true;

  constructor(options: SwitchOptions, url: string, readiness: Readiness) {
    this.#options = options;
    this.#url = url;
    this.#readiness = readiness;
  }

  round(error?: unknown): void {
    const rested = performance.now() - this.#heardAt >= this.#options.heartbeatSeconds * 1000;
    if (error !== undefined || !rested || this.#inHand !== undefined) return;
    if (this.#stopped.signal.aborted) return;
    this.#inHand = this.#tell().finally(() => {
      this.#inHand = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#inHand;
  }

  async #tell(): Promise<void> {
    try {
      await this.#readiness.check();
    } catch {
      return; // Silence is the message; /readyz and the log say why.
    }
    try {
      await this.#call();
      this.#heardAt = performance.now();
      if (!this.#isHeard)
        this.#options.log.info({ event: 'heartbeat' }, 'heartbeat is heard again');
      this.#isHeard = true;
    } catch (error) {
      if (this.#isHeard && !this.#stopped.signal.aborted) this.#warn(error);
      this.#isHeard = false;
    }
  }

  async #call(): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(ATTEMPT_MAX_MS), this.#stopped.signal]);
    const headers = { 'user-agent': 'tillbook-relay' };
    const { statusCode, body } = await request(this.#url, { method: 'GET', headers, signal });
    await body.dump({ limit: ANSWER_BYTES_MAX, signal });
    if (statusCode < 200 || statusCode > 299) throw new Error(`it answered ${statusCode}`);
  }

  /** Whoever has the whole address could pretend that we live: only its host is told. */
  #warn(error: unknown): void {
    const { host } = new URL(this.#url);
    const message = messageOf(error).replaceAll(this.#url, host);
    this.#options.log.warn({ event: 'heartbeat', host, message }, 'heartbeat is not heard');
  }
}
