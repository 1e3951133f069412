/**
 * Lines that wait for the same write and sync, as the bytes that will be written. Comes in: bodies,
 * each chained onto the line before. Goes out: one buffer, and who waits for which of its lines.
 */
import { type ChainState, SEALED_BYTES, sealLine } from './chain.ts';

/** Room for a second's sales of a busy shop; it doubles when that is not enough. */
const FIRST_BYTES = 16 * 1024;
/** A buffer that was needed once for more is not kept for the next batch. */
const KEPT_BYTES_MAX = 2 * 1024 * 1024;
/** Bytes of UTF-8 that a character of a string takes at most. */
const BYTES_PER_UNIT_MAX = 3;

export class Batch<Waiter> {
  readonly waiting: { waiter: Waiter; offset: number }[] = [];
  #bytes = Buffer.alloc(0);
  #length = 0;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** @returns what the chain is with this line, which begins where it ended before */
  add(body: string, waiter: Waiter, { size, head, entries }: ChainState): ChainState {
    this.#makeRoom(body.length * BYTES_PER_UNIT_MAX + SEALED_BYTES);
    const at = this.#length;
    const { end, hash } = sealLine(this.#bytes, at, body, head);
    this.#length = end;
    this.waiting.push({ waiter, offset: size });
    return { size: size + end - at, head: hash, entries: entries + 1 };
  }

  /** Nothing waits any more; the buffer serves again. */
  clear(): void {
    this.waiting.length = 0;
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = Buffer.alloc(0);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length, FIRST_BYTES));
    this.bytes.copy(larger);
    this.#bytes = larger;
  }
}
