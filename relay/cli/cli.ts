/**
 * The relay's command line. A command asks the running relay over its control socket; while none
 * runs, it opens the folder itself. Comes in: argv. Goes out: text or JSON, and an exit code.
 */
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AppError, isAppError, messageOf } from '../../protocol/errors.ts';
import { askControl } from '../../protocol/host/control-socket.ts';
import { describeSettings } from '../../protocol/host/settings.ts';
import { shippedVersion } from '../../protocol/host/shipped.ts';
import { RELAY_SETTINGS } from '../config.ts';
import { COMMANDS, type Command, helpText } from './commands.ts';
import { DATABASE_COMMANDS } from './on-database.ts';
import { readPassword } from './password.ts';
import { verifyFile } from './verify-file.ts';

export const EXIT = { done: 0, found: 1, usage: 2, locked: 73, io: 74 } as const;

/** A relay holds its folder this long at most before it answers commands. */
const START_UP_MAX_MS = 10_000;
const ASK_AGAIN_MS = 200;

export interface CliHost {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  dataDir: string;
  /** Where shops and browsers reach the relay, as far as the settings tell. */
  publicUrl: string;
  /** Does the command on the folder itself: only while no relay runs on it. */
  runOnFolder: (method: string, args: unknown) => Promise<unknown>;
  /** Does one of DATABASE_COMMANDS; `path` is the file it names, or ''. */
  runOnDatabase: (method: string, path: string) => Promise<unknown>;
}

interface Parsed {
  command: Command;
  args: string[];
  values: Record<string, string | boolean | undefined>;
}

/** @returns the exit code */
export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  const overview = overviewOf(argv);
  if (overview !== undefined) {
    host.stdout.write(`${overview}\n`);
    return EXIT.done;
  }
  try {
    const parsed = parse(argv);
    if (parsed.values['help'] === true) return printHelp(parsed.command, host);
    return await perform(parsed, host);
  } catch (error) {
    return fail(error, host);
  }
}

/** What is answered without any work: the help of all or of a group of commands, the version. */
function overviewOf(argv: readonly string[]): string | undefined {
  const [first = ''] = argv;
  if (first === '--version') return shippedVersion();
  const settings = describeSettings(RELAY_SETTINGS);
  const isForAll = first === 'help' || first === 'run' || first.startsWith('-');
  if (first === 'help' || (isForAll && argv.some(isHelp))) return helpText(COMMANDS, settings);
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  return group.length > 0 && isHelp(argv[1] ?? '') ? helpText(group) : undefined;
}

/** Says what went wrong and what to do. @returns the exit code */
export function fail(error: unknown, { stderr }: Pick<CliHost, 'stderr'>): number {
  const hint = error instanceof AppError ? error.hint : undefined;
  stderr.write(`tillbook-relay: ${messageOf(error)}\n${hint === undefined ? '' : `${hint}\n`}`);
  return exitCodeOf(error);
}

export function exitCodeOf(error: unknown): number {
  if (isAppError(error, 'folder-locked')) return EXIT.locked;
  const { code } = error instanceof AppError ? error : { code: undefined };
  if (code === 'disk-full' || code === 'disk-error' || code === 'damaged') return EXIT.io;
  if (code === 'bad-input' || code === 'bad-setting') return EXIT.usage;
  return EXIT.found;
}

async function perform(parsed: Parsed, host: CliHost): Promise<number> {
  const { command, values } = parsed;
  const args = await argumentsOf(parsed, host);
  if (command.name === 'verify') return await verify(command, args, values, host);
  if (DATABASE_COMMANDS.includes(command.name)) {
    const path = parsed.args[0] === undefined ? '' : resolve(parsed.args[0]);
    // A running relay's folder is locked, but it can write all of it to a file itself.
    const asked =
      command.name === 'export' ? await askControl(host.dataDir, 'export', { path }) : undefined;
    const done = asked?.result ?? (await host.runOnDatabase(command.name, path));
    return print(command, done, values, host);
  }
  const answer = await askOrDo(command.name, args, host, Date.now() + START_UP_MAX_MS);
  return print(command, shape(command, answer, values), values, host);
}

/** The running relay's answer, or our own. A relay that is just starting cannot answer yet. */
async function askOrDo(
  method: string,
  args: Record<string, unknown>,
  host: CliHost,
  untilMs: number,
): Promise<unknown> {
  const asked = await askControl(host.dataDir, method, args);
  if (asked !== undefined) return asked.result;
  try {
    return await host.runOnFolder(method, args);
  } catch (error) {
    if (!isAppError(error, 'folder-locked') || Date.now() > untilMs) throw error;
  }
  await wait(ASK_AGAIN_MS);
  return await askOrDo(method, args, host, untilMs);
}

async function verify(
  command: Command,
  args: Record<string, unknown>,
  values: Parsed['values'],
  host: CliHost,
): Promise<number> {
  const verdict = await verifyFile(String(args['file']), String(args['key']));
  if (verdict.good) return print(command, verdict, values, host);
  if (values['json'] === true) host.stdout.write(`${JSON.stringify(verdict)}\n`);
  else host.stderr.write(`not good: ${verdict.reason}\n`);
  return EXIT.found;
}

/** The one public key that is good now, or all as a JWK set. */
function shape(command: Command, answer: unknown, values: Parsed['values']): unknown {
  if (command.name !== 'store key') return answer;
  const keys = (answer as { kid: string; jwk: object; revokedAt?: string }[]).map(
    ({ kid, jwk, revokedAt }) => ({ good: revokedAt === undefined, jwk: { ...jwk, kid } }),
  );
  if (values['all'] === true) return { keys: keys.map(({ jwk }) => jwk) };
  const current = keys.find(({ good }) => good);
  if (current !== undefined) return current.jwk;
  throw new AppError('not-found', 'no machine of this store is enrolled', {
    hint: 'make a code (tillbook-relay store code ID), or see old keys with --all',
  });
}

function print(
  command: Command,
  answer: unknown,
  values: Parsed['values'],
  { stdout, publicUrl }: CliHost,
): number {
  const text = values['json'] === true ? JSON.stringify(answer) : command.print(answer, publicUrl);
  stdout.write(`${text}\n`);
  return EXIT.done;
}

async function argumentsOf(
  { command, args, values }: Parsed,
  host: CliHost,
): Promise<Record<string, unknown>> {
  const given: Record<string, unknown> = {};
  for (const [index, name] of command.args.entries()) {
    given[name.toLowerCase().replace('.jws', '')] = args[index];
  }
  for (const [name, value] of Object.entries(values)) {
    if (name !== 'json' && name !== 'help') given[camelCase(name)] = value;
  }
  if (command.name.startsWith('admin ')) given['password'] = await readPassword(host);
  return given;
}

/** `cut-over` → `cutOver` */
function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function parse(argv: readonly string[]): Parsed {
  if (argv[0] === 'run') throw strangeToRun(argv);
  const words = argv.slice(0, 2).join(' ');
  const command =
    COMMANDS.find(({ name }) => name === words) ?? COMMANDS.find(({ name }) => name === argv[0]);
  if (command === undefined) throw unknownCommand(argv);
  const rest = argv.slice(command.name.split(' ').length);
  const { values, positionals } = parseOptions(command, rest);
  if (values['help'] === true) return { command, args: positionals, values };
  if (positionals.length !== command.args.length) {
    throw usage(command, `needs ${command.args.join(' ') || 'no argument'}`);
  }
  for (const name of command.needs ?? []) {
    if (values[name] === undefined) throw usage(command, `needs --${name}`);
  }
  return { command, args: positionals, values };
}

function parseOptions(
  command: Command,
  args: string[],
): { values: Parsed['values']; positionals: string[] } {
  try {
    const options = {
      ...command.options,
      json: { type: 'boolean' as const },
      help: { type: 'boolean' as const, short: 'h' },
    };
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { values: values as Parsed['values'], positionals };
  } catch (cause) {
    throw usage(command, messageOf(cause));
  }
}

function usageOf({ name, args, usage }: Command): string {
  return ['tillbook-relay', name, ...args, usage, '[--json]'].filter(Boolean).join(' ');
}

function usage(command: Command, message: string): AppError {
  return new AppError('bad-input', `${command.name}: ${message}`, { hint: usageOf(command) });
}

function unknownCommand(argv: readonly string[]): AppError {
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${argv[0]} `));
  const known = (group.length > 0 ? group : COMMANDS).map(({ name }) => name).join(', ');
  const words = argv.slice(0, group.length > 0 ? 2 : 1).join(' ');
  return new AppError('bad-input', `there is no command ${JSON.stringify(words)}`, {
    hint: `commands: ${group.length > 0 ? '' : 'run, '}${known}; --help tells more`,
  });
}

function strangeToRun(argv: readonly string[]): AppError {
  const words = JSON.stringify(argv.slice(1).join(' '));
  return new AppError('bad-input', `run takes nothing beside it: ${words}`, {
    hint: 'settings are environment variables: tillbook-relay run --help',
  });
}

function printHelp(command: Command, { stdout }: CliHost): number {
  stdout.write(`${usageOf(command)}\n    ${command.sentence}\n`);
  return EXIT.done;
}

export function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}
