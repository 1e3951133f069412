/**
 * Which alerts hold now: a pure function of what the relay knows. Comes in: stores, heartbeats,
 * newest days, connections, the time. Goes out: one alert for each state a person must see.
 */
import { countInRuns } from '../../protocol/sequence.ts';
import { countText } from '../../protocol/words.ts';
import type { ConnectionRecord, DayRecord, HeartbeatRecord, StoreRecord } from '../db/records.ts';
import { KEPT_ASIDE_WORDS } from '../inbox/chain.ts';
import type { Alert } from './alert.ts';

/** Four heartbeats of five minutes. */
export const SILENT_AFTER_MS = 20 * 60_000;
/** What heals by itself heals within this time; only then it is told. */
export const WAITING_AFTER_MS = 15 * 60_000;
/** Xero ends a refresh token that was not used for 60 days. */
export const TOKEN_ENDING_AFTER_MS = 50 * 86_400_000;
export const CLOCK_WRONG_MS = 5 * 60_000;

export interface ShopFacts {
  store: StoreRecord;
  heartbeat: HeartbeatRecord | undefined;
  /** Newest days, any order. */
  days: readonly DayRecord[];
}

export interface Facts {
  nowMs: number;
  shops: readonly ShopFacts[];
  connections: readonly ConnectionRecord[];
}

export function alertsNow({ nowMs, shops, connections }: Facts): Alert[] {
  return [
    ...connections.flatMap(connection => connectionAlerts(connection, nowMs)),
    ...shops
      .filter(({ store }) => store.closedAt === undefined)
      .flatMap(shop => [
        ...mappingAlerts(shop.store),
        ...shopAlerts(shop, nowMs),
        ...shop.days.flatMap(day => dayAlerts(shop.store, day, nowMs)),
      ]),
  ];
}

function connectionAlerts(connection: ConnectionRecord, nowMs: number): Alert[] {
  const { id, organisations, state, refreshedAt } = connection;
  const name = organisations.map(organisation => organisation.name).join(', ') || 'Xero';
  if (state === 'disconnected') {
    const message = `The connection to ${name} is lost; its days wait`;
    const fix = 'Open Settings and press Reconnect.';
    return [{ kind: 'connection-lost', subject: id, message, fix }];
  }
  if (refreshedAt === undefined || nowMs - Date.parse(refreshedAt) < TOKEN_ENDING_AFTER_MS) {
    return [];
  }
  const message = `The connection to ${name} was not renewed since ${refreshedAt.slice(0, 10)}`;
  const fix = 'Open Settings and press Reconnect: Xero ends it after 60 days.';
  return [{ kind: 'token-ending', subject: id, message, fix }];
}

/** What the nightly check found: an account archived, a rate changed, payments not enabled. */
function mappingAlerts({ id, name, books }: StoreRecord): Alert[] {
  const [first, ...others] = books?.problems ?? [];
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  const message = `${name}: ${first.message}${more}`;
  return [{ kind: 'mapping-wrong', subject: id, message, fix: first.fix }];
}

function shopAlerts({ store, heartbeat }: ShopFacts, nowMs: number): Alert[] {
  if (heartbeat === undefined) return [];
  const alerts: Alert[] = [];
  const add = (kind: Alert['kind'], message: string, fix: string) =>
    alerts.push({ kind, subject: store.id, message: `${store.name}: ${message}`, fix });
  if (nowMs - Date.parse(heartbeat.receivedAt) > SILENT_AFTER_MS) {
    const since = heartbeat.receivedAt.slice(0, 16).replace('T', ' ');
    add(
      'store-silent',
      `nothing was heard since ${since} UTC`,
      'See that the machine in the shop is on and online; sales are safe there meanwhile.',
    );
  }
  const aside = heartbeat.heartbeat.quarantine.reduce((sum, row) => sum + row.count, 0);
  if (aside > 0) {
    add(
      'quarantine',
      aside === 1 ? '1 message was set aside' : `${aside} messages were set aside`,
      'The status page in the shop shows each with its reason; have the till corrected.',
    );
  }
  if (Math.abs(heartbeat.clockSkewMs) > CLOCK_WRONG_MS) {
    const minutes = Math.round(Math.abs(heartbeat.clockSkewMs) / 60_000);
    const side = heartbeat.clockSkewMs > 0 ? 'fast' : 'slow';
    add('clock-wrong', `the clock is ${minutes} minutes ${side}`, 'Have its time set by NTP.');
  }
  if (heartbeat.clonedAt !== undefined) {
    add(
      'cloned',
      'two machines work with the same key',
      'Switch the copy off, then revoke the key and enrol the machine that stays.',
    );
  }
  return alerts;
}

function dayAlerts(store: StoreRecord, day: DayRecord, nowMs: number): Alert[] {
  const alerts: Alert[] = [];
  const add = (kind: Alert['kind'], message: string, fix: string) =>
    alerts.push({
      kind,
      subject: `${store.id}/${day.date}`,
      message: `${store.name}, ${day.date}: ${message}`,
      fix,
    });
  const [reason] = day.reasons;
  if (day.state === 'missing' && reason !== undefined) {
    add('day-missing', 'the day did not come', reason.fix);
  }
  const movedAt = Date.parse(day.events.at(-1)?.at ?? '');
  const stuck = day.state === 'waiting' && !(nowMs - movedAt < WAITING_AFTER_MS);
  if (stuck && day.heldBy === undefined && reason !== undefined) {
    add('day-waiting', reason.message, reason.fix);
  }
  const aside = day.keptAside.findLast(kept => !wasSettled(day, kept));
  if (aside !== undefined) {
    const { message, fix } = KEPT_ASIDE_WORDS[aside.reason];
    add('kept-aside', `a summary was kept aside. ${message}`, fix);
  }
  const newest = day.revisions.at(-1);
  const missing = (newest?.parts.terminals ?? []).filter(row => row.missing.length > 0);
  if (missing.length > 0) {
    const numbers = missing.reduce((sum, row) => sum + countInRuns(row.missing), 0);
    const tills = missing.map(row => row.terminal).join(', ');
    add(
      'gap',
      `${countText(numbers, 'receipt')} of ${tills} did not arrive`,
      'Have that till send them again.',
    );
  }
  if ((newest?.damaged ?? 0) > 0) {
    const records = countText(newest?.damaged ?? 0, 'record');
    add('damage', `${records} cannot be read any more`, 'Have the disk in the shop checked.');
  }
  return alerts;
}

/** The same revision was accepted afterwards: the shop was enrolled again and signed it anew. */
function wasSettled({ revisions }: DayRecord, kept: DayRecord['keptAside'][number]): boolean {
  return revisions.some(
    ({ revision, receivedAt }) => revision === kept.revision && receivedAt > kept.receivedAt,
  );
}
