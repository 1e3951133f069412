/**
 * The relay's folder, opened: the database behind its lock, and the key that unseals its secrets.
 * Used by the running relay, and by a command while the relay is down.
 */
import { join } from 'node:path';
import type { Logger } from '../protocol/host/log.ts';
import type { Db } from './db/db.ts';
import type { Damage } from './db/documents.ts';
import { openLowdb } from './db/lowdb.ts';
import { createSeal, readKeyFile, type Seal } from './db/seal.ts';
import { repairDays } from './inbox/repair.ts';

export interface Home {
  db: Db;
  seal: Seal;
}

export interface HomeOptions {
  dataDir: string;
  /** RELAY_SECRET_KEY_FILE, when it was set. */
  secretKeyFile: string | undefined;
  log: Logger;
  /** The disk failed; the process should end. */
  onFatal: (error: unknown) => void;
}

/** @throws AppError folder-locked, damaged, disk-error, sealed-wrong-key */
export async function openHome(options: HomeOptions): Promise<Home> {
  const { dataDir, log, onFatal } = options;
  // Damage may be found while the database is opened: it is mended after that.
  const damages: Damage[] = [];
  let mend = (damage: Damage): void => void damages.push(damage);
  const onDamage = (damage: Damage) => {
    log.error({ event: 'damaged', ...damage }, 'a file was damaged; its version before is used');
    mend(damage);
  };
  const db = await openLowdb(dataDir, { onFatal, onDamage });
  mend = damage => {
    repairDays(db, log, damage).catch(err => log.error({ err, ...damage }, 'repair failed'));
  };
  for (const damage of damages) mend(damage);
  try {
    const isNew = (await db.get('settings', 'relay')) === undefined;
    const path = options.secretKeyFile ?? join(dataDir, 'secret.key');
    const { key, open } = await readKeyFile(path, isNew);
    if (open) log.warn({ event: 'key-file-open', path }, 'others may read the key file: chmod 600');
    return { db, seal: createSeal(key) };
  } catch (error) {
    await db.close();
    throw error;
  }
}
