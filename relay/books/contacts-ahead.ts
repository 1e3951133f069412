/**
 * The contact of a store's documents is looked up, or made, soon after its mapping was saved, so
 * that the night need not. Comes in: stores that were saved; goes out: contact ids beside the chart.
 * Promise: it takes one call at a time, leaves people their share of the day's calls, and a failure
 * costs nothing: the poster does what is missing here.
 */
import type { Logger } from '../../protocol/host/log.ts';
import type { Db } from '../db/db.ts';
import { BATCH_MAX, type OrganisationRef, type Xero } from '../xero/port.ts';
import { contactName } from './numbers.ts';
import { batches, refOf } from './poster-desk.ts';

export interface ContactsAheadOptions {
  db: Db;
  xero: Pick<Xero, 'contactIds'>;
  log: Logger;
  /** Saves within this time go to Xero together; also bounds the calls: two per 50 in that time. */
  gatherMs?: number;
}

export interface ContactsAhead {
  /** The store's mapping was saved. Returns at once; a contact that is known costs no call. */
  wanted(store: string): void;
  /** Lets a call in hand finish, within 2 s; what was not begun is the poster's. */
  stop(): Promise<void>;
}

/** At most 24 calls a minute while stores are saved one by one, of the 60 that Xero allows. */
const GATHER_MS = 5_000;
const STOP_WITHIN_MS = 2_000;
/** More than an organisation has stores; what is beyond is the poster's. */
const WAITING_MAX = 20_000;

export function startContactsAhead(options: ContactsAheadOptions): ContactsAhead {
  const { log, gatherMs = GATHER_MS } = options;
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isStopping = false;

  function plan(): void {
    if (timer !== undefined || isStopping || waiting.size === 0) return;
    timer = setTimeout(() => {
      const stores = [...waiting];
      waiting.clear();
      running = makeAll(options, stores, () => isStopping)
        .catch(error => log.warn({ error }, 'contacts were not made ahead: posting makes them'))
        .finally(() => {
          timer = undefined;
          plan();
        });
    }, gatherMs).unref();
  }

  return {
    wanted: store => {
      if (waiting.size < WAITING_MAX) waiting.add(store);
      plan();
    },
    stop: async () => {
      isStopping = true;
      clearTimeout(timer);
      const late = new Promise<void>(done => setTimeout(done, STOP_WITHIN_MS).unref());
      await Promise.race([running, late]);
    },
  };
}

/** 50 at a time, each part stored before the next one; an organisation's trouble is its own. */
async function makeAll(
  options: ContactsAheadOptions,
  stores: readonly string[],
  isStopping: () => boolean,
): Promise<void> {
  for (const { ref, names } of (await namesOf(options.db, stores)).values()) {
    try {
      for (const some of batches([...names], BATCH_MAX)) {
        if (isStopping()) return;
        await makeSome(options, ref, some);
      }
    } catch (error) {
      const { organisation } = ref;
      options.log.warn({ error, organisation }, 'contacts were not made ahead: posting makes them');
    }
  }
}

async function makeSome(
  { xero, log }: ContactsAheadOptions,
  ref: OrganisationRef,
  names: readonly string[],
): Promise<void> {
  const ids = await xero.contactIds(ref, names);
  const refused = names.filter(name => !ids.has(name));
  if (refused.length === 0) return;
  log.warn({ organisation: ref.organisation, refused }, 'Xero does not take these contacts');
}

interface Wanted {
  ref: OrganisationRef;
  names: Set<string>;
}

/** As the mapping is by now, by organisation. */
async function namesOf(db: Db, stores: readonly string[]): Promise<Map<string, Wanted>> {
  const byOrganisation = new Map<string, Wanted>();
  for (const id of stores) {
    const store = await db.get('stores', id);
    const ref = store && refOf(store);
    if (store?.books === undefined || ref === undefined || store.closedAt !== undefined) continue;
    const wanted = byOrganisation.get(ref.organisation) ?? { ref, names: new Set() };
    wanted.names.add(contactName({ store, mapping: store.books.mapping }));
    byOrganisation.set(ref.organisation, wanted);
  }
  return byOrganisation;
}
