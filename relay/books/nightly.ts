/**
 * Once a night: each organisation's chart is read anew, the mappings are held against it, and what
 * people changed by hand in Xero is noticed and shown on its day. Once an hour: idle tokens are kept
 * alive. Promise: nothing is changed in Xero, and one organisation's trouble is not the others'.
 */
import { type ScheduledTask, schedule } from 'node-cron';
import type { Logger } from '../../protocol/host/log.ts';
import { type Db, listAll } from '../db/db.ts';
import { takeLease } from '../db/lease.ts';
import type { StoreRecord } from '../db/records.ts';
import type { Chart } from '../xero/chart.ts';
import type { Clock, OrganisationRef, Xero } from '../xero/port.ts';
import { noteChanges } from './changes.ts';
import { changedRates, checkMapping } from './mapping-check.ts';
import { refOf } from './poster-desk.ts';
import { distinctReasons } from './reasons.ts';

export interface NightlyOptions {
  db: Db;
  xero: Xero;
  clock: Clock;
  log: Logger;
  /** Told of each day that was found changed. */
  wake: (key?: string) => void;
  /** Who reads: of several relays one is enough. */
  holder: string;
}

export interface Nightly {
  stop(): Promise<void>;
}

/** Long after the last shop's midnight in most places, long before the bookkeeper comes. */
const NIGHTLY = '23 4 * * *';
/** A read in hand may be broken off: the next night reads it all again. */
const STOP_WITHIN_MS = 5_000;
const HOURLY = '41 * * * *';
/** Clocks differ less; the next night is free again. */
const TURN_MS = 6 * 3_600_000;

/** Both jobs are level-triggered: one that was slept through is caught up by the next. */
export function startNightly(options: NightlyOptions): Nightly {
  const { log, xero } = options;
  const running = new Set<Promise<void>>();
  const start = (name: string, work: () => Promise<void>) => {
    const run: Promise<void> = work()
      .catch(error => log.error({ error }, `${name} failed`))
      .finally(() => running.delete(run));
    running.add(run);
  };
  const tasks: ScheduledTask[] = [
    schedule(NIGHTLY, () => start('nightly read', () => runInTurn(options))),
    schedule(HOURLY, () => start('token refresh', () => xero.refreshIdle())),
  ];
  // A relay that sleeps every night would never refresh.
  start('token refresh', () => xero.refreshIdle());
  return {
    stop: async () => {
      await Promise.all(tasks.map(task => task.stop()));
      const late = new Promise<void>(done => setTimeout(done, STOP_WITHIN_MS).unref());
      await Promise.race([Promise.all(running), late]);
    },
  };
}

/** Every relay has the timer, and one reads: each read costs calls of the day. */
export async function runInTurn(options: NightlyOptions): Promise<void> {
  const { db, holder, clock } = options;
  const turn = await takeLease(db, { name: 'nightly', holder, ttlMs: TURN_MS, clock });
  if (turn !== undefined) await runNightly(options);
}

/** Reads every organisation that a store posts to; the order of stores does not matter. */
export async function runNightly(options: NightlyOptions): Promise<void> {
  const { db, log } = options;
  const stores = (await listAll(db, 'stores')).map(({ value }) => value);
  const byOrganisation = new Map<string, { ref: OrganisationRef; stores: StoreRecord[] }>();
  for (const store of stores) {
    const ref = refOf(store);
    if (ref === undefined || store.closedAt !== undefined) continue;
    const group = byOrganisation.get(ref.organisation) ?? { ref, stores: [] };
    group.stores.push(store);
    byOrganisation.set(ref.organisation, group);
  }
  for (const { ref, stores: own } of byOrganisation.values()) {
    try {
      await readOrganisation(options, ref, own);
    } catch (error) {
      log.warn({ error, organisation: ref.organisation }, 'nightly read of Xero failed');
    }
  }
}

async function readOrganisation(
  options: NightlyOptions,
  ref: OrganisationRef,
  stores: readonly StoreRecord[],
): Promise<void> {
  const before = await options.db.get('charts', ref.organisation);
  const chart = await options.xero.readChart(ref, { maxAgeMs: 0, caller: 'poster' });
  for (const store of stores) await recheck(options, store, chart, before ?? chart);
  const changed = await noteChanges(options, ref, stores, chart.changesReadAt);
  for (const key of changed) options.wake(key);
}

/** Writes what no longer fits, or that all is well again. */
async function recheck(
  { db, log }: NightlyOptions,
  { id }: StoreRecord,
  chart: Chart,
  earlier: Chart,
): Promise<void> {
  await db.write(async tx => {
    const store = await tx.get('stores', id);
    if (store?.books === undefined) return;
    const { problems: before = [], ...books } = store.books;
    // A changed rate is told until the mapping is saved again: only a person knows which is right.
    const rates = before.filter(({ code }) => code === 'tax-rate-changed');
    const problems = distinctReasons([
      ...checkMapping(books.mapping, chart, store.currency),
      ...rates,
      ...changedRates(books.mapping, earlier, chart),
    ]);
    if (JSON.stringify(before) === JSON.stringify(problems)) return;
    const found = problems.length > 0 ? { problems } : {};
    await tx.put('stores', id, { ...store, books: { ...books, ...found } });
    const codes = problems.map(({ code }) => code);
    if (codes.length > 0) log.error({ store: id, codes }, 'the mapping no longer fits Xero');
  });
}
