/**
 * The numbers that every terminal has used, per epoch, over all dates. A number is taken for ever:
 * also when the journal that held it is gone.
 */
import { type Run, SequenceRuns } from '../../protocol/sequence.ts';

export interface NumbersRow {
  terminal: string;
  epoch: number;
  runs: Run[];
}

export class Numbers {
  readonly #runs = new Map<string, SequenceRuns>();

  constructor(rows: readonly NumbersRow[] = []) {
    for (const { terminal, epoch, runs } of rows)
      this.#runs.set(key(terminal, epoch), new SequenceRuns(runs));
  }

  has(terminal: string, epoch: number, number: number): boolean {
    return this.#runs.get(key(terminal, epoch))?.has(number) ?? false;
  }

  add(terminal: string, epoch: number, number: number): void {
    this.of(terminal, epoch).add(number);
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

function key(terminal: string, epoch: number): string {
  return `${terminal} ${epoch}`;
}
