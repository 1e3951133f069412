/**
 * `/metrics` for Prometheus. Names are part of what outsiders rely on (ARCHITECTURE.md, "Watching
 * the relay"); they begin with `tillbook_relay_`, and no label carries a secret, an amount or a name
 * that a person gave: stores and organisations stand there by id.
 */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type Db, listAll } from '../db/db.ts';
import type { DayListener } from '../db/watched.ts';
import { DayTally } from './day-tally.ts';

export interface MetricsParts {
  db: Db;
  clock: () => number;
  onDayChanged: (listener: DayListener) => void;
  /** Calls to Xero left today, by organisation, as far as Xero has told. */
  xeroCallsLeft: () => ReadonlyMap<string, number>;
}

export interface Metrics {
  contentType: string;
  text(): Promise<string>;
}

const PREFIX = 'tillbook_relay_';

export function createMetrics(parts: MetricsParts): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: PREFIX });
  const tally = new DayTally(parts.db, parts.clock, parts.onDayChanged);
  const books = booksGauges(register);
  const shops = shopGauges(register);
  return {
    contentType: register.contentType,
    text: async () => {
      await books(parts, tally);
      await shops(parts);
      return await register.metrics();
    },
  };
}

function booksGauges(register: Registry) {
  const make = (name: string, help: string, label?: string) => gauge(register, name, help, label);
  const days = make('days', 'Store-days by state', 'state');
  const oldest = make(
    'oldest_waiting_seconds',
    'Since the oldest summary not in Xero came; 0: none',
  );
  const documents = make('documents', 'Invoices and credit notes by state', 'state');
  const connections = make('xero_connections', 'Connections to Xero by state', 'state');
  const calls = make('xero_calls_left', 'Calls to Xero left today, as Xero told', 'organisation');
  return async ({ db, clock, xeroCallsLeft }: MetricsParts, tally: DayTally) => {
    const counts = await tally.count();
    fill(days, 'state', counts.days);
    fill(documents, 'state', counts.documents);
    const { waitingSince } = counts;
    oldest.set(waitingSince === undefined ? 0 : secondsSince(waitingSince, clock()));
    const states = (await db.list('connections')).map(row => row.value.state);
    fill(connections, 'state', countEach(states));
    fill(calls, 'organisation', xeroCallsLeft());
  };
}

function shopGauges(register: Registry) {
  const make = (name: string, help: string, label?: string) => gauge(register, name, help, label);
  const stores = make('stores', 'Stores that are not closed for good');
  const unfit = make('stores_mapping_problems', 'Stores whose mapping no longer fits Xero');
  const age = make('heartbeat_age_seconds', 'Since a shop was last heard', 'store');
  const backlog = make('backlog', 'Signed summaries that a shop has not delivered', 'store');
  return async ({ db, clock }: MetricsParts) => {
    const all = (await listAll(db, 'stores')).map(row => row.value);
    const open = all.filter(store => store.closedAt === undefined);
    const ids = new Set(open.map(({ id }) => id));
    const beats = (await db.list('heartbeats')).filter(({ key }) => ids.has(key));
    stores.set(open.length);
    unfit.set(open.filter(({ books }) => (books?.problems ?? []).length > 0).length);
    const now = clock();
    const aged = beats.map(row => [row.key, secondsSince(row.value.receivedAt, now)] as const);
    fill(age, 'store', aged);
    fill(
      backlog,
      'store',
      beats.map(({ key, value }) => [key, value.heartbeat.backlog.waiting] as const),
    );
  };
}

function gauge(register: Registry, name: string, help: string, label?: string): Gauge {
  const labelNames = label === undefined ? [] : [label];
  return new Gauge({ name: PREFIX + name, help, labelNames, registers: [register] });
}

/** What is not there any more leaves no series behind. */
function fill(into: Gauge, label: string, rows: Iterable<readonly [string, number]>): void {
  into.reset();
  for (const [name, value] of rows) into.set({ [label]: name }, value);
}

function countEach(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function secondsSince(instant: string, now: number): number {
  return Math.max(0, Math.round((now - Date.parse(instant)) / 1000));
}
