/**
 * Messages on their way to the disk. Their ids, numbers and void targets are not taken yet, but
 * nobody else may have them until it is known whether they were stored.
 */
import type { AppError } from '../../protocol/errors.ts';
import type { Transaction } from '../../protocol/transaction.ts';

type Listener = (error?: AppError) => void;

/** One message on its way: what nobody else may have until it is known what became of it. */
export class Claim {
  readonly id: string;
  readonly number: string;
  readonly voids: string | undefined;
  readonly #release: (claim: Claim) => void;
  /** Most messages stand in nobody's way. */
  #listeners: Listener[] | undefined;

  constructor(number: string, transaction: Transaction, release: (claim: Claim) => void) {
    this.id = transaction.id;
    this.number = number;
    this.voids = transaction.type === 'void' ? transaction.voids : undefined;
    this.#release = release;
  }

  /** The message is stored, or failed with this error. */
  release(error?: AppError): void {
    this.#release(this);
    for (const listener of this.#listeners ?? []) listener(error);
  }

  /** Resolves when the message is stored; rejects when that failed. */
  outcome(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#listeners ??= [];
      this.#listeners.push(error => (error === undefined ? resolve() : reject(error)));
    });
  }
}

export class Pending {
  readonly #byId = new Map<string, Claim>();
  readonly #byNumber = new Map<string, Claim>();
  readonly #byVoided = new Map<string, Claim>();
  readonly #release = ({ id, number, voids }: Claim) => {
    this.#byId.delete(id);
    this.#byNumber.delete(number);
    if (voids !== undefined) this.#byVoided.delete(voids);
  };

  claim(terminal: string, transaction: Transaction): Claim {
    const claim = new Claim(numberKey(terminal, transaction), transaction, this.#release);
    this.#byId.set(claim.id, claim);
    this.#byNumber.set(claim.number, claim);
    if (claim.voids !== undefined) this.#byVoided.set(claim.voids, claim);
    return claim;
  }

  /** Resolves when whatever stands in this message's way is stored; rejects when that failed. */
  inTheWayOf(terminal: string, transaction: Transaction): (() => Promise<void>) | undefined {
    const claim =
      this.#byId.get(transaction.id) ??
      this.#byNumber.get(numberKey(terminal, transaction)) ??
      (transaction.type === 'void'
        ? (this.#byId.get(transaction.voids) ?? this.#byVoided.get(transaction.voids))
        : undefined);
    return claim === undefined ? undefined : () => claim.outcome();
  }
}

function numberKey(terminal: string, { epoch, sequence }: Transaction): string {
  return `${terminal} ${epoch} ${sequence}`;
}
