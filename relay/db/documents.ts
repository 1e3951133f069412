/**
 * The JSON documents of the embedded database: read once, kept while there is room, replaced whole.
 * Each is `{table: {key: row}}`. A document changes in memory only after it has changed on disk.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Low } from 'lowdb';
import { isAppError } from '../../protocol/errors.ts';
import { diskError, syncFolder } from '../../protocol/host/durable-file.ts';
import { openJsonFile } from '../../protocol/host/durable-json.ts';
import { isIrreplaceable } from './places.ts';

/** Rows by key, by table. */
export type Content = Record<string, Record<string, unknown>>;

export interface Damage {
  path: string;
  message: string;
}

/** Documents kept in memory; a month of one store takes about 100 kB. */
const DOCUMENTS_MAX = 400;

interface Opened {
  low: Low<Content>;
  /** What the disk holds; `low.data` runs ahead of it during a write. */
  committed: Content;
}

export class Documents {
  readonly #folder: string;
  readonly #onDamage: (damage: Damage) => void;
  readonly #opened = new Map<string, Promise<Opened>>();
  /** Ahead of the disk: not to be dropped from memory. */
  #kept = new Set<string>();
  readonly #folders = new Set<string>();

  constructor(folder: string, onDamage: (damage: Damage) => void) {
    this.#folder = folder;
    this.#onDamage = onDamage;
  }

  /** The content on disk; not to be changed. */
  async read(file: string): Promise<Content> {
    return (await this.#open(file)).committed;
  }

  /** Replaces a document on disk. Memory still shows the old one: see `show`. */
  async replace(file: string, content: Content): Promise<void> {
    const path = join(this.#folder, file);
    const opened = await this.#open(file);
    try {
      await this.#makeFolder(dirname(path));
      opened.low.data = content;
      await opened.low.write();
    } catch (error) {
      throw diskError(path, error);
    }
  }

  /** Lets readers see documents that were replaced, all at once. */
  async show(contents: ReadonlyMap<string, Content>): Promise<void> {
    const opened = await Promise.all([...contents.keys()].map(file => this.#open(file)));
    for (const [index, content] of [...contents.values()].entries()) {
      const document = opened[index];
      if (document !== undefined) document.committed = content;
    }
  }

  /** These documents stay in memory until this is called again. */
  keep(files: Iterable<string>): void {
    this.#kept = new Set(files);
  }

  /** Names of all documents below a folder, in no order. */
  async namesBelow(folder: string): Promise<string[]> {
    try {
      const entries = await readdir(join(this.#folder, folder), { withFileTypes: true });
      const found = await Promise.all(
        entries.map(entry => {
          const name = `${folder}/${entry.name}`;
          if (entry.isDirectory()) return this.namesBelow(name);
          return [baseName(name)].filter(known => known !== undefined);
        }),
      );
      return [...new Set(found.flat())];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw diskError(join(this.#folder, folder), error);
    }
  }

  async #open(file: string): Promise<Opened> {
    const known = this.#opened.get(file);
    if (known !== undefined) {
      this.#opened.delete(file);
      this.#opened.set(file, known);
      return await known;
    }
    const opening = this.#load(file);
    this.#opened.set(file, opening);
    this.#dropOldest();
    return await opening;
  }

  async #load(file: string): Promise<Opened> {
    try {
      const path = join(this.#folder, file);
      const options = { onDamage: this.#onDamage };
      const low = await openJsonFile<Content>(path, {}, options).catch(async error => {
        if (!isAppError(error, 'damaged') || isIrreplaceable(file)) throw error;
        await this.#setAside(path);
        return await openJsonFile<Content>(path, {}, options);
      });
      return { low, committed: low.data };
    } catch (error) {
      this.#opened.delete(file);
      throw error;
    }
  }

  /**
   * No good version is left. One store's month, or the list of sessions, must not stop the books of
   * all others: the bytes are kept beside it, and what can be made again is (relay/inbox/repair).
   */
  async #setAside(path: string): Promise<void> {
    const suffix = `.damaged-${randomBytes(4).toString('hex')}`;
    for (const name of [path, `${path}.previous`]) {
      await rename(name, name + suffix).catch(error => {
        if (error.code !== 'ENOENT') throw diskError(name, error);
      });
    }
    await syncFolder(dirname(path));
    const message = `neither version can be read; both are kept as *${suffix}`;
    this.#onDamage({ path, message });
  }

  #dropOldest(): void {
    for (const file of this.#opened.keys()) {
      if (this.#opened.size <= DOCUMENTS_MAX) return;
      if (!this.#kept.has(file)) this.#opened.delete(file);
    }
  }

  /** A new folder's name must survive the plug, too. */
  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    for (let made = path; first !== undefined; made = dirname(made)) {
      await syncFolder(dirname(made));
      if (made === first) break;
    }
    this.#folders.add(path);
  }
}

/** `2026-11.json.previous` stands for `2026-11.json`: the current file may be lost. */
function baseName(name: string): string | undefined {
  if (name.endsWith('.json')) return name;
  return name.endsWith('.json.previous') ? name.slice(0, -'.previous'.length) : undefined;
}
