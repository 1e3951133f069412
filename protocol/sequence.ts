/**
 * The numbers that one terminal has used in one epoch, kept as sorted runs: a till that misses
 * nothing costs one pair of numbers, however many sales it makes. Finds duplicates and gaps.
 */

/** First and last number of a run, both included. */
export type Run = [first: number, last: number];

export class SequenceRuns {
  readonly #runs: Run[];

  /** @param runs sorted, not touching runs, as `toJSON` gave them */
  constructor(runs: readonly Run[] = []) {
    this.#runs = runs.map(([first, last]) => [first, last]);
  }

  has(number: number): boolean {
    const run = this.#runs[this.#indexAtOrBefore(number)];
    return run !== undefined && number <= run[1];
  }

  /** Takes the number; false when it was taken already. */
  add(number: number): boolean {
    const index = this.#indexAtOrBefore(number);
    const before = this.#runs[index];
    if (before !== undefined && number <= before[1]) return false;
    const after = this.#runs[index + 1];
    const joinsBefore = before !== undefined && before[1] === number - 1;
    const joinsAfter = after !== undefined && after[0] === number + 1;
    if (joinsBefore && joinsAfter) {
      before[1] = after[1];
      this.#runs.splice(index + 1, 1);
    } else if (joinsBefore) before[1] = number;
    else if (joinsAfter) after[0] = number;
    else this.#runs.splice(index + 1, 0, [number, number]);
    return true;
  }

  /** Gives a number back (its append failed). */
  remove(number: number): void {
    const index = this.#indexAtOrBefore(number);
    const run = this.#runs[index];
    if (run === undefined || number > run[1]) return;
    const rest: Run[] = [];
    if (run[0] < number) rest.push([run[0], number - 1]);
    if (number < run[1]) rest.push([number + 1, run[1]]);
    this.#runs.splice(index, 1, ...rest);
  }

  /** The runs of numbers in `first … last` (both included) that nobody has taken. */
  missing(first: number, last: number): Run[] {
    const gaps: Run[] = [];
    let next = first;
    for (let i = Math.max(0, this.#indexAtOrBefore(first)); i < this.#runs.length; i += 1) {
      const [start, end] = this.#runs[i] as Run;
      if (start > last) break;
      if (start > next) gaps.push([next, start - 1]);
      next = Math.max(next, end + 1);
    }
    if (next <= last) gaps.push([next, last]);
    return gaps;
  }

  /** The highest number taken; 0 when there is none. */
  get last(): number {
    return this.#runs.at(-1)?.[1] ?? 0;
  }

  toJSON(): Run[] {
    return this.#runs.map(([first, last]) => [first, last]);
  }

  /** Index of the last run that starts at or before the number; -1 when none does. */
  #indexAtOrBefore(number: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#runs[middle] as Run)[0] <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** How many numbers the runs hold. */
export function countInRuns(runs: readonly Run[]): number {
  return runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}
