/**
 * Acknowledgements of one connection leave in the order of their publishes (MQTT 3.1.1, 4.6),
 * however long each takes on its way to the disk.
 */

export type Done = (error?: Error | null) => void;

interface Slot {
  done: Done;
  /** Undefined while it is on its way. */
  outcome: { error?: Error } | undefined;
}

export class AckQueue {
  readonly #slots: Slot[] = [];
  /**
   * Why a message of this connection was not stored. What came behind it must not be stored before
   * it: the connection takes nothing more and closes, and the terminal sends all of it again.
   */
  refusal: Error | undefined;

  /** Takes the next place in the order; call what it gives when the outcome is known. */
  enter(done: Done): (error?: Error) => void {
    const slot: Slot = { done, outcome: undefined };
    this.#slots.push(slot);
    return error => {
      slot.outcome = error === undefined ? {} : { error };
      this.#release();
    };
  }

  get waiting(): number {
    return this.#slots.length;
  }

  #release(): void {
    while (this.#slots[0]?.outcome !== undefined) {
      const { done, outcome } = this.#slots.shift() as Slot;
      done(outcome?.error ?? null);
    }
  }
}
