/**
 * Where every accepted id stands: an open-addressing table of 16 bytes a sale and no strings, so
 * that a million sales cost 32 MB. Comes in: an id. Goes out: the places where it may stand; only
 * the record on disk can say whether it does (64-bit hashes may collide).
 */

export interface Place {
  /** Number of the journal file, from 1. */
  file: number;
  /** Bytes from the file's start. */
  offset: number;
}

const WORDS = 4;
const SLOTS_MIN = 1024;
const FILES_MAX = 0x7fff;
const VOIDED = 0x8000_0000;
/** Slots that are looked at in one step of a dump: well under a millisecond. */
const DUMP_SLOTS = 16_384;

/** Slot: hash, hash, low 32 bits of the offset, [voided 1 | file 15 | high 16 bits of the offset]. */
export class IdIndex {
  #slots: Uint32Array;
  #used = 0;
  readonly seed: number;

  /** @param seed any 32-bit number; makes collisions hard to prepare */
  constructor(seed: number, expected = 0) {
    this.seed = seed >>> 0;
    let slots = SLOTS_MIN;
    while (slots * 0.7 < expected) slots *= 2;
    this.#slots = new Uint32Array(slots * WORDS);
  }

  get size(): number {
    return this.#used;
  }

  /** Places whose id has the same hash: usually none or the one. */
  find(id: string): Place[] {
    const [a, b] = hashesOf(id, this.seed);
    const places: Place[] = [];
    for (let at = this.#home(a); this.#word(at + 3) !== 0; at = this.#next(at)) {
      if (this.#word(at) === a && this.#word(at + 1) === b) places.push(this.#placeAt(at));
    }
    return places;
  }

  add(id: string, place: Place): void {
    if (place.file < 1 || place.file > FILES_MAX) throw new RangeError('journal file number');
    const [a, b] = hashesOf(id, this.seed);
    const high = Math.floor(place.offset / 2 ** 32);
    this.#insert(a, b, place.offset >>> 0, ((place.file << 16) | high) >>> 0);
  }

  /** Marks what stands there as voided; it stays so. */
  setVoided(id: string, place: Place): void {
    const at = this.#slotOf(id, place);
    if (at !== undefined) this.#slots[at + 3] = (this.#word(at + 3) | VOIDED) >>> 0;
  }

  isVoided(id: string, place: Place): boolean {
    const at = this.#slotOf(id, place);
    return at !== undefined && this.#word(at + 3) >= VOIDED;
  }

  /**
   * The used slots, four words each, in pieces: sales may come in between. What is added meanwhile may
   * or may not be among them; `load` leaves it out by its place.
   */
  *dump(): Generator<Uint32Array> {
    const slots = this.#slots; // One that grows is replaced, and stays as it was.
    for (let from = 0; from < slots.length; from += DUMP_SLOTS * WORDS) {
      yield usedSlots(slots.subarray(from, from + DUMP_SLOTS * WORDS));
    }
  }

  /**
   * @param words all pieces of a dump, one after another
   * @param keep false for the places that are gone, or come from behind what is loaded
   */
  static load(seed: number, words: Uint32Array, keep: (place: Place) => boolean): IdIndex {
    const index = new IdIndex(seed, words.length / WORDS);
    index.#take(words, keep);
    return index;
  }

  /** Drops every id of a file that is deleted. */
  forget(file: number): void {
    const kept = new IdIndex(this.seed, this.#used);
    for (const words of this.dump()) kept.#take(words, place => place.file !== file);
    this.#slots = kept.#slots;
    this.#used = kept.#used;
  }

  #take(words: Uint32Array, keep: (place: Place) => boolean): void {
    for (let at = 0; at < words.length; at += WORDS) {
      const [a = 0, b = 0, low = 0, rest = 0] = words.subarray(at, at + WORDS);
      if (keep(placeOf(low, rest))) this.#insert(a, b, low, rest);
    }
  }

  #insert(a: number, b: number, low: number, rest: number): void {
    if ((this.#used + 1) * WORDS > this.#slots.length * 0.7) this.#grow();
    let at = this.#home(a);
    while (this.#word(at + 3) !== 0) at = this.#next(at);
    this.#slots[at] = a;
    this.#slots[at + 1] = b;
    this.#slots[at + 2] = low;
    this.#slots[at + 3] = rest;
    this.#used += 1;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let from = 0; from < old.length; from += WORDS) {
      if (old[from + 3] === 0) continue;
      let at = this.#home(old[from] ?? 0);
      while (this.#word(at + 3) !== 0) at = this.#next(at);
      for (let word = 0; word < WORDS; word += 1) this.#slots[at + word] = old[from + word] ?? 0;
    }
  }

  #slotOf(id: string, place: Place): number | undefined {
    const [a, b] = hashesOf(id, this.seed);
    for (let at = this.#home(a); this.#word(at + 3) !== 0; at = this.#next(at)) {
      if (this.#word(at) !== a || this.#word(at + 1) !== b) continue;
      const there = this.#placeAt(at);
      if (there.file === place.file && there.offset === place.offset) return at;
    }
    return undefined;
  }

  #placeAt(at: number): Place {
    return placeOf(this.#word(at + 2), this.#word(at + 3));
  }

  #home(hash: number): number {
    return (hash % (this.#slots.length / WORDS)) * WORDS;
  }

  #next(at: number): number {
    const next = at + WORDS;
    return next === this.#slots.length ? 0 : next;
  }

  #word(at: number): number {
    return this.#slots[at] as number;
  }
}

/** @param low, rest the last two words of a slot */
function placeOf(low: number, rest: number): Place {
  return { file: (rest >>> 16) & FILES_MAX, offset: (rest & 0xffff) * 2 ** 32 + low };
}

/** A copy of those that hold something. */
function usedSlots(slots: Uint32Array): Uint32Array {
  let used = 0;
  for (let at = 3; at < slots.length; at += WORDS) if (slots[at] !== 0) used += 1;
  const words = new Uint32Array(used * WORDS);
  let to = 0;
  for (let at = 0; at < slots.length; at += WORDS) {
    if (slots[at + 3] === 0) continue;
    // Word by word: a view of each slot costs several times as much.
    for (let word = 0; word < WORDS; word += 1) words[to + word] = slots[at + word] ?? 0;
    to += WORDS;
  }
  return words;
}

/** Two 32-bit hashes over UTF-16 units: FNV-1a and a multiply-rotate with a final avalanche. */
function hashesOf(id: string, seed: number): [number, number] {
  let a = 0x811c9dc5 ^ seed;
  let b = 0x1b873593 ^ Math.imul(seed, 0x85ebca6b);
  for (let i = 0; i < id.length; i += 1) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul((b ^ unit) + ((b << 13) | (b >>> 19)), 0x5bd1e995);
  }
  return [avalanche(a), avalanche(b ^ a)];
}

/** MurmurHash3's finaliser. */
function avalanche(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
