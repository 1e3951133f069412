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
import type { EarlierNumbers } from '../journal/numbers.ts';

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
