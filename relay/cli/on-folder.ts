/** A command while no relay runs: the folder is opened, and locked, for just this. */
import { AppError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import type { Clock } from '../clock.ts';
import { deskHandlers } from '../desk.ts';
import { openHome } from '../home.ts';
import { ensureRelayKey } from '../inbox/relay-key.ts';
import { StoreDesk } from '../inbox/stores.ts';

export interface OnFolderOptions {
  dataDir: string;
  databaseUrl?: string | undefined;
  secretKeyFile: string | undefined;
  log: Logger;
  clock: Clock;
  onFatal: (error: unknown) => void;
}

/** @throws AppError as the command does; folder-locked when a relay was started meanwhile */
export async function runOnFolder(
  options: OnFolderOptions,
  method: string,
  args: unknown,
): Promise<unknown> {
  const { clock } = options;
  const home = await openHome({ ...options, isCommand: true });
  const { db, seal } = home;
  try {
    await ensureRelayKey(db, seal);
    const handlers = deskHandlers({ db, clock, stores: new StoreDesk(db, clock) });
    const handler = handlers[method];
    if (handler === undefined) throw new AppError('not-found', `no such command: ${method}`);
    return await handler(args);
  } finally {
    await home.close();
  }
}
