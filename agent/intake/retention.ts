/**
 * Forgets journals whose time has passed. Their numbers stay taken for ever: they are written down
 * in `numbers.json` before the file goes.
 */
import { join } from 'node:path';
import { openJsonFile } from '../../protocol/host/durable-json.ts';
import type { Logger } from '../../protocol/host/log.ts';
import { type EarlierNumbers, mergeRuns } from '../journal/numbers.ts';
import type { Keeper } from './keeper.ts';
import type { Memory } from './memory.ts';

export interface Retention {
  /** Deletes the journal of a date. Only with the relay's receipt in hand. @throws disk errors */
  forget(date: string): Promise<void>;
}

/** Reads `numbers.json` and takes its numbers. @throws AppError `damaged` */
export async function openRetention(
  dataDir: string,
  memory: Memory,
  keeper: Keeper,
  log: Logger,
): Promise<Retention> {
  const path = join(dataDir, 'numbers.json');
  const onDamage = (damage: object) =>
    log.error(damage, 'numbers.json is damaged: the one before is used');
  const file = await openJsonFile<{ terminals: EarlierNumbers[] }>(
    path,
    { terminals: [] },
    { onDamage },
  );
  const { journal, index, dayBook } = memory;
  for (const row of file.data.terminals) dayBook.numbers.adopt(row);
  return {
    forget: async date => {
      const rows = dayBook.snapshot(date).parts.terminals;
      for (const { terminal, epoch, last } of rows) {
        const runs = dayBook.numbers.of(terminal, epoch).toJSON();
        dayBook.numbers.adopt({ terminal, epoch, runs, last });
        keepRow(file.data.terminals, { terminal, epoch, runs, last });
      }
      await file.write();
      await journal.forget(date);
      index.forget(journal.fileNumber(date));
      dayBook.forget(date);
      // A checkpoint that still counts the date would bring it back.
      await keeper.now();
      log.info({ date }, 'the journal of a date was deleted after its retention');
    },
  };
}

function keepRow(rows: EarlierNumbers[], row: EarlierNumbers): void {
  const known = rows.find(
    ({ terminal, epoch }) => terminal === row.terminal && epoch === row.epoch,
  );
  if (known === undefined) rows.push(row);
  else {
    known.runs = mergeRuns(known.runs, row.runs);
    known.last = Math.max(known.last, row.last);
  }
}
