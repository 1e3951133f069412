/**
 * One append-only file of chained lines with group commit: everything that waits when a sync ends
 * shares the next one. Comes in: the body of a line. Goes out: `synced` once the line would survive
 * the plug, or `failed`. A full disk cuts the file back to its last synced line and may heal; any
 * other write or sync error is final: the file takes nothing more (a sync is never tried again).
 */
import { dirname } from 'node:path';
import { AppError, messageOf } from '../../protocol/errors.ts';
import { Batch } from './batch.ts';
import type { ChainState } from './chain.ts';
import { type Disk, type DiskFile, diskError, writeAll } from './disk.ts';

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
  /** Filled while the other batch is on its way to the disk. */
  #queue = new Batch<Waiter>();
  #spare = new Batch<Waiter>();
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
    this.#spare = new Batch();
    await file?.close();
  }

  async #run(): Promise<void> {
    while (this.#queue.waiting.length > 0) {
      const batch = this.#queue;
      const after = this.#tail;
      this.#queue = this.#spare;
      const error = await this.#commit(batch.bytes);
      if (error === undefined) {
        // In one turn: whoever looks sees the file's state together with what was made of its lines.
        this.#synced = after;
        for (const { waiter, offset } of batch.waiting) waiter.synced(offset);
      } else this.#refuse(batch, error);
      batch.clear();
      this.#spare = batch;
    }
    this.#running = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Writes and syncs one batch; gives the error instead of throwing it. */
  async #commit(bytes: Buffer): Promise<AppError | undefined> {
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
    try {
      await writeAll(this.#file, bytes, this.#synced.size);
    } catch (error) {
      const failure = diskError(error, `writing ${this.path}`);
      if (failure.code !== 'disk-full') return this.#break(error, `writing ${this.path}`);
      return await this.#cutBack(failure);
    }
    try {
      await this.#file.datasync();
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

  /** The batch and all that was chained onto it since. */
  #refuse(batch: Batch<Waiter>, error: AppError): void {
    const refused = [...batch.waiting, ...this.#queue.waiting];
    this.#queue.clear();
    this.#tail = this.#synced;
    for (const { waiter } of refused) waiter.failed(error);
  }
}
