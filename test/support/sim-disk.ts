/**
 * A disk in memory that forgets like a real one. What was written is seen at once, but survives the
 * plug only after a sync; what was not synced may survive in part, torn and in any order. A failed
 * sync loses its pages for good although they are still seen. The process can die at any call.
 */
import { dirname } from 'node:path';
import type { Disk, DiskFile } from '../../agent/journal/disk.ts';

/** One change that is not yet safe. `lost`: its sync failed, so no later sync saves it. */
type Change = { lost: boolean } & ({ at: number; bytes: Buffer } | { length: number });

interface Inode {
  durable: Buffer;
  changes: Change[];
  seen: Buffer;
}

interface NameChange {
  folder: string;
  apply(names: Map<string, Inode>): void;
}

export interface SimFaults {
  /** Chances from 0 to 1. */
  shortWrite: number;
  full: number;
  syncError: number;
}

/** The canary's disk says that it synced and has not. */
export type Honesty = 'honest' | 'lies';

export class SimDisk {
  readonly #random: () => number;
  readonly #honesty: Honesty;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #nameChanges: NameChange[] = [];
  #folders = new Set<string>();
  #callsLeft = Number.POSITIVE_INFINITY;
  /** Counts the lives of the process: calls of a life that is over never return. */
  #life = 0;
  faults: SimFaults = { shortWrite: 0, full: 0, syncError: 0 };

  constructor(random: () => number, honesty: Honesty = 'honest') {
    this.#random = random;
    this.#honesty = honesty;
  }

  /** The process dies after this many more calls. */
  dieAfter(calls: number): void {
    this.#callsLeft = calls;
  }

  get isDead(): boolean {
    return this.#callsLeft <= 0;
  }

  /** kill -9: what was written is still seen. */
  kill(): void {
    this.#life += 1;
    this.#callsLeft = Number.POSITIVE_INFINITY;
  }

  /** The plug is pulled: of what was not synced anything may survive, or half of it. */
  pullPlug(): void {
    this.kill();
    for (const change of this.#nameChanges)
      if (this.#random() < 0.5) change.apply(this.#durableNames);
    this.#nameChanges = [];
    this.#names = new Map(this.#durableNames);
    for (const inode of new Set(this.#names.values())) {
      const kept = inode.changes
        .filter(() => this.#random() < 0.5)
        .map(change => this.#tear(change));
      inode.durable = kept.reduce(applyChange, inode.durable);
      inode.changes = [];
      inode.seen = inode.durable;
    }
  }

  /** This life's view of the disk. */
  port(): Disk {
    const life = this.#life;
    const call = <Result>(work: () => Result): Promise<Result> => this.#call(life, work);
    return {
      open: path => call(() => this.#fileOf(life, this.#open(path))),
      openToRead: path =>
        call(() => {
          const inode = this.#names.get(path);
          return inode === undefined ? undefined : this.#fileOf(life, inode);
        }),
      makeFolder: path => call(() => void this.#folders.add(path)),
      list: folder =>
        call(() =>
          [...this.#names.keys()]
            .filter(path => dirname(path) === folder)
            .map(path => path.slice(folder.length + 1))
            .sort(),
        ),
      syncFolder: path => call(() => this.#syncFolder(path)),
      rename: (from, to) =>
        call(() => {
          const inode = this.#names.get(from);
          if (inode === undefined) throw errno('ENOENT');
          this.#changeNames(dirname(to), names => {
            names.delete(from);
            names.set(to, inode);
          });
        }),
      remove: path => call(() => this.#changeNames(dirname(path), names => names.delete(path))),
      space: () => call(() => ({ freeBytes: 2 ** 30, totalBytes: 2 ** 31 })),
    };
  }

  #call<Result>(life: number, work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      queueMicrotask(() => {
        if (life !== this.#life || this.#callsLeft <= 0) return;
        this.#callsLeft -= 1;
        if (this.#callsLeft <= 0) return;
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #open(path: string): Inode {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    const inode: Inode = { durable: Buffer.alloc(0), changes: [], seen: Buffer.alloc(0) };
    this.#changeNames(dirname(path), names => names.set(path, inode));
    return inode;
  }

  #fileOf(life: number, inode: Inode): DiskFile {
    const call = <Result>(work: () => Result): Promise<Result> => this.#call(life, work);
    const change = (next: Change) => {
      inode.changes.push(next);
      inode.seen = applyChange(inode.seen, next);
    };
    return {
      write: (bytes, at) =>
        call(() => {
          const full = this.#random() < this.faults.full;
          const short = full || this.#random() < this.faults.shortWrite;
          const length = short ? Math.ceil(this.#random() * bytes.length) : bytes.length;
          change({ lost: false, at, bytes: Buffer.from(bytes.subarray(0, length)) });
          if (full) throw errno('ENOSPC');
          return length;
        }),
      read: (into, position) => call(() => inode.seen.copy(into, 0, position)),
      datasync: () => call(() => this.#sync(inode)),
      truncate: length => call(() => change({ lost: false, length })),
      size: () => call(() => inode.seen.length),
      close: () => call(() => undefined),
    };
  }

  #sync(inode: Inode): void {
    if (this.#honesty === 'lies') return;
    if (this.#random() < this.faults.syncError) {
      for (const change of inode.changes) change.lost = true;
      throw errno('EIO');
    }
    inode.durable = inode.changes.filter(change => !change.lost).reduce(applyChange, inode.durable);
    // A page that a failed sync dropped is seen until the plug is pulled, but never written.
    inode.changes = [];
  }

  #syncFolder(folder: string): void {
    if (this.#honesty === 'lies') return;
    for (const change of this.#nameChanges) {
      if (change.folder === folder) change.apply(this.#durableNames);
    }
    this.#nameChanges = this.#nameChanges.filter(change => change.folder !== folder);
  }

  #changeNames(folder: string, apply: (names: Map<string, Inode>) => void): void {
    apply(this.#names);
    this.#nameChanges.push({ folder, apply });
  }

  #tear(change: Change): Change {
    if ('length' in change || this.#random() < 0.7) return change;
    const length = Math.floor(this.#random() * change.bytes.length);
    return { ...change, bytes: change.bytes.subarray(0, length) };
  }
}

function applyChange(content: Buffer, change: Change): Buffer {
  if ('length' in change) return content.subarray(0, change.length);
  const end = Math.max(content.length, change.at + change.bytes.length);
  const next = Buffer.alloc(end);
  content.copy(next);
  change.bytes.copy(next, change.at);
  return next;
}

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
