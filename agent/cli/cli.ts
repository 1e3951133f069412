/**
 * The agent's command line: finds the command, asks the running agent over its socket, or opens the
 * folder itself while no agent runs, and prints the result. Exit codes: 0 done, 1 something was
 * found, 2 usage, 73 another process holds the folder, 74 I/O error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, isAppError, messageOf } from '../../protocol/errors.ts';
import { isCheck, report } from '../../protocol/host/check.ts';
import { askControl, type ControlHandlers } from '../../protocol/host/control-socket.ts';
import { checkVersion } from '../../protocol/host/data-version.ts';
import { ownerOfFolder } from '../../protocol/host/folder-lock.ts';
import { describeSettings } from '../../protocol/host/settings.ts';
import { checkAgent } from '../check.ts';
import { type Config, readConfig, SETTINGS } from '../config.ts';
import { AGENT_DATA } from '../data-versions.ts';
import { type Arguments, type Command, helpOf, readArguments } from './command.ts';
import { COMMANDS } from './commands.ts';
import type { Core } from './core.ts';

/** A running agent that is still reading its journal, or another command, is done by then. */
const FOLDER_WAIT_MS = 60_000;
const ASK_AGAIN_MS = 200;
const SAY_AFTER_MS = 2000;

export interface CliParts {
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  version: string;
  stdout: (text: string) => void;
  stderr: (text: string) => void;
  /** Long output: resolves when more may come. */
  write: (text: string) => Promise<void>;
  /** Runs the agent until it is told to stop; gives the exit code. */
  run: (config: Config) => Promise<number>;
  exit: (code: number) => never;
  /** Opens the folder for one command. @throws AppError `folder-locked` */
  open: (config: Config) => Promise<Core>;
  /** How long a command waits for a folder that is in use. */
  folderWaitMs?: number;
}

/** @returns the exit code */
export async function runCli(parts: CliParts): Promise<number> {
  try {
    return await dispatch(parts);
  } catch (error) {
    parts.stderr(`${describeError(error)}\n`);
    return exitCodeOf(error);
  }
}

async function dispatch(parts: CliParts): Promise<number> {
  const { argv, env, stdout, version } = parts;
  const [first = 'run', second] = argv;
  if (first === '--version') return done(stdout, version);
  if (first === '--help' || first === 'help') return done(stdout, overview(version));
  if (isCheck(argv)) {
    return report(await checkAgent(env, Date.now()), argv.includes('--json'), stdout);
  }
  if (first === 'run' || (first.startsWith('-') && first !== '--')) {
    return await runAgent(parts, first === 'run' ? argv.slice(1) : argv);
  }
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0 && second === '--help') {
    return done(stdout, group.map(helpOf).join('\n'));
  }
  const command = COMMANDS.find(({ name }) => name === first || name === `${first} ${second}`);
  if (command === undefined) throw unknownCommand(argv);
  const args = readArguments(command, argv.slice(command.name.split(' ').length));
  if (args.options['help'] === true) return done(stdout, helpOf(command));
  const config = readConfig(env);
  if (command.readFiles !== undefined) {
    await checkVersion(config.dataDir, AGENT_DATA);
    await command.readFiles(config.dataDir, args, parts.write);
    return 0;
  }
  const prepared = (await command.prepare?.(args)) ?? args;
  const result = await workWhereItCan(parts, config, command, prepared);
  const asJson = args.options['json'] === true;
  stdout(asJson ? `${JSON.stringify(result)}\n` : ended(command.print(result, args)));
  return command.found?.(result) === true ? 1 : 0;
}

async function runAgent(parts: CliParts, argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) return done(parts.stdout, runHelp());
  if (argv.length > 0) throw unknownCommand(argv);
  const config = readConfig(parts.env);
  try {
    return await parts.run(config);
  } catch (error) {
    parts.stderr(`${describeError(error)}\n`);
    // What has been started already must not keep the process alive.
    return parts.exit(exitCodeOf(error));
  }
}

/** Within the running agent, or on the folder while none runs. */
async function workWhereItCan(
  { open, stderr, folderWaitMs = FOLDER_WAIT_MS }: CliParts,
  config: Config,
  command: Command,
  args: Arguments,
): Promise<unknown> {
  const deadline = Date.now() + folderWaitMs;
  let core: Core | undefined;
  let sayAt = Date.now() + SAY_AFTER_MS;
  for (;;) {
    const answer = await askControl(config.dataDir, command.name, args);
    if (answer !== undefined) return answer.result;
    const isLast = Date.now() > deadline;
    const owner = await ownerOfFolder(config.dataDir);
    if (owner === undefined || isLast) core = await openIfFree(open, config, isLast);
    if (core !== undefined) break;
    if (Date.now() > sayAt) {
      sayAt = Number.POSITIVE_INFINITY;
      stderr(`waiting for process ${owner?.pid ?? '?'}, which works on ${config.dataDir} ...\n`);
    }
    await sleep(ASK_AGAIN_MS);
  }
  try {
    return await (command.workAlone ?? command.work)(core, args);
  } finally {
    await core.stop();
  }
}

/** Undefined when another command was faster. @throws AppError `folder-locked` when it is the last try */
async function openIfFree(
  open: CliParts['open'],
  config: Config,
  isLast: boolean,
): Promise<Core | undefined> {
  try {
    return await open(config);
  } catch (error) {
    if (!isAppError(error, 'folder-locked')) throw error;
    if (!isLast) return undefined;
    throw new AppError('folder-locked', error.message, {
      hint: 'another command, or an agent that is still starting, works on this folder: try again when it is done',
      cause: error,
    });
  }
}

/** What the running agent answers over its socket. */
export function controlHandlers(core: Core): ControlHandlers {
  const handlers: ControlHandlers = {};
  for (const { name, work } of COMMANDS) {
    handlers[name] = args => work(core, args as Arguments);
  }
  return handlers;
}

function done(stdout: (text: string) => void, text: string): number {
  stdout(ended(text));
  return 0;
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function overview(version: string): string {
  const lines = COMMANDS.map(
    ({ name, usage, summary }) => `  ${`${name} ${usage}`.trimEnd()}\n      ${summary}`,
  );
  return [
    `tillbook-agent ${version}: takes a shop's sales and sends each day to head office.`,
    '',
    'Commands (tillbook-agent COMMAND --help says more):',
    '  run\n      Runs the agent (the default); its settings: tillbook-agent run --help',
    '  --check [--json]\n      Says everything that is wrong with the settings and what they name; starts nothing.',
    ...lines,
    '',
    'Exit codes: 0 done, 1 something was found, 2 usage, 73 another process holds the folder, 74 I/O error.',
  ].join('\n');
}

function runHelp(): string {
  return [
    'tillbook-agent run',
    '',
    'Runs the agent until it gets SIGTERM or Ctrl-C. Settings from the environment (default):',
    '',
    describeSettings(SETTINGS),
  ].join('\n');
}

function unknownCommand(argv: readonly string[]): AppError {
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${argv[0]} `));
  const names = group.map(({ name }) => name).join(', ');
  return new AppError('bad-input', `there is no command "${argv.slice(0, 2).join(' ')}"`, {
    hint: group.length > 0 ? `commands: ${names}` : 'see: tillbook-agent --help',
  });
}

export function describeError(error: unknown): string {
  if (isAppError(error)) return [error.message, error.hint].filter(Boolean).join('\n');
  if (isSystemError(error)) return error.syscall === 'listen' ? portWords(error) : error.message;
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}

/** A fresh machine often runs a broker already: Debian starts Mosquitto when it is installed. */
function portWords(error: NodeJS.ErrnoException & { address?: string; port?: number }): string {
  const { code, address, port } = error;
  const taken = code === 'EADDRINUSE';
  const why = taken ? 'another program has this port' : error.message;
  return [
    `the broker cannot listen on ${address} port ${port}: ${why}`,
    taken
      ? 'stop the other program (such as Mosquitto), or set AGENT_MQTT_PORT (AGENT_MQTTS_PORT for TLS)'
      : 'look at AGENT_MQTT_HOST, AGENT_MQTT_PORT and AGENT_MQTTS_PORT',
  ].join('\n');
}

/** An error of the operating system: no bug of ours, so nobody needs its stack. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** 73 and 74 as sysexits.h has them. */
export function exitCodeOf(error: unknown): number {
  if (isSystemError(error)) return error.syscall === 'listen' ? 1 : 74;
  if (!isAppError(error)) return 1;
  switch (error.code) {
    case 'bad-input':
    case 'bad-setting':
      return 2;
    case 'folder-locked':
      return 73;
    case 'disk-error':
    case 'disk-full':
    case 'damaged':
      return 74;
    default:
      return 1;
  }
}
