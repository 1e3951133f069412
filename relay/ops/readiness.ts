/**
 * Whether the relay can do its work: a row is written and read back. Comes in: the database, the
 * clock. Goes out: nothing, or why not. Promise: however often it is asked, the disk is written at
 * most once in a few seconds, and a disk that hangs is an answer, too.
 */
import { randomUUID } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import type { Db } from '../db/db.ts';

/** Anybody may ask: an answer is good for so long. */
const GOOD_FOR_MS = 3_000;
export const PROBE_MAX_MS = 5_000;
/** A row that nobody reads but the probe. */
const PROBE_ROW = 'readiness';

export interface Readiness {
  /** @throws what the database says, or AppError `disk-error` when it says nothing in time */
  check(): Promise<void>;
}

export function watchReadiness(
  db: Db,
  clock: () => number,
  probeMaxMs: number = PROBE_MAX_MS,
): Readiness {
  let probe: Promise<void> | undefined;
  let goodUntil = 0;
  return {
    check: () => {
      const now = clock();
      // A clock that was set back must not keep an old answer.
      if (probe !== undefined && now < goodUntil && now >= goodUntil - GOOD_FOR_MS) return probe;
      goodUntil = now + GOOD_FOR_MS;
      probe = within(probeMaxMs, writeAndRead(db, now));
      return probe;
    },
  };
}

async function writeAndRead(db: Db, now: number): Promise<void> {
  const holder = randomUUID();
  const until = new Date(now).toISOString();
  await db.write(tx => tx.put('leases', PROBE_ROW, { holder, token: 0, until }));
  const read = await db.get('leases', PROBE_ROW);
  // Another relay on the same database may have asked in between: any row is a good one.
  if (read === undefined) throw new AppError('disk-error', 'a row that was written is not there');
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, refuse) => {
    const hint = 'look at the disk or the database of the relay';
    const error = new AppError('disk-error', 'the database does not answer', { hint });
    timer = setTimeout(() => refuse(error), limitMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
