/**
 * `backup`: a copy of the data folder while the agent takes sales. What builds on other files is
 * copied before them, so that the copy never holds a summary whose sales it lacks. Left out: the
 * signing key, which belongs to one machine, and what is made again.
 */
import type { Dirent } from 'node:fs';
import { copyFile, mkdir, open, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { diskError, syncFolder } from '../../protocol/host/durable-file.ts';
import { LINE_BYTES_MAX } from '../journal/chain.ts';
import { command } from './command.ts';

/** Small files of the folder, then folders, in the order in which they are copied. */
const FILES = ['version.json', 'state.json', 'terminals.json', 'earlier.json'];
const SECRETS_OF_TLS = ['tls.crt', 'tls.key'];
const FOLDERS = ['receipts', 'summaries', 'quarantine', 'journal'];

export const backupCommand = {
  ...command({
    name: 'backup',
    usage: 'FOLDER',
    summary:
      'Copies everything but the signing key into a new folder, also while the agent takes sales.',
    positionals: [1, 1],
    work: () => Promise.reject(new Error('backup reads files')),
    print: () => '',
  }),
  readFiles: backUp,
};

async function backUp(
  dataDir: string,
  { positionals }: { positionals: string[] },
  out: (text: string) => Promise<void>,
): Promise<void> {
  const target = resolve(positionals[0] ?? '');
  await makeNew(target);
  let files = 0;
  for (const name of [...FILES, ...SECRETS_OF_TLS]) {
    if (await copy(join(dataDir, name), join(target, name))) files += 1;
  }
  for (const folder of FOLDERS) files += await copyFolder(dataDir, target, folder);
  await syncFolder(target);
  await out(
    `${files} files are in ${target}, without the signing key.\n` +
      'A restored copy needs a new enrolment code: tillbook-agent enrol --code CODE\n',
  );
}

/** With what stands in folders below it. @returns how many files */
async function copyFolder(dataDir: string, target: string, folder: string): Promise<number> {
  await mkdir(join(target, folder), { mode: 0o700 });
  let files = 0;
  for (const entry of await entriesOf(join(dataDir, folder))) {
    const name = join(folder, entry.name);
    if (entry.isDirectory()) files += await copyFolder(dataDir, target, name);
    else if (await copy(join(dataDir, name), join(target, name))) files += 1;
  }
  await syncFolder(join(target, folder));
  return files;
}

async function makeNew(target: string): Promise<void> {
  try {
    await mkdir(target, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw diskError(target, error);
    throw new AppError('already-exists', `${target} is there already`, {
      hint: 'name a new folder for each backup',
    });
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter(({ name }) => !name.endsWith('.tmp'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw diskError(folder, error);
  }
}

/** @returns false when it is not there, or went away meanwhile. @throws AppError disk errors */
async function copy(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw diskError(to, error);
  }
  const file = await open(to, 'r+');
  try {
    await file.chmod(0o600);
    if (to.endsWith('.ndjson')) await file.truncate(await endOfLines(file));
    await file.datasync();
  } catch (error) {
    throw diskError(to, error);
  } finally {
    await file.close();
  }
  return true;
}

type OpenFile = Awaited<ReturnType<typeof open>>;

/** A line that was being written is not acknowledged yet: the till sends it again. */
async function endOfLines(file: OpenFile): Promise<number> {
  const { size } = await file.stat();
  const from = Math.max(0, size - LINE_BYTES_MAX);
  const tail = Buffer.alloc(size - from);
  await file.read(tail, 0, tail.length, from);
  return from + tail.lastIndexOf('\n') + 1;
}
