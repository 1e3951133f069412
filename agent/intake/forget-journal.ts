/**
 * Deletes a journal after its time. First what it held is written into `earlier.json`, then the file
 * goes, then the checkpoint is made anew: a plug pulled in between costs nothing (see earlier.ts).
 */
import { type EarlierNumbers, mergeRuns } from '../journal/numbers.ts';
import type { EarlierFile } from './earlier.ts';
import type { Keeper } from './keeper.ts';
import type { Memory } from './memory.ts';

/** Deletes a date's journal; what it held stays counted and taken. @throws disk errors */
export async function forgetJournal(
  date: string,
  { journal, index, dayBook }: Memory,
  earlier: EarlierFile,
  keeper: Keeper,
): Promise<void> {
  const state = dayBook.state(date);
  const { size, head } = journal.state(date);
  if (state !== undefined) {
    for (const { terminal, epoch } of state.totals.terminals) {
      const runs = dayBook.numbers.of(terminal, epoch).toJSON();
      // No `last`: the totals that stay know it, and for which date.
      keepRow(earlier.data.terminals, { terminal, epoch, runs, last: 0 });
    }
    const others = earlier.data.days.filter(day => day.state.date !== date);
    earlier.data.days = [...others, { state, size, head }];
    await earlier.write();
  }
  await journal.forget(date);
  index.forget(journal.fileNumber(date));
  await keeper.now();
}

function keepRow(rows: EarlierNumbers[], row: EarlierNumbers): void {
  const { terminal, epoch } = row;
  const known = rows.find(other => other.terminal === terminal && other.epoch === epoch);
  if (known === undefined) rows.push(row);
  else known.runs = mergeRuns(known.runs, row.runs);
}
