/**
 * The numbers that every terminal has used, per epoch, over all dates. A number is taken for ever:
 * also when the journal that held it is gone, or was another machine's.
 */
import { type Run, SequenceRuns } from '../../protocol/sequence.ts';

export interface NumbersRow {
  terminal: string;
  epoch: number;
  runs: Run[];
}

/** What is known from before this journal: gaps are looked for after `last`. */
export interface EarlierNumbers extends NumbersRow {
  last: number;
}

export class Numbers {
  readonly #runs = new Map<string, SequenceRuns>();
  readonly #lastEarlier = new Map<string, number>();

  constructor(rows: readonly NumbersRow[] = []) {
    for (const { terminal, epoch, runs } of rows) {
      this.#runs.set(key(terminal, epoch), new SequenceRuns(runs));
    }
  }

  has(terminal: string, epoch: number, number: number): boolean {
    return this.#runs.get(key(terminal, epoch))?.has(number) ?? false;
  }

  add(terminal: string, epoch: number, number: number): void {
    this.of(terminal, epoch).add(number);
  }

  /** Takes what was used before; taking the same again changes nothing. */
  adopt({ terminal, epoch, runs, last }: EarlierNumbers): void {
    const name = key(terminal, epoch);
    const all = mergeRuns(this.#runs.get(name)?.toJSON() ?? [], runs);
    this.#runs.set(name, new SequenceRuns(all));
    this.#lastEarlier.set(name, Math.max(last, this.lastEarlier(terminal, epoch)));
  }

  /** The highest number from before this journal; 0 when there is none. */
  lastEarlier(terminal: string, epoch: number): number {
    return this.#lastEarlier.get(key(terminal, epoch)) ?? 0;
  }

  of(terminal: string, epoch: number): SequenceRuns {
    const name = key(terminal, epoch);
    let runs = this.#runs.get(name);
    if (runs === undefined) {
      runs = new SequenceRuns();
      this.#runs.set(name, runs);
    }
    return runs;
  }

  toJSON(): NumbersRow[] {
    return [...this.#runs].map(([name, runs]) => {
      const [terminal = '', epoch] = name.split(' ');
      return { terminal, epoch: Number(epoch), runs: runs.toJSON() };
    });
  }
}

/** The numbers of both, as sorted runs that do not touch. */
export function mergeRuns(a: readonly Run[], b: readonly Run[]): Run[] {
  const merged: Run[] = [];
  for (const [first, last] of [...a, ...b].sort(([x], [y]) => x - y)) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** What the relay still knows of a terminal: everything up to `last` except `missing`. */
export function earlierFrom(known: {
  terminal: string;
  epoch: number;
  last: number;
  missing: readonly Run[];
}): EarlierNumbers {
  const { terminal, epoch, last, missing } = known;
  return { terminal, epoch, last, runs: new SequenceRuns(missing).missing(1, last) };
}

function key(terminal: string, epoch: number): string {
  return `${terminal} ${epoch}`;
}
