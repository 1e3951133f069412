/**
 * `--check`: says everything that is wrong with a configuration before a service starts, each with
 * its fix. What is common to both programs: settings, data folder, port, and how it is said. Looks
 * only; what it must write to know (a probe file) it removes again.
 */
import { constants } from 'node:fs';
import { access, mkdtemp, open, readdir, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { isAppError, messageOf } from '../errors.ts';
import { countText } from '../words.ts';
import { ownerOfFolder } from './folder-lock.ts';
import { SETTINGS_HINT, type SettingProblem } from './settings.ts';

export interface Finding {
  /** `error`: it would not start, or not do its work. `warning`: it does; see to it. */
  severity: 'error' | 'warning';
  /** The setting it is about, or `clock` and the like. */
  subject: string;
  message: string;
  fix: string;
}

/** `statfs` types of file systems that do not keep what they are told (statfs(2)). */
const FORGETFUL: Readonly<Record<number, string>> = {
  16914836: 'in memory: a restart of the machine deletes it',
  26985: 'on a network disk (NFS)',
  4283649346: 'on a network disk (CIFS)',
  4266872130: 'on a network disk (SMB)',
};
/** No clock that is right shows less. */
const BUILT_MS = Date.UTC(2026, 0, 1);
/** Nor more: a flat battery may show any year. */
const LATER_MAX_MS = 20 * 365 * 86_400_000;

/** `--check`, `run --check`, with `--json` or without. */
export function isCheck(argv: readonly string[]): boolean {
  const words = argv[0] === 'run' ? argv.slice(1) : argv;
  return words.includes('--check') && words.every(word => /^--(check|json)$/.test(word));
}

export function failure(subject: string, message: string, fix: string): Finding {
  return { severity: 'error', subject, message, fix };
}

export function warning(subject: string, message: string, fix: string): Finding {
  return { severity: 'warning', subject, message, fix };
}

/** What a part throws when it cannot start, as a finding. */
export function findingOf(subject: string, error: unknown): Finding {
  const { hint, path } = isAppError(error) ? error : { hint: undefined, path: undefined };
  return failure(path ?? subject, messageOf(error), hint ?? 'correct it and check again');
}

/** A setting that is unknown or does not fit. */
export function settingFinding({ name, message }: SettingProblem): Finding {
  return failure(name, message.replace(/^: /, ''), SETTINGS_HINT);
}

/** The text of `--check`, or its JSON. @returns the exit code: 1 when there is an error */
export function report(
  findings: readonly Finding[],
  asJson: boolean,
  write: (text: string) => unknown,
): number {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const ok = errors === 0;
  if (asJson) write(`${JSON.stringify({ ok, findings })}\n`);
  else write(`${[...findings.map(textOf), verdictOf(errors, findings.length)].join('\n')}\n`);
  return ok ? 0 : 1;
}

function textOf({ severity, subject, message, fix }: Finding): string {
  return `${severity}: ${subject}${message.startsWith('=') ? '' : ': '}${message.replaceAll('\n', '\n    ')}\n    ${fix}`;
}

function verdictOf(errors: number, all: number): string {
  if (all === 0) return 'the configuration is good';
  return `${countText(errors, 'error')}, ${countText(all - errors, 'warning')}`;
}

/** Another process at work on the folder: then its ports are taken by it, and nothing is tried. */
export async function ownerFinding(folder: string, subject: string): Promise<Finding | undefined> {
  const owner = await ownerOfFolder(folder);
  if (owner === undefined) return undefined;
  const message = `${resolve(folder)} is in use by process ${owner.pid}; its ports were not tried`;
  return warning(subject, message, 'this is right when it is the service itself');
}

/** May the folder, or the one in which it will be made, be written by this user? */
export async function checkFolder(folder: string, subject: string): Promise<Finding[]> {
  const path = resolve(folder);
  try {
    const found = await stat(path).catch(missing);
    if (found === undefined) return await checkParent(path, subject);
    if (!found.isDirectory()) return [failure(subject, `${path} is no folder`, 'name a folder')];
    await probe(path);
    return [...(await foreignFiles(path, subject)), ...(await forgetful(path, subject))];
  } catch (error) {
    return [failure(subject, `${path} cannot be used: ${messageOf(error)}`, ownerFix(path))];
  }
}

async function checkParent(path: string, subject: string): Promise<Finding[]> {
  let parent = dirname(path);
  while ((await stat(parent).catch(missing)) === undefined) parent = dirname(parent);
  // Root may write everywhere and still make no folder on some file systems.
  await rmdir(await mkdtemp(join(parent, 'check-')));
  return await forgetful(parent, subject);
}

async function probe(path: string): Promise<void> {
  const file = join(path, `check-${process.pid}.tmp`);
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.write('a write that is synced\n');
    await handle.datasync();
  } finally {
    await handle.close();
    await rm(file, { force: true });
  }
}

/** What another user (root, mostly) has made there by mistake. */
async function foreignFiles(path: string, subject: string): Promise<Finding[]> {
  const denied: string[] = [];
  for (const name of await readdir(path)) {
    const mode = constants.R_OK | constants.W_OK;
    await access(join(path, name), mode).catch(() => denied.push(name));
  }
  if (denied.length === 0) return [];
  const message = `${path}: ${denied.join(', ')} cannot be read and written by this user`;
  return [failure(subject, message, ownerFix(path))];
}

async function forgetful(path: string, subject: string): Promise<Finding[]> {
  const why = FORGETFUL[(await statfs(path)).type];
  if (why === undefined) return [];
  return [warning(subject, `${path} is ${why}`, 'use a folder on a local disk')];
}

function ownerFix(path: string): string {
  return `give it to the user who runs the service: chown -R USER ${path}`;
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

/** Can this port be had now? 0 always can. */
export async function checkPort(host: string, port: number, subject: string): Promise<Finding[]> {
  if (port === 0) return [];
  const server = createServer();
  try {
    await new Promise<void>((done, failed) => {
      server.once('error', failed);
      server.listen(port, host, done);
    });
    await new Promise(done => server.close(done));
    return [];
  } catch (error) {
    return [failure(subject, `${host} port ${port}: ${portWords(error)}`, portFix(error))];
  }
}

function portWords(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'another program has this port';
  if (code === 'EACCES') return 'this user may not open this port';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return 'this machine has no such address';
  return messageOf(error);
}

function portFix(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'stop the other program (ss -ltnp names it), or choose another';
  if (code === 'EACCES') return 'choose a port from 1024 on';
  return 'use 0.0.0.0 for every address, or one that `ip address` shows';
}

/** A clock that no machine in use shows. */
export function checkClock(nowMs: number): Finding[] {
  if (nowMs >= BUILT_MS && nowMs <= BUILT_MS + LATER_MAX_MS) return [];
  const message = `the clock shows ${new Date(nowMs).toISOString()}`;
  return [warning('clock', message, 'set it and keep NTP on: timedatectl set-ntp true')];
}
