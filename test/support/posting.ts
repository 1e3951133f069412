/**
 * For tests of posting: a Xero stand-in, a relay database in a temporary folder, a store connected
 * to the Singapore café's organisation, and days as its agent would have delivered them.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { DayParts } from '../../protocol/day-summary.ts';
import { silentLog } from '../../protocol/host/log.ts';
import { type Mapping, mappingSchema } from '../../relay/books/mapping.ts';
import { type LeaseTimes, type Poster, startPoster } from '../../relay/books/poster.ts';
import { type Db, dayKey } from '../../relay/db/db.ts';
import { openLowdb } from '../../relay/db/lowdb.ts';
import type { DayRecord, RevisionRecord } from '../../relay/db/records.ts';
import { createSeal } from '../../relay/db/seal.ts';
import type { Xero as XeroPort } from '../../relay/xero/port.ts';
import { sealSecret, sealTokens } from '../../relay/xero/tokens.ts';
import { createXero } from '../../relay/xero/xero.ts';
import { parts } from './books.ts';
import { type Xero as StandIn, startXero, type XeroOptions } from './xero/server.ts';

export const REDIRECT = 'http://localhost:8090/xero/callback';

export interface Rig {
  standIn: StandIn;
  db: Db;
  xero: XeroPort;
  organisation: string;
  /** The clock of the relay and the stand-in, ms; `advance` moves it. */
  now: () => number;
  advance: (ms: number) => void;
  /** A relay process: a new Xero port and poster on the same database. */
  start: (db?: Db, holder?: string) => Poster;
  newXero: (db?: Db, holder?: string) => XeroPort;
}

export const SEAL_KEY = randomBytes(32);
export const SEAL = createSeal(SEAL_KEY);

export interface RigOptions extends XeroOptions {
  /** Closed by the rig; a lowdb of its own by default. */
  db?: Db;
  lease?: LeaseTimes;
}

/**
 * Everything stops with the test.
 * @param speed how much faster than the world the clock of relay and stand-in goes
 */
export async function makeRig(
  t: Pick<TestContext, 'after'>,
  options: RigOptions = {},
  speed = 1,
): Promise<Rig> {
  let shift = 0;
  const begin = Date.now();
  const now = () => begin + (Date.now() - begin) * speed + shift;
  const standIn = await startXero({ seeds: ['sg'], clock: now, ...options });
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-posting-'));
  const db: Db = options.db ?? (await openLowdb(join(folder, 'db')));
  const posters: Poster[] = [];
  t.after(async () => {
    await Promise.all(posters.map(poster => poster.stop()));
    await standIn.stop();
    await db.close();
    await rm(folder, { recursive: true, force: true });
  });
  const newXero = (on = db, holder = 'test') => makeXero(on, standIn.url, now, holder, speed);
  const organisation = standIn.world.organisations[0]?.id ?? '';
  return {
    ...{ standIn, db, organisation, now, newXero, xero: newXero() },
    advance: ms => {
      shift += ms;
    },
    start: (on = db, holder = 'test') => {
      const poster = startPoster({
        ...{ db: on, xero: newXero(on, holder), clock: now, log: silentLog() },
        holder,
        ...(options.lease && { lease: options.lease }),
      });
      // A killed process stops nothing.
      if (on === db) posters.push(poster);
      return poster;
    },
  };
}

function makeXero(
  db: Db,
  url: string,
  clock: () => number,
  holder: string,
  speed: number,
): XeroPort {
  return createXero({
    urls: { login: url, identity: url, api: url },
    ...{ redirectUri: REDIRECT, db, seal: SEAL, clock, log: silentLog(), holder },
    startTimer: (work, afterMs) => {
      const timer = setTimeout(work, afterMs / speed);
      return () => clearTimeout(timer);
    },
  });
}

/** Connects without a browser: the stand-in grants, the row is written as the consent would. */
export async function connect(rig: Rig, livesMs = 1_800_000): Promise<string> {
  const app = rig.standIn.control.registerApp({ redirectUris: [REDIRECT] });
  const granted = rig.standIn.control.grant({ clientId: app.clientId });
  const id = 'connection-1';
  const tokens = {
    access_token: String(granted['access_token']),
    refresh_token: String(granted['refresh_token']),
    expires_at: Math.floor((rig.now() + livesMs) / 1000),
  };
  await rig.db.write(tx =>
    tx.put('connections', id, {
      id,
      clientId: app.clientId,
      clientSecret: sealSecret(SEAL, id, app.clientSecret),
      tokens: sealTokens(SEAL, id, tokens),
      organisations: [{ id: rig.organisation, name: 'Demo', connectionId: 'c-1' }],
      refreshedAt: new Date(rig.now()).toISOString(),
      state: 'connected',
      createdAt: new Date(rig.now()).toISOString(),
      createdBy: 'test',
    }),
  );
  return id;
}

export const MAPPING = {
  products: '200',
  payment: '621',
  taxes: { GST9: 'OUTPUT' },
  tenders: { card: { payment: '620' }, 'gift-card': { line: '830' } },
  kinds: { tip: '832', 'gift-card': '830' },
  cashOther: '429',
  overShort: '421',
};

/** A store that posts from 1 November 2026 on. */
export async function addStore(
  rig: Rig,
  id = 'store-1',
  more: Partial<Record<keyof Mapping, unknown>> = {},
): Promise<string> {
  const mapping = mappingSchema.parse({ organisation: rig.organisation, ...MAPPING, ...more });
  await rig.db.write(tx =>
    tx.put('stores', id, {
      ...{ id, name: `Café ${id}`, slug: id, timezone: 'Asia/Singapore', currency: 'SGD' },
      ...{ cutOver: '00:00', createdAt: '2026-11-01T00:00:00Z', commands: [] },
      head: { number: 1, digest: '' },
      books: {
        connection: 'connection-1',
        organisation: rig.organisation,
        mapping,
        postFrom: '2026-11-01',
        savedAt: '2026-11-01T00:00:00Z',
      },
    }),
  );
  return id;
}

/** Card 13.03, cash 10.97 for coffee with GST and a tip. */
export function busyDay(more: Parameters<typeof parts>[0] = {}): DayParts {
  return parts({
    sales: [
      { category: 'Coffee', taxCode: 'GST9', count: 4, amount: 2200, tax: 182 },
      { kind: 'tip', amount: 200 },
    ],
    tenders: { card: 1303, cash: 1097 },
    ...more,
  });
}

/** Puts the next revision of a day into the inbox. */
export async function deliver(
  rig: Rig,
  date: string,
  day: DayParts = busyDay(),
  store = 'store-1',
): Promise<string> {
  const [key = ''] = await deliverTogether(rig, [{ store, date, day }]);
  return key;
}

export interface Delivered {
  store: string;
  date: string;
  day: DayParts;
  /** RFC 3339; by default midnight in Singapore. */
  closedAt?: string;
}

/** All of them come at the same instant. */
export async function deliverTogether(rig: Rig, days: readonly Delivered[]): Promise<string[]> {
  const keyOf = ({ store, date }: Delivered) => dayKey(store, date);
  await rig.db.write(async tx => {
    for (const one of days) {
      const old = await tx.get('days', keyOf(one));
      const revisions = [...(old?.revisions ?? [])];
      revisions.push(revisionOf(one, revisions.length + 1));
      const { store, date } = one;
      const fresh = { store, date, keptAside: [], documents: [], events: [] };
      await tx.put('days', keyOf(one), {
        ...{ ...fresh, ...old },
        ...{ state: 'received', reasons: [], revisions },
      });
    }
  });
  return days.map(keyOf);
}

function revisionOf({ store, date, day, closedAt }: Delivered, revision: number): RevisionRecord {
  const digest = createHash('sha256').update(`${store} ${date} ${revision}`).digest('base64url');
  const at = closedAt ?? `${date}T16:00:00Z`;
  const numbers = { revision, number: revision, quarantined: 0, damaged: 0 };
  return { ...numbers, digest, receivedAt: at, closedAt: at, parts: day };
}

/** Waits until the day is in one of the states. */
export async function dayIn(
  rig: Rig,
  key: string,
  states: readonly DayRecord['state'][],
  withinMs = 15_000,
): Promise<DayRecord> {
  const until = Date.now() + withinMs;
  for (;;) {
    const day = await rig.db.get('days', key);
    if (day !== undefined && states.includes(day.state)) return day;
    if (Date.now() > until) {
      throw new Error(
        `${key} is ${day?.state}: ${JSON.stringify({ ...day, revisions: 0 }, null, 1)}`,
      );
    }
    await new Promise(done => setTimeout(done, 20));
  }
}

/** Posts until all of the keys are reconciled, woken all the while; then that poster stops. */
export async function postAll(rig: Rig, keys: readonly string[], db = rig.db): Promise<void> {
  const poster = rig.start(db);
  const nudge = setInterval(() => poster.wake(), 40);
  try {
    for (const key of keys) await dayIn(rig, key, ['reconciled']);
  } finally {
    clearInterval(nudge);
    await poster.stop();
  }
}
