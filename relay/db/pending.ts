/**
 * A transaction that changes several documents: its outcome is first written whole into one durable
 * file, then into the documents, then the file goes. After a crash it is carried out again. So the
 * transaction is made at the instant at which this file is on disk, and never by halves.
 */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { readTextIfAny, syncFolder, writeFileDurably } from '../../protocol/host/durable-file.ts';
import { unwrap, wrap } from '../../protocol/host/durable-json.ts';
import type { Content } from './documents.ts';

/** Whole new contents by file name: repeating them does no harm. */
export type Pending = Record<string, Content>;

export class PendingFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws AppError disk-full (nothing was made), disk-error */
  async write(contents: ReadonlyMap<string, Content>): Promise<void> {
    await writeFileDurably(this.#path, wrap(Object.fromEntries(contents)));
  }

  /** @throws AppError `damaged`: going on would leave half a transaction */
  async read(): Promise<Pending | undefined> {
    const text = await readTextIfAny(this.#path);
    if (text === undefined) return undefined;
    const pending = unwrap<Pending>(text);
    if (pending !== undefined) return pending.value;
    throw new AppError('damaged', `${this.#path}: the checksum is wrong`, {
      hint: 'check the disk, then put the database folder back from a backup',
    });
  }

  /** Gone for good before the next change, which it would undo if it came back. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
    await syncFolder(dirname(this.#path));
  }
}
