/**
 * Keeps the checkpoint fresh: after so many messages, every few hours, and at the end. A failure is
 * logged and changes nothing: the next start only takes longer.
 */
import type { Logger } from '../../protocol/host/log.ts';
import type { Disk } from '../journal/disk.ts';
import { keepMemory, type Memory } from './memory.ts';

/** Messages between two checkpoints: half a second of replay. */
const EVERY_MESSAGES = 20_000;
const EVERY_MS = 6 * 3_600_000;

export interface KeeperOptions {
  disk: Disk;
  dataDir: string;
  log: Logger;
  memory: Memory;
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #timer: NodeJS.Timeout;
  #sinceLast: number;
  #writing: Promise<void> | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#write(), EVERY_MS);
    this.#timer.unref();
    this.#sinceLast = options.memory.replayed;
    if (this.#sinceLast >= EVERY_MESSAGES) this.#write();
  }

  /** One more message is on disk. */
  count(): void {
    this.#sinceLast += 1;
    if (this.#sinceLast >= EVERY_MESSAGES) this.#write();
  }

  /** Writes one now, whatever came in since the last. */
  async now(): Promise<void> {
    await this.#writing;
    this.#sinceLast += 1;
    this.#write();
    await this.#writing;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    this.#write();
    await this.#writing;
  }

  #write(): void {
    if (this.#writing !== undefined || this.#sinceLast === 0) return;
    const { disk, dataDir, memory, log } = this.#options;
    this.#sinceLast = 0;
    // In the next turn: the lines of the batch that is being counted are all counted then.
    this.#writing = new Promise(setImmediate)
      .then(() => keepMemory(disk, dataDir, memory))
      .catch(error => log.warn({ err: error }, 'the checkpoint was not written'))
      .finally(() => {
        this.#writing = undefined;
      });
  }
}
