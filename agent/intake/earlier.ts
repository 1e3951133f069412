/**
 * What stays of journals that are deleted after their time, in `earlier.json`: the numbers that are
 * taken for ever and the totals of those days, so that a sale that comes a year late still makes a
 * revision of the whole day. Written before the journal goes.
 */
import { join } from 'node:path';
import { openJsonFile } from '../../protocol/host/durable-json.ts';
import type { Logger } from '../../protocol/host/log.ts';
import type { DayState } from '../day/day-book.ts';
import type { Disk } from '../journal/disk.ts';
import { headBefore } from '../journal/journal.ts';
import { type EarlierNumbers, mergeRuns } from '../journal/numbers.ts';
import type { Keeper } from './keeper.ts';
import type { Memory } from './memory.ts';

interface EarlierDay {
  state: DayState;
  /** How the journal ended that was deleted. */
  size: number;
  head: string;
}

interface Earlier {
  terminals: EarlierNumbers[];
  days: EarlierDay[];
}

export interface EarlierFile {
  data: Earlier;
  write(): Promise<void>;
}

/** Reads the file, and ends a deletion that was begun. @throws AppError `damaged`, `disk-error` */
export async function openEarlier(disk: Disk, dataDir: string, log: Logger): Promise<EarlierFile> {
  const path = join(dataDir, 'earlier.json');
  const onDamage = (damage: object) => log.error(damage, 'earlier.json: the one before is used');
  const file = await openJsonFile<Earlier>(path, { terminals: [], days: [] }, { onDamage });
  for (const { state, size, head } of file.data.days) {
    const journal = join(dataDir, 'journal', `${state.date}.ndjson`);
    const left = await disk.openToRead(journal);
    if (left === undefined) continue;
    // Its lines are in the totals already. A file that ends otherwise was begun since.
    const same = (await left.size()) === size && (await headBefore(left, size)) === head;
    await left.close();
    if (same) await disk.remove(journal);
  }
  return file;
}

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
