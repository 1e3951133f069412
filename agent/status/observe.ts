/**
 * Gathers the status from the parts of the agent. Asked by fifty viewers at once it still looks only
 * a few times a second.
 */
import { formatInstant } from '../../protocol/business-date.ts';
import type { DayParts } from '../../protocol/day-summary.ts';
import type { Broker } from '../broker/broker.ts';
import type { TerminalConnection } from '../broker/connections.ts';
import type { Terminals } from '../broker/terminals.ts';
import type { Upstream } from '../broker/upstream.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { ClockWatch } from '../day/clock-watch.ts';
import type { DaySnapshot } from '../day/day-book.ts';
import type { DayClose } from '../day/day-close.ts';
import type { SignedDays } from '../day/signed-days.ts';
import type { ShopCalendar } from '../day/store-calendar.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Shop } from '../intake.ts';
import type { StateFile } from '../state.ts';
import { dayStatuses } from './days.ts';
import { type Facts, findingsOf } from './findings.ts';
import type { AgentStatus, TerminalStatus } from './status.ts';
import { QUARANTINE_WORDS } from './words.ts';

const FRESH_MS = 250;
const QUARANTINE_SHOWN_MAX = 100;
const PACE_DAYS = 14;
/** A usual sale in the journal, with its chain and its place in the checkpoint. */
const MESSAGE_BYTES = 1200;

export interface StatusParts {
  version: string;
  clock: Clock;
  state: StateFile;
  calendar: ShopCalendar;
  watch: ClockWatch;
  shop: Shop;
  terminals: Terminals;
  signed: SignedDays;
  outbox: Outbox;
  dayClose: DayClose;
  /** Filled while the agent runs; empty for a command on its own. */
  outside: {
    broker?: Broker;
    upstream?: Upstream;
    reachable?: () => boolean | undefined;
    tlsExpiresAt?: () => string;
  };
  /** Sales come from an existing broker. */
  upstream: boolean;
  showAmounts: boolean;
  config: Pick<Config, 'diskReserveMb'>;
}

export type Observe = () => AgentStatus;

export function observer(parts: StatusParts): Observe {
  let seen: AgentStatus | undefined;
  let seenAt = 0;
  let seenNumber: number | undefined;
  return () => {
    const at = performance.now();
    // Who has just closed a day and asks what became of it gets no answer from before.
    const number = parts.signed.last()?.number;
    if (seen === undefined || at - seenAt > FRESH_MS || number !== seenNumber) {
      seen = observe(parts);
      seenAt = at;
      seenNumber = number;
    }
    return seen;
  };
}

function observe(parts: StatusParts): AgentStatus {
  const { calendar, clock, outbox, shop, state, watch } = parts;
  const nowMs = clock.nowMs();
  const { enrolment, delivery, heartbeat } = state.data;
  const businessDate = calendar.today();
  const { timezone } = calendar.ruleOf(businessDate);
  const local = localTime(timezone);
  const storage = shop.storage();
  const waiting = outbox.waiting().length;
  const snapshot = shop.dayBook.snapshot(businessDate);
  const facts = {
    version: parts.version,
    now: formatInstant(nowMs, timezone),
    store: enrolment === undefined ? null : { id: enrolment.storeId, name: enrolment.name },
    timezone,
    currency: calendar.currency() ?? null,
    businessDate,
    ready: storage.ready,
    today: today(parts, snapshot, timezone),
    terminals: terminalRows(parts, snapshot, local),
    days: dayStatuses(parts, businessDate),
    outbox: {
      waiting,
      oldestSeconds: outbox.oldestSeconds(nowMs),
      nextAttemptAt: waiting > 0 ? local(delivery.nextAttemptMs || undefined) : null,
      lastDeliveredAt: local(msOf(delivery.lastDeliveredAt)),
      lastError: errorOf(delivery.lastError, local),
    },
    relay: {
      address: enrolment?.relay ?? null,
      reachable: parts.outside.reachable?.() ?? null,
      refusal: heartbeat.refusal ?? null,
      lastAnswerAt: local(msOf(heartbeat.lastAnswerAt)),
      skewSeconds: heartbeat.skewMs === undefined ? null : Math.round(heartbeat.skewMs / 1000),
    },
    disk: {
      freeBytes: Math.max(0, finite(storage.freeBytes)),
      totalBytes: storage.totalBytes,
      daysLeft: daysLeft(parts, finite(storage.freeBytes)),
    },
    clock: { verdict: watch.verdict() },
    mqtt: wayIn(parts, local),
    quarantineCount: shop.quarantine.list().length,
    quarantine: quarantineRows(parts, local),
    storageReason: storage.reason,
    chainProblem: heartbeat.chainProblem,
    elsewhere: elsewhere(parts),
    damagedSummaries: parts.signed.damaged.map(name => name.replace(/\.jws$/, '')),
  };
  return { ...shownOf(facts), ...findingsOf(facts) };
}

/** What only the findings are made of is not shown by itself. */
export function shownOf(facts: Facts): Omit<AgentStatus, 'headline' | 'problems'> {
  const { storageReason, chainProblem, elsewhere, damagedSummaries, ...shown } = facts;
  return shown;
}

/** What this machine took of a day that another one closed: head office has to be told. */
function elsewhere({ calendar, shop, signed }: StatusParts): { date: string; messages: number }[] {
  return shop.dayBook
    .dates()
    .map(date => ({
      date,
      messages: shop.dayBook.entries(date) - (signed.newest(date)?.entries ?? 0),
    }))
    .filter(({ date, messages }) => messages > 0 && !calendar.acceptsDate(date));
}

type LocalTime = (instantMs: number | undefined) => string | null;

function localTime(timezone: string): LocalTime {
  return instantMs => (instantMs === undefined ? null : formatInstant(instantMs, timezone));
}

function today({ shop, showAmounts }: StatusParts, snapshot: DaySnapshot, timezone: string) {
  const { date, damaged, parts, quarantined, journal } = snapshot;
  return {
    transactions: journal.entries,
    duplicates: shop.duplicates(date),
    quarantined,
    damaged,
    hours: shop.dayBook.hours(date).map(([hourMs, count]) => ({
      hour: formatInstant(hourMs, timezone).slice(11, 16),
      count,
    })),
    ...(showAmounts ? { totals: parts } : {}),
  };
}

function wayIn({ outside, upstream }: StatusParts, local: LocalTime): AgentStatus['mqtt'] {
  const { broker, tlsExpiresAt, upstream: existing } = outside;
  const { connected = true, lastError } = existing?.status() ?? {};
  return {
    plain: broker?.address ?? null,
    tls: broker?.tlsAddress ?? null,
    tlsExpiresAt: local(msOf(tlsExpiresAt?.())),
    upstream,
    upstreamError: connected ? null : (lastError ?? 'not connected'),
  };
}

/** By the pace of the last days that are over; at first there is nothing to go by. */
function daysLeft({ calendar, config, shop }: StatusParts, freeBytes: number): number | null {
  const before = shop.dayBook.dates().filter(date => date < calendar.today());
  const recent = before.slice(-PACE_DAYS);
  const messages = recent.reduce((sum, date) => sum + shop.dayBook.entries(date), 0);
  if (messages === 0) return null;
  const usable = freeBytes - config.diskReserveMb * 1024 ** 2;
  return Math.max(0, Math.floor(usable / ((messages / recent.length) * MESSAGE_BYTES)));
}

function terminalRows(
  parts: StatusParts,
  snapshot: DaySnapshot,
  local: LocalTime,
): TerminalStatus[] {
  const { dayClose, outside, shop, terminals } = parts;
  const known = outside.broker?.connections() ?? outside.upstream?.connections() ?? [];
  const connections = new Map(known.map(row => [row.terminal, row]));
  const lastSale = new Map(shop.dayBook.terminals().map(row => [row.terminal, row]));
  const todayRows = snapshot.parts.terminals;
  const open = [
    ...dayClose.waiting().flatMap(other => shop.dayBook.snapshot(other).parts.terminals),
    ...todayRows,
  ];
  const isOpen = openProblems(shop);
  const ids = new Set([...terminals.list().map(({ id }) => id), ...lastSale.keys()]);
  return [...ids].sort().map(id => {
    const connection = connections.get(id);
    return {
      id,
      connected: connection?.connected ?? false,
      lastSaleAt: local(lastSale.get(id)?.lastReceivedAtMs),
      lastSeenAt: local(connection?.lastSeenMs),
      transactions: countOf(todayRows, id),
      missing: open.filter(({ terminal }) => terminal === id).flatMap(({ missing }) => missing),
      qos0: connection?.qos0 ?? 0,
      retained: connection?.retained ?? 0,
      problems: problemsOf(connection, isOpen, local),
    };
  });
}

/** A message's problem is over when nothing of its kind is left in the till's quarantine. */
function openProblems({ quarantine }: StatusParts['shop']) {
  const left = new Set(quarantine.list().map(({ terminal, code }) => `${terminal} ${code}`));
  return (terminal: string, code: string) =>
    !(code in QUARANTINE_WORDS) || left.has(`${terminal} ${code}`);
}

function problemsOf(
  connection: TerminalConnection | undefined,
  isOpen: (terminal: string, code: string) => boolean,
  local: LocalTime,
): TerminalStatus['problems'] {
  return (connection?.problems ?? [])
    .filter(({ code }) => isOpen(connection?.terminal ?? '', code))
    .map(({ code, message, atMs }) => ({ code, message, at: local(atMs) ?? '' }));
}

function countOf(rows: DayParts['terminals'], id: string): number {
  return rows.reduce((sum, row) => sum + (row.terminal === id ? row.count : 0), 0);
}

function quarantineRows({ shop }: StatusParts, local: LocalTime): AgentStatus['quarantine'] {
  return shop.quarantine
    .list()
    .slice(-QUARANTINE_SHOWN_MAX)
    .map(({ number, terminal, code, receivedAt }) => ({
      number,
      terminal,
      code,
      receivedAt: local(msOf(receivedAt)) ?? receivedAt,
      words: QUARANTINE_WORDS[code],
    }));
}

function errorOf(
  error: { code: string; message: string; at: string } | undefined,
  local: LocalTime,
): { code: string; message: string; at: string } | null {
  if (error === undefined) return null;
  const { code, message, at } = error;
  return { code, message, at: local(msOf(at)) ?? at };
}

function msOf(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant);
}

function finite(bytes: number): number {
  return Number.isFinite(bytes) ? bytes : 0;
}
