/**
 * What the steps of posting share: the database behind the poster's lease, Xero, the clock, and the
 * small book of what this process has seen itself. Promise: no row is written by a poster whose
 * lease has gone to another one.
 */
import type { Logger } from '../../protocol/host/log.ts';
import type { Db } from '../db/db.ts';
import { checkLease, type Lease } from '../db/lease.ts';
import type { DayRecord, DocumentRecord, StoreRecord } from '../db/records.ts';
import type { Clock, OrganisationRef, Xero } from '../xero/port.ts';
import { changeDocument, isSame } from './day-steps.ts';
import type { Plan, PlanInput } from './plan.ts';

export interface Desk {
  db: Db;
  xero: Xero;
  clock: Clock;
  log: Logger;
  lease: Lease;
  /** By our own clocks the lease still runs: nobody can have taken over. */
  isOurTurn: () => boolean;
  /** Since when the lease has been ours without a break, ms since 1970. */
  turnSince: number;
  /** Digests that Xero was asked for in this turn; see forgotten.ts. */
  asked: Set<string>;
  plan: (input: PlanInput) => Plan;
  /**
   * Xero ids of documents that this process made itself and knows to be without payments. A restart
   * or a backup that was put back knows nothing: then Xero is asked before anything is paid.
   */
  unpaid: Set<string>;
  /** Numbers that were in a batch that Xero refused as a whole: they go alone. */
  alone: Set<string>;
}

/** One document of one day that is on its way. */
export interface Item {
  key: string;
  day: DayRecord;
  store: StoreRecord;
  document: DocumentRecord;
}

export function nowOf(desk: Pick<Desk, 'clock'>): string {
  return new Date(desk.clock()).toISOString();
}

/** Changes days in one transaction under the lease; `undefined` leaves a day as it is. */
export async function changeDays(
  desk: Desk,
  keys: readonly string[],
  change: (day: DayRecord, key: string) => DayRecord | undefined,
): Promise<void> {
  if (keys.length === 0) return;
  await desk.db.write(async tx => {
    await checkLease(tx, desk.lease);
    for (const key of keys) {
      const day = await tx.get('days', key);
      const changed = day === undefined ? undefined : change(day, key);
      if (changed !== undefined) await tx.put('days', key, changed);
    }
  });
}

/** Changes the items' documents, and their days with them, in one transaction. */
export async function changeItems<Of extends Item>(
  desk: Desk,
  items: readonly Of[],
  change: (document: DocumentRecord, item: Of) => DocumentRecord | undefined,
  then: (day: DayRecord, item: Of) => DayRecord = day => day,
): Promise<void> {
  const byKey = new Map<string, Of[]>();
  for (const item of items) byKey.set(item.key, [...(byKey.get(item.key) ?? []), item]);
  await changeDays(desk, [...byKey.keys()], (day, key) => {
    let changed = day;
    for (const item of byKey.get(key) ?? []) {
      if (!day.documents.some(one => isSame(one, item.document))) continue;
      changed = changeDocument(changed, item.document, one => change(one, item));
      changed = then(changed, item);
    }
    return changed;
  });
}

/** The items as they stand now; those whose document is gone from its day are left out. */
export async function reload(desk: Desk, items: readonly Item[]): Promise<Item[]> {
  const fresh: Item[] = [];
  for (const item of items) {
    const day = await desk.db.get('days', item.key);
    const document = day?.documents.find(one => isSame(one, item.document));
    if (day !== undefined && document !== undefined) fresh.push({ ...item, day, document });
  }
  return fresh;
}

export function refOf(store: StoreRecord): OrganisationRef | undefined {
  const { books } = store;
  return books && { connection: books.connection, organisation: books.organisation };
}

/** At most `size` items each, in the order given. */
export function batches<Of>(items: readonly Of[], size: number): Of[][] {
  const all: Of[][] = [];
  for (let at = 0; at < items.length; at += size) all.push(items.slice(at, at + size));
  return all;
}
