/**
 * The outbox's one file: lines are appended and synced, or the whole is replaced by a shorter one.
 * What did not fit is cut off again, so that the next line starts on a line of its own. After a
 * failed sync nothing is tried again: the page cache may show what the disk does not hold.
 */
import { type FileHandle, mkdir, open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { diskError, syncFolder, writeFileDurably } from '../../protocol/host/durable-file.ts';

export class OutboxFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #bytes = 0;
  #broken: AppError | undefined;

  constructor(folder: string) {
    this.#path = join(folder, 'outbox.ndjson');
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The file's bytes, ready for appending; undefined when there is none yet. */
  async open(): Promise<Buffer | undefined> {
    try {
      const bytes = await readFile(this.#path);
      this.#bytes = bytes.length;
      this.#handle = await open(this.#path, 'r+');
      return bytes;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw diskError(this.#path, cause);
    }
  }

  /**
   * Writes at the end. With `sync` it resolves when it is on disk.
   * @throws AppError `disk-full`: nothing was written, later calls may fit; `disk-error`: for good
   */
  async append(text: string, sync: boolean): Promise<void> {
    const handle = this.#handle;
    if (this.#broken !== undefined || handle === undefined)
      throw this.#broken ?? new Error('closed');
    const bytes = Buffer.from(text);
    try {
      await this.#write(handle, bytes);
    } catch (cause) {
      await this.#cutOff(handle, cause);
      throw diskError(this.#path, cause);
    }
    if (sync) await handle.datasync().catch(cause => this.#break(cause));
    this.#bytes += bytes.length;
  }

  /** Puts a new content in the file's place, durably. */
  async replace(text: string): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      await writeFileDurably(this.#path, text);
    } catch (error) {
      // Lines that go on into a file without a name would be lost.
      if (!(await this.#isStillThere())) this.#break(error);
      throw error;
    }
    await this.#handle?.close();
    this.#handle = await open(this.#path, 'r+').catch(cause => this.#break(cause));
    this.#bytes = Buffer.byteLength(text);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #isStillThere(): Promise<boolean> {
    const [open, named] = await Promise.all([this.#handle?.stat(), stat(this.#path)]).catch(
      () => [],
    );
    return open !== undefined && open.ino === named?.ino;
  }

  /** A write may take less than it was given (a full disk): goes on until all is taken. */
  async #write(handle: FileHandle, bytes: Buffer): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await handle.write(bytes, done, null, this.#bytes + done);
      if (bytesWritten === 0) throw Object.assign(new Error('nothing written'), { code: 'ENOSPC' });
      done += bytesWritten;
    }
  }

  async #cutOff(handle: FileHandle, cause: unknown): Promise<void> {
    await handle.truncate(this.#bytes).catch(error => this.#break(error));
    if (diskError(this.#path, cause).code !== 'disk-full') this.#break(cause);
  }

  #break(cause: unknown): never {
    this.#broken = new AppError('disk-error', `${this.#path} cannot be written any more`, {
      hint: 'check the disk, then start the till anew; record what was refused again, same id',
      cause,
    });
    throw this.#broken;
  }
}

/** A folder that is there after a power cut too. */
export async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(dirname(made));
}
