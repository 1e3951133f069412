/**
 * The first admin's way in: while nobody can sign in yet, a one-time link stands in a file of the
 * data folder that only the relay's own user may read. Whoever can read it owns the machine anyway.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from '../db/db.ts';
import type { HqLog } from './deps.ts';
import { dropLinks, hasUsers, makeLink } from './people.ts';

export const SET_UP_FILE = 'set-up-link.txt';

export interface SetUpOptions {
  db: Db;
  dataDir: string;
  publicUrl: string;
  now: number;
  log: HqLog;
}

/**
 * Writes the link when there is no user, and logs where (never the link itself).
 * @returns the file's path, or undefined when there is a user already
 */
export async function offerSetUp(options: SetUpOptions): Promise<string | undefined> {
  const path = join(options.dataDir, SET_UP_FILE);
  await rm(path, { force: true });
  if (await hasUsers(options.db)) return undefined;
  const { code } = await options.db.write(async tx => {
    await dropLinks(tx, 'setup');
    return await makeLink(tx, { kind: 'setup', role: 'admin' }, options.now);
  });
  const text = `${options.publicUrl}/setup?code=${code}\n`;
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  options.log.info(
    { event: 'set-up-link', path },
    'open the link in this file to make the first admin',
  );
  return path;
}
