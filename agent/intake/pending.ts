/**
 * Messages on their way to the disk. Their ids, numbers and void targets are not taken yet, but
 * nobody else may have them until it is known whether they were stored.
 */
import type { AppError } from '../../protocol/errors.ts';
import type { Transaction } from '../../protocol/transaction.ts';

export interface Claim {
  /** The message is stored, or failed with this error. */
  release(error?: AppError): void;
}

interface Waiting {
  listeners: ((error?: AppError) => void)[];
}

export class Pending {
  readonly #byId = new Map<string, Waiting>();
  readonly #byNumber = new Map<string, Waiting>();
  readonly #byVoided = new Map<string, Waiting>();

  claim(terminal: string, transaction: Transaction): Claim {
    const waiting: Waiting = { listeners: [] };
    const number = numberKey(terminal, transaction);
    const voids = transaction.type === 'void' ? transaction.voids : undefined;
    this.#byId.set(transaction.id, waiting);
    this.#byNumber.set(number, waiting);
    if (voids !== undefined) this.#byVoided.set(voids, waiting);
    return {
      release: error => {
        this.#byId.delete(transaction.id);
        this.#byNumber.delete(number);
        if (voids !== undefined) this.#byVoided.delete(voids);
        for (const listener of waiting.listeners) listener(error);
      },
    };
  }

  /** Resolves when whatever stands in this message's way is stored; rejects when that failed. */
  inTheWayOf(terminal: string, transaction: Transaction): (() => Promise<void>) | undefined {
    const waiting =
      this.#byId.get(transaction.id) ??
      this.#byNumber.get(numberKey(terminal, transaction)) ??
      (transaction.type === 'void'
        ? (this.#byId.get(transaction.voids) ?? this.#byVoided.get(transaction.voids))
        : undefined);
    return waiting === undefined ? undefined : () => outcomeOf(waiting);
  }
}

function outcomeOf(waiting: Waiting): Promise<void> {
  return new Promise((resolve, reject) => {
    waiting.listeners.push(error => (error === undefined ? resolve() : reject(error)));
  });
}

function numberKey(terminal: string, { epoch, sequence }: Transaction): string {
  return `${terminal} ${epoch} ${sequence}`;
}
