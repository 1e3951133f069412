/**
 * One append-only file of chained lines with group commit: everything that waits when a sync begins
 * shares it. Comes in: the body of a line. Goes out: `synced` once the line would survive the plug,
 * or `failed`. A full disk cuts the file back to its last synced line and may heal; any other write
 * or sync error is final: the file takes nothing more (a sync is never tried again).
 */
import { dirname } from 'node:path';
import { AppError, messageOf } from '../../protocol/errors.ts';
import { Batch } from './batch.ts';
import type { ChainState } from './chain.ts';
import { type Disk, type DiskFile, diskError, writeAll } from './disk.ts';

/**
 * Writes before a sync. While the first goes on, tills that were just acknowledged send their next
 * sale: with a second write it shares the sync instead of waiting for one of its own.
 */
const WRITES_MAX = 2;

export interface Waiter {
  /** @param offset where the line begins, bytes */
  synced(offset: number): void;
  failed(error: AppError): void;
}

export class ChainFile {
  readonly path: string;
  readonly #disk: Disk;
  readonly #onBroken: (error: AppError) => void;
  #file: DiskFile | undefined;
  #synced: ChainState;
  /** What the chain will be once everything queued is on disk. */
  #tail: ChainState;
  /** Filled while others are on their way to the disk. */
  #queue = new Batch<Waiter>();
  #spares: Batch<Waiter>[] = [];
  #running = false;
  #broken: AppError | undefined;
  #whenIdle: (() => void)[] = [];

  /** @param state what is on disk already */
  constructor(disk: Disk, path: string, state: ChainState, onBroken: (error: AppError) => void) {
    this.#disk = disk;
    this.path = path;
    this.#synced = state;
    this.#tail = state;
    this.#onBroken = onBroken;
  }

  /** What would survive the plug. */
  get state(): ChainState {
    return this.#synced;
  }

  get idle(): boolean {
    return !this.#running;
  }

  /**
   * Takes a place in the chain at once; the waiter hears of it later.
   * @returns how many lines the file will have with this one
   */
  append(body: string, waiter: Waiter): number {
    const { entries } = this.#tail;
    if (this.#broken !== undefined) {
      waiter.failed(this.#broken);
      return entries;
    }
    this.#tail = this.#queue.add(body, waiter, this.#tail);
    if (!this.#running) {
      this.#running = true;
      // A turn of the loop later: everything the sockets hold now shares the first sync.
      setImmediate(() => void this.#run());
    }
    return entries + 1;
  }

  /** The same, as a promise of the line's offset and number. @throws AppError disk errors */
  async appended(body: string): Promise<{ offset: number; line: number }> {
    let line = 0;
    const offset = await new Promise<number>((synced, failed) => {
      line = this.append(body, { synced, failed });
    });
    return { offset, line };
  }

  /** Resolves when nothing is queued or in flight; does not say whether it worked. */
  async settle(): Promise<void> {
    if (!this.#running) return;
    await new Promise<void>(resolve => this.#whenIdle.push(resolve));
  }

  /** Lets go of handle and buffers; the next append opens the file again. Only when idle. */
  async release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#queue = new Batch();
    this.#spares = [];
    await file?.close();
  }

  async #run(): Promise<void> {
    while (this.#queue.waiting.length > 0) {
      const batches: Batch<Waiter>[] = [];
      let after = this.#synced;
      let error = await this.#open();
      while (error === undefined && batches.length < WRITES_MAX && this.#queue.waiting.length > 0) {
        const batch = this.#closeQueue();
        const { size } = after;
        after = this.#tail;
        batches.push(batch);
        error = await this.#write(batch.bytes, size);
      }
      error ??= await this.#sync();
      if (error === undefined) {
        // In one turn: whoever looks sees the file's state together with what was made of its lines.
        this.#synced = after;
        for (const batch of batches) {
          for (const { waiter, offset } of batch.waiting) waiter.synced(offset);
        }
      } else this.#refuse(batches, error);
      for (const batch of batches) batch.clear();
      this.#spares.push(...batches);
    }
    this.#running = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** What comes from now on waits in another batch. */
  #closeQueue(): Batch<Waiter> {
    const batch = this.#queue;
    this.#queue = this.#spares.pop() ?? new Batch();
    return batch;
  }

  /** Gives the error instead of throwing it, as the next two do. */
  async #open(): Promise<AppError | undefined> {
    if (this.#broken !== undefined) return this.#broken;
    try {
      this.#file ??= await this.#disk.open(this.path);
    } catch (error) {
      return diskError(error, `opening ${this.path}`);
    }
    try {
      if (this.#synced.size === 0) await this.#disk.syncFolder(dirname(this.path));
    } catch (error) {
      return this.#break(error, `syncing the folder of ${this.path}`);
    }
    return undefined;
  }

  /** Without a file there is nothing to acknowledge. */
  #opened(): DiskFile {
    if (this.#file === undefined) throw new Error(`${this.path} is not open`);
    return this.#file;
  }

  async #write(bytes: Buffer, position: number): Promise<AppError | undefined> {
    try {
      await writeAll(this.#opened(), bytes, position);
    } catch (error) {
      const failure = diskError(error, `writing ${this.path}`);
      if (failure.code !== 'disk-full') return this.#break(error, `writing ${this.path}`);
      return await this.#cutBack(failure);
    }
    return undefined;
  }

  async #sync(): Promise<AppError | undefined> {
    try {
      await this.#opened().datasync();
    } catch (error) {
      return this.#break(error, `syncing ${this.path}`);
    }
    return undefined;
  }

  /** The file ends again with its last synced line: a reader never sees half of one. */
  async #cutBack(full: AppError): Promise<AppError> {
    try {
      await this.#file?.truncate(this.#synced.size);
      return full;
    } catch (error) {
      return this.#break(error, `cutting back ${this.path}`);
    }
  }

  /** A sync may fail for want of room too: what the disk holds is then unknown all the same. */
  #break(cause: unknown, doing: string): AppError {
    const error = new AppError('disk-error', `the disk failed ${doing}: ${messageOf(cause)}`, {
      hint: 'Check the disk (dmesg, smartctl); the agent starts again by itself.',
      cause,
    });
    this.#broken = error;
    this.#onBroken(error);
    return error;
  }

  /** The batches and all that was chained onto them since. */
  #refuse(batches: readonly Batch<Waiter>[], error: AppError): void {
    const refused = [...batches, this.#queue].flatMap(({ waiting }) => waiting);
    this.#queue.clear();
    this.#tail = this.#synced;
    for (const { waiter } of refused) waiter.failed(error);
  }
}
