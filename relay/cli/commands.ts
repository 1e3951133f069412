/**
 * The relay's commands as one table: words, arguments, options, and how the answer reads. Help,
 * parsing and dispatch come from it.
 */
import type { ParseArgsConfig } from 'node:util';
import { formatMinorGrouped } from '../../protocol/money.ts';
import { countText } from '../../protocol/words.ts';

export interface Command {
  /** `store add`; also the method that the running relay answers to. */
  name: string;
  /** Names of the arguments, in order; all are needed. */
  args: readonly string[];
  options: NonNullable<ParseArgsConfig['options']>;
  /** Options that must be given. */
  needs?: readonly string[];
  sentence: string;
  usage: string;
  /** Answer → text for people. @param publicUrl where shops and browsers reach the relay */
  print: (answer: unknown, publicUrl: string) => string;
}

type Rows = Record<string, unknown>[];

export const COMMANDS: readonly Command[] = [
  command('store add', ['NAME'], {
    usage: '--timezone ZONE --currency CUR [--cut-over HH:MM]',
    options: {
      timezone: { type: 'string' },
      currency: { type: 'string' },
      'cut-over': { type: 'string', default: '00:00' },
    },
    needs: ['timezone', 'currency'],
    sentence: 'Adds a store and makes its first enrolment code.',
    print: printCode,
  }),
  command('store list', [], {
    sentence: 'Lists the stores.',
    print: answer =>
      table(answer as Rows, [
        'id',
        'name',
        'timezone',
        'currency',
        'cutOver',
        'lastSeenAt',
        'organisation',
      ]),
  }),
  command('store code', ['ID'], {
    sentence: 'Makes a new enrolment code; an earlier unused one ends.',
    print: printCode,
  }),
  command('store revoke', ['ID'], {
    sentence: "Ends the keys of the store's machines; what they sign is not believed any more.",
    print: answer => `${countText((answer as { revoked: number }).revoked, 'key')} revoked`,
  }),
  command('store key', ['ID'], {
    usage: '[--all]',
    options: { all: { type: 'boolean', default: false } },
    sentence: "Prints the store's public key (JWK), for `verify --key`; --all: every key it had.",
    print: answer => JSON.stringify(answer, null, 2),
  }),
  command('days', [], {
    usage: '[--store ID] [--from DATE] [--to DATE]',
    options: { store: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' } },
    sentence: 'Lists the store-days: state, reason, documents in Xero, totals.',
    print: printDays,
  }),
  command('verify', ['FILE.jws'], {
    usage: '--key FILE',
    options: { key: { type: 'string' } },
    needs: ['key'],
    sentence: 'Checks a signed day summary against a public key, offline. Exit code 1: not good.',
    print: printVerified,
  }),
  command('token add', ['NAME'], {
    usage: '[--role viewer|bookkeeper|admin]',
    options: { role: { type: 'string', default: 'viewer' } },
    sentence: 'Makes a token for the JSON API; it is shown this once.',
    print: answer => {
      const { name, token } = answer as { name: string; token: string };
      return `token ${name}: ${token}\nKeep it secret; it is not shown again.`;
    },
  }),
  command('token list', [], {
    sentence: 'Lists the API tokens.',
    print: answer => table(answer as Rows, ['name', 'role', 'createdAt', 'revokedAt']),
  }),
  command('token revoke', ['NAME'], {
    sentence: 'Ends an API token.',
    print: answer => `token ${(answer as { name: string }).name} is revoked`,
  }),
  command('admin add', ['EMAIL'], {
    sentence: 'Adds an admin; asks for the password, or reads it from the first line of stdin.',
    print: (answer, publicUrl) =>
      `${(answer as { email: string }).email} may sign in now: ${publicUrl}/sign-in`,
  }),
  command('admin reset', ['EMAIL'], {
    usage: '[--second-step-off]',
    options: { 'second-step-off': { type: 'boolean', default: false } },
    sentence:
      'Gives a user a new password (asked for, or the first line of stdin) and ends their sessions; --second-step-off: the code of the lost phone is not asked for any more.',
    print: answer => {
      const { email, secondStep } = answer as { email: string; secondStep: string };
      return `${email} has a new password; second step: ${secondStep}`;
    },
  }),
  command('key rotate', [], {
    sentence:
      'Seals all secrets with a new key and replaces the key file; stop all relays first. If it is broken off, type it again.',
    print: answer => `${(answer as { secrets: number }).secrets} secrets are sealed with a new key`,
  }),
  command('migrate', [], {
    sentence: 'Brings the database to the version of this program; a starting relay does it, too.',
    print: answer => {
      const { version, applied } = answer as { version: number; applied: string[] };
      const what = applied.length === 0 ? 'nothing to do' : `applied ${applied.join(', ')}`;
      return `the database has version ${version}: ${what}`;
    },
  }),
  command('export', ['FILE'], {
    sentence:
      'Writes everything to a new file, also while the relay runs (with PostgreSQL, stop all relays first). The key file goes separately.',
    print: printInventory,
  }),
  command('import', ['FILE'], {
    sentence: 'Reads an export into an empty folder or database, and compares counts and digests.',
    print: printInventory,
  }),
];

function command(
  name: string,
  args: readonly string[],
  more: Pick<Command, 'sentence' | 'print'> & Partial<Command>,
): Command {
  return { name, args, usage: '', options: {}, ...more };
}

function printInventory(answer: unknown): string {
  const { tables } = answer as { tables: Record<string, { rows: number; digest: string }> };
  return table(
    Object.entries(tables).map(([name, { rows, digest }]) => ({ table: name, rows, digest })),
    ['table', 'rows', 'digest'],
  );
}

function printCode(answer: unknown, publicUrl: string): string {
  const { id, code, expiresAt } = answer as { id: string; code: string; expiresAt: string };
  return [
    `store ${id}`,
    `enrolment code ${code}, good until ${expiresAt.slice(0, 16).replace('T', ' ')} UTC`,
    `On the machine in the shop: tillbook-agent enrol --relay ${publicUrl} --code ${code}`,
  ].join('\n');
}

function printDays(answer: unknown): string {
  const rows = (answer as Rows).map(row => {
    const { gross } = row['totals'] as { gross: number };
    const currency = String(row['currency']);
    const documents = (row['documents'] as { number: string }[]).map(one => one.number);
    const sales = `${formatMinorGrouped(gross, currency)} ${currency}`;
    return { ...row, sales, documents: documents.join(' ') };
  });
  return table(rows, ['store', 'date', 'revision', 'state', 'reason', 'sales', 'documents']);
}

function printVerified(answer: unknown): string {
  const { kid, summary } = answer as { kid: string; summary: Record<string, unknown> };
  const { storeId, businessDate, revision, number } = summary;
  return `good: store ${storeId}, ${businessDate}, revision ${revision}, number ${number}, key ${kid}`;
}

/** Columns of text; a header even when there is no row. */
function table(rows: Rows, columns: readonly string[]): string {
  const cells = [
    columns.map(name => name.replace(/[A-Z]/g, ' $&').toUpperCase()),
    ...rows.map(row => columns.map(name => String(row[name] ?? '-'))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map(row => row[i]?.length ?? 0)));
  return cells
    .map(row => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '))
    .map(line => line.trimEnd())
    .join('\n');
}

/**
 * @param commands all, or those of a group
 * @param settings the settings as text; only with all
 */
export function helpText(commands: readonly Command[], settings?: string): string {
  const lines = commands.map(({ name, args, usage, sentence }) => {
    const words = [name, ...args, usage].filter(word => word !== '').join(' ');
    return `  ${words}\n      ${sentence}`;
  });
  if (settings === undefined) return ['tillbook-relay COMMAND', '', ...lines].join('\n');
  return [
    'tillbook-relay [COMMAND]',
    '',
    '  run\n      Runs the relay (also without a command).',
    '  --check [--json]\n      Says everything that is wrong with the settings and what they name; starts nothing.',
    '  --version\n      Prints the version.',
    ...lines,
    '',
    'Every command takes --json and --help, and works while the relay runs and while it is down;',
    'only migrate, import and key rotate (and export from PostgreSQL) need it stopped.',
    'Exit codes: 0 done, 1 something was found, 2 usage, 73 another process holds the folder,',
    '74 I/O error.',
    '',
    'Settings (environment)',
    settings,
  ].join('\n');
}
