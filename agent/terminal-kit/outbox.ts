/**
 * The till's outbox: what was recorded and nobody has acknowledged yet, on the till's own disk.
 * Receipts come in, get their id and number, and are on disk before `record` resolves; receipts that
 * come at the same time share one sync. They go out of it when their PUBACK has come.
 */
import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { diskError } from '../../protocol/host/durable-file.ts';
import { type FolderLock, lockFolder } from '../../protocol/host/folder-lock.ts';
import { Ledger } from './ledger.ts';
import { makeFolder, OutboxFile } from './outbox-file.ts';
import { digestOfText, type OutboxLine, readLines, writeLine } from './outbox-lines.ts';
import { type Json, localInstant, type Message, type Recorded } from './receipt.ts';

/** Largest message that the agent takes at all is 256 KiB; some of it is for the envelope. */
const BODY_BYTES_MAX = 255 * 1024;
/** The file is tidied up when it has grown to this and to twice what it was after the last time. */
const COMPACT_FROM_BYTES = 1024 * 1024;

export interface OutboxOptions {
  folder: string;
  terminal: string;
  currency: string | undefined;
  nowMs: () => number;
}

/** A problem whose receipt is recorded anew. */
export interface Corrected {
  id?: string | undefined;
  code: string;
}

interface Draft {
  id: string;
  digest: string;
  fields: Json;
  corrects: (Recorded & { code: string }) | undefined;
  done: (recorded: Recorded) => void;
  failed: (error: unknown) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #file: OutboxFile;
  readonly #lock: FolderLock;
  readonly #ledger: Ledger;
  /** Recorded while the writer was busy. */
  #drafts: Draft[] = [];
  #sent: Message[] = [];
  readonly #onTheWay = new Map<string, { digest: string; stored: Promise<Recorded> }>();
  #writing: Promise<void> | undefined;
  #compactAt = COMPACT_FROM_BYTES;
  #closed = false;
  /** Called after receipts were stored. */
  onRecorded: () => void = () => undefined;
  /** How many damaged lines were found and set aside in `damaged.ndjson` when it was opened. */
  readonly damagedLines: number;

  private constructor(
    options: OutboxOptions,
    parts: { file: OutboxFile; lock: FolderLock; ledger: Ledger; damagedLines: number },
  ) {
    this.#options = options;
    this.#file = parts.file;
    this.#lock = parts.lock;
    this.#ledger = parts.ledger;
    this.damagedLines = parts.damagedLines;
  }

  /** @throws AppError `folder-locked`, `bad-input` (another terminal's folder), `disk-error` */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const folder = resolve(options.folder);
    await makeFolder(folder).catch(cause => Promise.reject(diskError(folder, cause)));
    const lock = await lockFolder(folder, `terminal ${options.terminal}`);
    const file = new OutboxFile(folder);
    try {
      return await Outbox.#load(options, file, lock);
    } catch (error) {
      await file.close();
      await lock.release();
      throw error;
    }
  }

  static async #load(options: OutboxOptions, file: OutboxFile, lock: FolderLock): Promise<Outbox> {
    const bytes = await file.open();
    const read = readLines(bytes ?? Buffer.alloc(0));
    const ledger = new Ledger(options.terminal, Math.floor(options.nowMs() / 1000));
    for (const line of read.lines) ledger.take(line);
    const hadHead = ledger.loaded(read.lostAtEnd);
    if (read.damaged.length > 0) await setAside(options.folder, read.damaged);
    const outbox = new Outbox(options, { file, lock, ledger, damagedLines: read.damaged.length });
    const clean = bytes?.at(-1) === 0x0a && read.damaged.length === 0 && hadHead;
    if (!clean || file.bytes > COMPACT_FROM_BYTES) await outbox.#compact();
    return outbox;
  }

  /** Recorded and not acknowledged, oldest first. */
  waiting(): IterableIterator<Message> {
    return this.#ledger.waiting.values();
  }

  get waitingCount(): number {
    return this.#ledger.waiting.size;
  }

  /** Resolves when the receipt is on disk. @throws AppError, see `connect` */
  async record(receipt: Json, corrected?: Corrected): Promise<Recorded> {
    if (this.#closed) throw new AppError('not-allowed', 'the terminal is closed');
    const draft = this.#draft(receipt, corrected);
    const { id, digest, corrects } = draft;
    const known = corrects === undefined ? this.#ledger.byId.get(id) : undefined;
    const onTheWay = this.#onTheWay.get(id);
    const before = known ?? onTheWay;
    if (before !== undefined && before.digest !== digest) throw conflict(id);
    if (known !== undefined) return { id, epoch: known.epoch, sequence: known.sequence };
    if (onTheWay !== undefined) return await onTheWay.stored;
    const stored = new Promise<Recorded>((done, failed) => {
      this.#drafts.push({ ...draft, done, failed });
    });
    this.#onTheWay.set(id, { digest, stored });
    this.#wake();
    try {
      return await stored;
    } finally {
      this.#onTheWay.delete(id);
    }
  }

  /** The PUBACK came. Noted without a sync: lost, it costs a resend and nothing else. */
  acknowledged(message: Message): boolean {
    if (!this.#ledger.markSent(message)) return false;
    this.#sent.push(message);
    this.#wake();
    return true;
  }

  /** Waits for what is being written. */
  async settle(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Waits for what is being written, closes the file and lets the folder go. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.settle();
    await this.#file.close();
    await this.#lock.release();
  }

  #draft(receipt: Json, corrected: Corrected | undefined): Omit<Draft, 'done' | 'failed'> {
    const given = JSON.stringify(receipt);
    const fields = JSON.parse(given) as Json;
    const taken = ['version', 'epoch', 'sequence'].find(name => name in fields);
    if (taken !== undefined) throw badInput(`"${taken}" is given by the kit`, 'leave it out');
    if (Buffer.byteLength(given) > BODY_BYTES_MAX) {
      throw badInput(`the receipt has more than ${BODY_BYTES_MAX} bytes`, 'leave out extra fields');
    }
    fields['occurredAt'] ??= localInstant(this.#options.nowMs());
    fields['currency'] ??= this.#options.currency;
    if (fields['currency'] === undefined) {
      throw badInput('the receipt has no currency', 'give one to `connect`, or to each receipt');
    }
    const corrects = corrected === undefined ? undefined : this.#whatItCorrects(corrected);
    const own = typeof fields['id'] === 'string' ? fields['id'] : undefined;
    const kept = corrects?.code === 'conflict-id' ? undefined : corrects?.id;
    return { id: kept ?? own ?? randomUUID(), digest: digestOfText(given), fields, corrects };
  }

  #whatItCorrects({ id, code }: Corrected): Recorded & { code: string } {
    const known = id === undefined ? undefined : this.#ledger.byId.get(id);
    if (id !== undefined && known !== undefined) return { ...known, id, code };
    throw new AppError('not-found', `no receipt ${id ?? ''} was recorded here lately`, {
      hint: 'record it without `corrects`, as a receipt of its own',
    });
  }

  #wake(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#drafts.length > 0) this.#wake();
    });
  }

  async #write(): Promise<void> {
    await Promise.resolve(); // What is recorded in the same turn shares the sync.
    while (this.#drafts.length > 0 || this.#sent.length > 0) {
      const drafts = this.#drafts.splice(0);
      const sent = this.#sent.splice(0);
      const lines: OutboxLine[] = sent.map(({ epoch, sequence }) => ({
        ...{ kind: 'sent', epoch, sequence },
      }));
      const plan = this.#ledger.plan();
      const receipts = drafts.map(draft => plan.number(draft));
      lines.push(...plan.lines);
      try {
        await this.#file.append(lines.map(writeLine).join(''), drafts.length > 0);
      } catch (error) {
        for (const draft of drafts) draft.failed(error);
        continue;
      }
      plan.commit();
      for (const [index, draft] of drafts.entries()) draft.done(receipts[index] as Recorded);
      if (drafts.length > 0) this.onRecorded();
      // A full disk stops the tidying up and nothing else; it is tried again when it has grown.
      if (this.#file.bytes > this.#compactAt) await this.#compact().catch(() => this.#later());
    }
  }

  async #compact(): Promise<void> {
    await this.#file.replace(this.#ledger.lines().map(writeLine).join(''));
    this.#later();
  }

  #later(): void {
    this.#compactAt = Math.max(COMPACT_FROM_BYTES, this.#file.bytes * 2);
  }
}

function setAside(folder: string, damaged: readonly Buffer[]): Promise<void> {
  const newline = Buffer.from('\n');
  const bytes = Buffer.concat(damaged.flatMap(line => [line, newline]));
  return appendFile(join(folder, 'damaged.ndjson'), bytes, { mode: 0o600, flush: true });
}

function badInput(message: string, hint: string): AppError {
  return new AppError('bad-input', message, { hint });
}

function conflict(id: string): AppError {
  return new AppError('conflict', `another receipt with the id ${id} was recorded already`, {
    hint: 'give every receipt an id of its own, or none',
  });
}
