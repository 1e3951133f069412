/** What every part of the inbox needs of the rest of the relay. */
import type { Logger } from '../../protocol/host/log.ts';
import type { SigningKey } from '../../protocol/signing.ts';
import type { Clock } from '../clock.ts';
import type { Db } from '../db/db.ts';

export interface InboxDeps {
  db: Db;
  clock: Clock;
  log: Logger;
  /** The relay's own key: signs receipts and answers. */
  key: SigningKey;
  /** A summary was accepted: the poster has work with this day (`<store>/<date>`). */
  wake: (key: string) => void;
}
