/** `close`: closes a day at once. */
import { DATE_PATTERN } from '../../protocol/business-date.ts';
import { AppError } from '../../protocol/errors.ts';
import { countText } from '../../protocol/words.ts';
import { command } from './command.ts';

export const closeCommand = command({
  name: 'close',
  usage: '[DATE] [--json]',
  summary: 'Closes a day (default: today) and all before it at once, whatever is waited for.',
  positionals: [0, 1],
  async work(core, { positionals }) {
    const [date] = positionals;
    if (date !== undefined) checkDate(date);
    const { date: closed, revision, number, entries } = await core.dayClose.closeByHand(date);
    const file = `summaries/${closed}.${revision}.jws`;
    return { date: closed, revision, number, entries, file };
  },
  print: ({ date, revision, entries, file }) =>
    `${date} is closed (revision ${revision}) with ${countText(entries, 'message')}: ${file}`,
});

export function checkDate(date: string): void {
  if (DATE_PATTERN.test(date)) return;
  throw new AppError('bad-input', `${date} is no date`, {
    hint: 'write it as YYYY-MM-DD',
    path: 'date',
  });
}
