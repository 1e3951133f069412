/**
 * Leases: who may do a piece of work now, over processes and restarts. Every new holder gets a
 * higher fencing token; whoever held the lease before is refused at its next write, however late
 * it wakes up. (Kleppmann 2016, "How to do distributed locking".) Relays that share a database go
 * by its clock, not by their own.
 */
import { AppError } from '../../protocol/errors.ts';
import type { Clock } from '../clock.ts';
import type { Db, Reader } from './db.ts';

export interface Lease {
  name: string;
  holder: string;
  token: number;
}

export interface TakenLease extends Lease {
  /** The database's clock minus ours, ms; 0 where it has none. */
  skewMs: number;
}

export interface WantedLease {
  name: string;
  holder: string;
  ttlMs: number;
  clock: Clock;
}

/** Takes or prolongs a lease. Undefined: another holder has it. */
export async function takeLease(db: Db, wanted: WantedLease): Promise<TakenLease | undefined> {
  const { name, holder, ttlMs, clock } = wanted;
  return await db.write(async tx => {
    // The row first: waiting for it takes time.
    const row = await tx.get('leases', name);
    const shared = await tx.clock?.();
    const own = clock();
    const nowMs = shared ?? own;
    const valid = row !== undefined && Date.parse(row.until) > nowMs;
    if (valid && row.holder !== holder) return undefined;
    const token = valid ? row.token : (row?.token ?? 0) + 1;
    await tx.put('leases', name, {
      holder,
      token,
      until: new Date(nowMs + ttlMs).toISOString(),
    });
    return { name, holder, token, skewMs: nowMs - own };
  });
}

/**
 * To be called inside the transaction that the lease protects. A lease that ran out but that nobody
 * took meanwhile is still good.
 * @throws AppError `conflict` when a newer holder took over
 */
export async function checkLease(tx: Reader, lease: Lease): Promise<void> {
  const row = await tx.get('leases', lease.name);
  if (row?.token === lease.token && row.holder === lease.holder) return;
  throw new AppError('conflict', `the lease ${lease.name} has gone to another holder`, {
    retryable: true,
  });
}

/** Lets go early; the token stays, so that the next holder's is higher. */
export async function releaseLease(db: Db, lease: Lease): Promise<void> {
  await db.write(async tx => {
    const row = await tx.get('leases', lease.name);
    if (row?.token !== lease.token || row.holder !== lease.holder) return;
    await tx.put('leases', lease.name, { ...row, until: new Date(0).toISOString() });
  });
}
