/**
 * lowdb with an adapter that survives power loss. lowdb's own writer never syncs and takes `null`
 * or an empty file for "no data yet"; this one writes durably with a checksum, keeps the version
 * before, and falls back to it, loudly, when the current file is damaged. The only user of lowdb.
 */
import { createHash } from 'node:crypto';
import { copyFile, link, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Adapter, Low } from 'lowdb';
import { AppError } from '../errors.ts';
import { diskError, readTextIfAny, syncFolder, writeTemporary } from './durable-file.ts';

export interface JsonFileOptions {
  /** Told when the current file was damaged and the version before is used. */
  onDamage?: (damage: { path: string; message: string }) => void;
}

/**
 * Opens a JSON document. `low.data` is the content (or `defaults`); `await low.write()` is durable.
 * The document of a file that never existed is `defaults`.
 * @throws AppError `damaged` when neither the file nor its previous version can be read
 */
export async function openJsonFile<Data>(
  path: string,
  defaults: Data,
  options: JsonFileOptions = {},
): Promise<Low<Data>> {
  const low = new Low<Data>(new DurableJsonAdapter<Data>(path, options), defaults);
  await low.read();
  return low;
}

/** `{"sha256": …, "data": …}`; writes queue up in the order in which they were asked for. */
export class DurableJsonAdapter<Data> implements Adapter<Data> {
  readonly #path: string;
  readonly #options: JsonFileOptions;
  #queue: Promise<void> = Promise.resolve();

  constructor(path: string, options: JsonFileOptions = {}) {
    this.#path = path;
    this.#options = options;
  }

  async read(): Promise<Data | null> {
    const current = await readTextIfAny(this.#path);
    const previous = await readTextIfAny(this.#previousPath);
    if (current === undefined && previous === undefined) return null;
    const data = current === undefined ? undefined : unwrap<Data>(current);
    if (data !== undefined) return data.value;
    const before = previous === undefined ? undefined : unwrap<Data>(previous);
    const message = current === undefined ? 'the file is missing' : 'the checksum is wrong';
    if (before === undefined) {
      throw new AppError('damaged', `${this.#path}: ${message}, and there is no good copy of it`, {
        hint: 'put the file back from a backup; deploy/README.md says how',
      });
    }
    this.#options.onDamage?.({ path: this.#path, message });
    return before.value;
  }

  write(data: Data): Promise<void> {
    const text = wrap(data);
    const write = this.#queue.then(() => this.#replace(text));
    // The next write must not fail for the one before it: its own caller has been told.
    this.#queue = write.catch(() => undefined);
    return write;
  }

  get #previousPath(): string {
    return `${this.#path}.previous`;
  }

  async #replace(text: string): Promise<void> {
    const temporary = await writeTemporary(this.#path, text, 0o600);
    try {
      await this.#keepPrevious();
      await rename(temporary, this.#path);
      await syncFolder(dirname(this.#path));
    } catch (cause) {
      await rm(temporary, { force: true });
      throw diskError(this.#path, cause);
    }
  }

  /** A second name for the current file, only if it is good: a bad one must not replace a good copy. */
  async #keepPrevious(): Promise<void> {
    const current = await readTextIfAny(this.#path);
    if (current === undefined || goodJsonOf(current) === undefined) return;
    const name = `${this.#previousPath}.tmp`;
    await rm(name, { force: true });
    try {
      await link(this.#path, name);
    } catch {
      await copyFile(this.#path, name); // FAT and some network disks have no hard links.
    }
    await rename(name, this.#previousPath);
    // rename(2) does nothing when both names are one file already, as after a kill right here.
    await rm(name, { force: true });
  }
}

/** The text of a file: the data with its checksum. */
export function wrap(data: unknown): string {
  const json = JSON.stringify(data, null, 1);
  return `{"sha256":"${checksum(json)}","data":${json}}\n`;
}

/** Undefined when the text is not what `wrap` made. */
export function unwrap<Data>(text: string): { value: Data } | undefined {
  const json = goodJsonOf(text);
  return json === undefined ? undefined : { value: JSON.parse(json) as Data };
}

/** Undefined when the checksum is wrong. */
function goodJsonOf(text: string): string | undefined {
  const match = /^\{"sha256":"([0-9a-f]{64})","data":([\s\S]*)\}\n$/.exec(text);
  return match?.[2] !== undefined && checksum(match[2]) === match[1] ? match[2] : undefined;
}

function checksum(json: string): string {
  return createHash('sha256').update(json).digest('hex');
}
