/**
 * `export`: the accepted messages of a day, as they stand in the journal (NDJSON) or as a table for
 * a spreadsheet (CSV, RFC 4180; one row per message). Lines that do not prove themselves are left out.
 */
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AppError } from '../../protocol/errors.ts';
import { formatMinor } from '../../protocol/money.ts';
import type { Transaction } from '../../protocol/transaction.ts';
import { proveLine } from '../journal/chain.ts';
import { readRecord } from '../journal/entry.ts';
import { checkDate } from './close.ts';
import { command } from './command.ts';

const COLUMNS = [
  'date',
  'receivedAt',
  'terminal',
  'epoch',
  'sequence',
  'type',
  'training',
  'id',
  'receipt',
  'occurredAt',
  'currency',
  'total',
  'tax',
  'rounding',
  'tenders',
  'voids',
  'cash',
  'reason',
];

export const exportCommand = {
  ...command({
    name: 'export',
    usage: 'DATE [--csv]',
    summary: 'Prints the messages of a day, one JSON line each, or as CSV.',
    positionals: [1, 1],
    options: { csv: { type: 'boolean' } },
    work: () => Promise.reject(new Error('export reads files')),
    print: () => '',
  }),
  readFiles: exportDay,
};

async function exportDay(
  dataDir: string,
  { positionals, options }: { positionals: string[]; options: Record<string, unknown> },
  out: (text: string) => Promise<void>,
): Promise<void> {
  const [date = ''] = positionals;
  checkDate(date);
  const path = join(dataDir, 'journal', `${date}.ndjson`);
  await access(path).catch((cause: unknown) => {
    throw new AppError('not-found', `there is no sale of ${date}`, { cause });
  });
  const csv = options['csv'] === true;
  if (csv) await out(`${COLUMNS.join(',')}\r\n`);
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: 0 })) {
    const bytes = Buffer.from(line);
    if (proveLine(bytes) === undefined) continue;
    await out(csv ? csvRow(date, bytes) : `${line}\n`);
  }
}

function csvRow(date: string, line: Buffer): string {
  const { receivedAt, terminal, transaction } = readRecord(line);
  const { epoch, sequence, type, training, id, receipt, occurredAt, currency } = transaction;
  const cells = [date, receivedAt, terminal, epoch, sequence, type, training === true ? 'yes' : ''];
  const names = [id, receipt ?? '', occurredAt, currency];
  return `${[...cells, ...names, ...money(transaction)].map(cell).join(',')}\r\n`;
}

function money(transaction: Transaction): string[] {
  const { currency } = transaction;
  const format = (amount: number) => formatMinor(amount, currency);
  switch (transaction.type) {
    case 'sale':
    case 'refund': {
      const { lines, rounding, tenders } = transaction;
      const total = lines.reduce((sum, line) => sum + line.amount, 0);
      const tax = lines.reduce((sum, line) => sum + line.tax, 0);
      const paid = tenders.map(({ method, amount }) => `${method} ${format(amount)}`).join('; ');
      return [format(total), format(tax), format(rounding), paid, '', '', ''];
    }
    case 'void':
      return ['', '', '', '', transaction.voids, '', ''];
    case 'cash-in':
      return ['', '', '', '', '', format(transaction.cash.amount), transaction.cash.reason];
    case 'cash-out':
      return ['', '', '', '', '', format(-transaction.cash.amount), transaction.cash.reason];
    case 'cash-count':
      return ['', '', '', '', '', format(transaction.cash.counted), ''];
    case 'no-sale':
      return ['', '', '', '', '', '', ''];
  }
}

/** A text that a spreadsheet would run as a formula is made a text again (OWASP, CSV injection). */
function cell(value: string | number): string {
  const text = String(value);
  const isNumber = /^-?\d+(\.\d+)?$/.test(text);
  const safe = !isNumber && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
