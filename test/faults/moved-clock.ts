/**
 * A wall clock that a test sets under a running agent (libfaketime reads it from a file). The
 * monotonic clock goes on as it is. Tills and relay in the test ask it for the time that is right.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { tempFolder } from '../support/agent.ts';
import { findTool } from '../support/tools.ts';
import { SHOP_ZONE_MS } from './verifier.ts';

const DAY_MS = 24 * 3_600_000;

export class MovedClock {
  /** For the agent's process. */
  readonly env: Record<string, string>;
  readonly #file: string;
  #rightMs = 0;

  private constructor(file: string) {
    this.#file = file;
    this.env = {
      LD_PRELOAD: findTool('libfaketime') ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Shows so much before the next midnight of the shop. */
  static async beforeMidnight(t: TestContext, beforeMs: number): Promise<MovedClock> {
    const clock = new MovedClock(join(await tempFolder(t), 'clock'));
    await clock.pass(DAY_MS - ((Date.now() + SHOP_ZONE_MS) % DAY_MS) - beforeMs);
    return clock;
  }

  /** The time that is right: what tills and head office have, whatever the agent's clock shows. */
  nowMs(): number {
    return Date.now() + this.#rightMs;
  }

  /** The same, RFC 3339. */
  now(): string {
    return new Date(this.nowMs()).toISOString();
  }

  /** The business date that is right, so many days on. */
  date(daysOn = 0): string {
    return new Date(this.nowMs() + SHOP_ZONE_MS + daysOn * DAY_MS).toISOString().slice(0, 10);
  }

  /** So much time passes, and every clock goes with it. */
  async pass(ms: number): Promise<void> {
    this.#rightMs += ms;
    await this.setWrong(0);
  }

  /** The agent's clock alone shows so much more (or less) than what is right; 0 sets it right. */
  async setWrong(ms: number): Promise<void> {
    const seconds = Math.round((this.#rightMs + ms) / 1000);
    await writeFile(this.#file, `${seconds < 0 ? '' : '+'}${seconds}s\n`);
  }
}
