/**
 * One command of the agent: its name, arguments and help, what it does on an opened folder, and how
 * its result reads in a terminal. The same work runs within the agent (asked over its socket) or,
 * while that is down, on the folder itself.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { AppError, messageOf } from '../../protocol/errors.ts';
import type { Core } from './core.ts';

export interface Arguments {
  positionals: string[];
  options: Record<string, string | boolean | undefined>;
}

export interface Command {
  /** As it is typed, e.g. `terminal add`. */
  name: string;
  /** Arguments for the help, e.g. `ID [--json]`. */
  usage: string;
  /** One sentence. */
  summary: string;
  options?: NonNullable<ParseArgsConfig['options']>;
  /** Fewest and most positional arguments; none by default. */
  positionals?: [min: number, max: number];
  /** Done where the command was typed: reads the files it names. */
  prepare?(args: Arguments): Promise<Arguments>;
  /** A command that only reads files of the folder: it needs neither agent nor lock. */
  readFiles?(dataDir: string, args: Arguments, out: (text: string) => Promise<void>): Promise<void>;
  /** Gives JSON; may run within the agent. */
  work(core: Core, args: Arguments): Promise<unknown>;
  /** The same while no agent runs, where that makes a difference. */
  workAlone?(core: Core, args: Arguments): Promise<unknown>;
  /** What a person reads. */
  print(result: unknown, args: Arguments): string;
  /** True: exit code 1, something was found. */
  found?(result: unknown): boolean;
}

/** A command with the type of its result; `work` and `print` agree on it. */
export function command<Result>(
  definition: Omit<Command, 'work' | 'workAlone' | 'print' | 'found'> & {
    work(core: Core, args: Arguments): Promise<Result>;
    workAlone?(core: Core, args: Arguments): Promise<Result>;
    print(result: Result, args: Arguments): string;
    found?(result: Result): boolean;
  },
): Command {
  const { found, print, ...rest } = definition;
  return {
    ...rest,
    // The result has been through JSON on its way over the socket: its shape is the same.
    print: (result, args) => print(result as Result, args),
    ...(found === undefined ? {} : { found: result => found(result as Result) }),
  };
}

/** @throws AppError `bad-input` that says what is expected */
export function readArguments(command: Command, argv: readonly string[]): Arguments {
  const { min, max } = limits(command);
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...command.options, json: { type: 'boolean' }, help: { type: 'boolean' } },
      allowPositionals: true,
      strict: true,
    });
    if (values['help'] !== true && (positionals.length < min || positionals.length > max)) {
      throw new Error(`expected ${command.name} ${command.usage}`);
    }
    return { positionals, options: values as Arguments['options'] };
  } catch (cause) {
    throw new AppError('bad-input', messageOf(cause), {
      hint: `see: tillbook-agent ${command.name} --help`,
      cause,
    });
  }
}

function limits({ positionals = [0, 0] }: Command): { min: number; max: number } {
  return { min: positionals[0], max: positionals[1] };
}

export function helpOf({ name, usage, summary }: Command): string {
  return `tillbook-agent ${`${name} ${usage}`.trimEnd()}\n\n${summary}\n`;
}

/** Rows in columns, as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)));
  return rows
    .map(row =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The option's text; undefined when it is absent. */
export function textOption(args: Arguments, name: string): string | undefined {
  const value = args.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** @throws AppError `bad-input` */
export function requiredOption(args: Arguments, name: string): string {
  const value = textOption(args, name);
  if (value !== undefined && value !== '') return value;
  throw new AppError('bad-input', `--${name} is needed`, { path: name });
}
