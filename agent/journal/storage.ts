/**
 * Room on the disk. Watches the free space, refuses sales below the reserve, and keeps a ballast
 * file that is let go when even the small files of a day close would not fit. Heals by itself.
 */
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { type Disk, writeAll } from './disk.ts';

const MIB = 1024 * 1024;
/** Room for the small files of many day closes; never more than the reserve that it is part of. */
const BALLAST_BYTES_MAX = 4 * MIB;
const CHECK_EVERY_MS = 1000;
const CHUNK_BYTES = 256 * 1024;

export interface StorageStatus {
  /** Can sales be stored? */
  ready: boolean;
  /** Why not, a sentence with the fix; '' when ready. */
  reason: string;
  freeBytes: number;
  totalBytes: number;
}

export interface StorageOptions {
  disk: Disk;
  folder: string;
  reserveBytes: number;
}

export class Storage {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #reserveBytes: number;
  readonly #ballastBytes: number;
  #space = { freeBytes: Number.POSITIVE_INFINITY, totalBytes: 0 };
  #broken: AppError | undefined;
  #refusal: AppError | undefined;
  #hasBallast = false;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();

  constructor({ disk, folder, reserveBytes }: StorageOptions) {
    this.#disk = disk;
    this.#folder = folder;
    this.#reserveBytes = reserveBytes;
    this.#ballastBytes = Math.min(BALLAST_BYTES_MAX, reserveBytes);
  }

  async start(): Promise<void> {
    this.#hasBallast = await this.#findBallast();
    await this.#check();
    this.#timer = setInterval(() => {
      this.#checking = this.#check();
    }, CHECK_EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#checking;
  }

  get status(): StorageStatus {
    const error = this.#broken ?? this.refusal();
    const reason = error === undefined ? '' : `${error.message}. ${error.hint ?? ''}`;
    return { ready: error === undefined, reason, ...this.#space };
  }

  /** Why nothing can be stored now, if so. */
  refusal(): AppError | undefined {
    return this.#broken ?? this.#refusal;
  }

  /** Counts what is being written until the disk is asked again. */
  use(bytes: number): void {
    this.#space.freeBytes -= bytes;
    if (this.#space.freeBytes < this.#reserveBytes) this.#judge();
  }

  /** The disk failed for good; sales are refused until the agent starts again. */
  break(error: AppError): void {
    this.#broken = error;
  }

  /** A write did not fit although there seemed to be room: refuse until the next look. */
  full(error: AppError): void {
    this.#refusal ??= error;
  }

  async #check(): Promise<void> {
    try {
      this.#space = await this.#disk.space(this.#folder);
    } catch (cause) {
      this.#refusal = new AppError('disk-error', 'the free space cannot be read', { cause });
      return;
    }
    // Without a ballast sales go on; the next look tries again.
    await this.#keepBallast().catch(() => undefined);
    this.#judge();
  }

  #judge(): void {
    const { freeBytes } = this.#space;
    if (freeBytes >= this.#reserveBytes) this.#refusal = undefined;
    else {
      const free = Math.max(0, Math.floor(freeBytes / MIB));
      const reserve = Math.ceil(this.#reserveBytes / MIB);
      this.#refusal = new AppError(
        'disk-full',
        `the disk has ${free} MiB left, ${reserve} MiB are kept in reserve (AGENT_DISK_RESERVE_MB)`,
        { hint: 'Free disk space; sales are taken again by themselves.', retryable: true },
      );
    }
  }

  /** Made while there is plenty; let go when nearly nothing is left. */
  async #keepBallast(): Promise<void> {
    const { freeBytes } = this.#space;
    const path = this.#ballastPath;
    if (this.#hasBallast && freeBytes < this.#ballastBytes / 2) {
      await this.#disk.remove(path);
      this.#hasBallast = false;
      this.#space = await this.#disk.space(this.#folder);
    } else if (!this.#hasBallast && freeBytes > this.#reserveBytes + 4 * this.#ballastBytes) {
      await this.#makeBallast(path);
      this.#hasBallast = true;
    }
  }

  get #ballastPath(): string {
    return join(this.#folder, 'ballast');
  }

  /** One of another size was left by a crash, or by another setting. */
  async #findBallast(): Promise<boolean> {
    const file = await this.#disk.openToRead(this.#ballastPath);
    if (file === undefined) return false;
    const size = await file.size();
    await file.close();
    if (size === this.#ballastBytes) return true;
    await this.#disk.remove(this.#ballastPath);
    return false;
  }

  /** Real bytes: a file with holes would keep no room. */
  async #makeBallast(path: string): Promise<void> {
    const file = await this.#disk.open(path);
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES, 0x62);
      for (let at = 0; at < this.#ballastBytes; at += CHUNK_BYTES) await writeAll(file, chunk, at);
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}
