/**
 * What the outbox knows, in memory: the next number, the receipts that wait in the order of their
 * recording, and those sent lately. Built from the file's lines and turned back into fewer of them.
 */
import { AppError } from '../../protocol/errors.ts';
import type { OutboxLine } from './outbox-lines.ts';
import type { Json, Message, Recorded } from './receipt.ts';

/** How many sent receipts are remembered, so that one that is recorded again is known. */
const REMEMBERED_MAX = 1000;

interface Known extends Recorded {
  /** Of the receipt as the till gave it. */
  digest: string;
}

export interface Numbered {
  id: string;
  digest: string;
  fields: Json;
  corrects: (Recorded & { code: string }) | undefined;
}

/** Lines for receipts that are about to be written; they count only after `commit`. */
export interface Plan {
  lines: OutboxLine[];
  number(draft: Numbered): Recorded;
  commit(): void;
}

export class Ledger {
  readonly #terminal: string;
  #epoch: number;
  #next = 1;
  #hasHead = false;
  /** By number, in the order of recording. */
  readonly waiting = new Map<string, Message>();
  readonly byId = new Map<string, Known>();
  /** Ids of what was sent, oldest first. */
  readonly #remembered = new Set<string>();

  /**
   * @param freshEpoch what a folder without memory begins with: the seconds since 1970, since no
   *   epoch of an earlier, lost folder was as high
   */
  constructor(terminal: string, freshEpoch: number) {
    this.#terminal = terminal;
    this.#epoch = freshEpoch;
  }

  /** @throws AppError `bad-input` when the folder is another terminal's */
  take(line: OutboxLine): void {
    switch (line.kind) {
      case 'head':
        this.#takeHead(line);
        break;
      case 'epoch':
        this.#epoch = line.epoch;
        this.#next = 1;
        break;
      case 'known':
        this.byId.set(line.id, line);
        this.#remember(line.id);
        break;
      case 'receipt':
        this.#takeReceipt(line);
        break;
      case 'sent': {
        const message = this.waiting.get(keyOf(line));
        if (message !== undefined) this.markSent(message);
        break;
      }
    }
  }

  /**
   * All lines were taken.
   * @param lost numbers that damaged lines may have used: not used again, the agent reports the gap
   * @returns false when the head is missing and must be written
   */
  loaded(lost: number): boolean {
    const hadHead = this.#hasHead;
    this.#hasHead = true;
    this.#next += lost;
    return hadHead;
  }

  /** False when it does not wait any more: acknowledged already, or corrected meanwhile. */
  markSent(message: Message): boolean {
    const key = keyOf(message);
    if (this.waiting.get(key) !== message) return false;
    this.waiting.delete(key);
    this.#remember(message.id);
    return true;
  }

  plan(): Plan {
    let epoch = this.#epoch;
    let next = this.#next;
    const lines: OutboxLine[] = [];
    const number = (draft: Numbered): Recorded => {
      const { id, digest, fields, corrects } = draft;
      // Somebody else used this terminal's numbers: only a new epoch gets out of their way.
      if (corrects?.code === 'conflict-number' && corrects.epoch === epoch) {
        epoch += 1;
        next = 1;
        lines.push({ kind: 'epoch', epoch });
      }
      const keepsNumber = corrects !== undefined && corrects.code !== 'conflict-number';
      const place = keepsNumber ? corrects : { epoch, sequence: next++ };
      const recorded = { id, epoch: place.epoch, sequence: place.sequence };
      const body = JSON.stringify({ version: 1, ...fields, ...recorded });
      lines.push({ kind: 'receipt', ...recorded, digest, body });
      return recorded;
    };
    const commit = () => {
      for (const line of lines) this.take(line);
    };
    return { lines, number, commit };
  }

  /** The shortest file that says all of this. */
  lines(): OutboxLine[] {
    const known = [...this.#remembered].flatMap((id): OutboxLine[] => {
      const { epoch, sequence, digest } = this.byId.get(id) as Known;
      return [{ kind: 'known', id, epoch, sequence, digest }];
    });
    const waiting = [...this.waiting.values()].map(({ id, epoch, sequence, body }): OutboxLine => {
      const digest = this.byId.get(id)?.digest ?? '';
      return { kind: 'receipt', id, epoch, sequence, digest, body };
    });
    const head = { terminal: this.#terminal, epoch: this.#epoch, next: this.#next };
    return [{ kind: 'head', ...head }, ...known, ...waiting];
  }

  #takeHead(line: OutboxLine & { kind: 'head' }): void {
    if (line.terminal !== this.#terminal) {
      throw new AppError('bad-input', `this folder is the outbox of ${line.terminal}`, {
        hint: `give ${this.#terminal} a folder of its own`,
      });
    }
    this.#hasHead = true;
    this.#epoch = line.epoch;
    this.#next = line.next;
  }

  #takeReceipt(line: OutboxLine & { kind: 'receipt' }): void {
    const { id, epoch, sequence, digest, body } = line;
    // A correction stands where the receipt stood that it corrects.
    this.waiting.set(keyOf(line), { id, epoch, sequence, body });
    this.byId.set(id, { id, epoch, sequence, digest });
    this.#remembered.delete(id);
    // Without a head (it was damaged) nobody knows how far the numbers went: a new epoch.
    if (!this.#hasHead && epoch >= this.#epoch) this.#epoch = epoch + 1;
    if (this.#hasHead && epoch === this.#epoch) this.#next = Math.max(this.#next, sequence + 1);
  }

  #remember(id: string): void {
    this.#remembered.add(id);
    if (this.#remembered.size <= REMEMBERED_MAX) return;
    const [oldest] = this.#remembered;
    if (oldest === undefined) return;
    this.#remembered.delete(oldest);
    this.byId.delete(oldest);
  }
}

function keyOf({ epoch, sequence }: { epoch: number; sequence: number }): string {
  return `${epoch}/${sequence}`;
}
