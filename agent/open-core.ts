/**
 * Opens what a data folder holds, in the order in which a sale passes it: state, signed days,
 * calendar, journal with day book, day close, outbox, status. Nothing here listens; only an
 * enrolment calls out.
 */
import type { StoreSettings } from '../protocol/agent-relay.ts';
import { parseInstant } from '../protocol/business-date.ts';
import type { AppError } from '../protocol/errors.ts';
import type { Logger } from '../protocol/host/log.ts';
import type { SigningKey } from '../protocol/signing.ts';
import type { Broker } from './broker/broker.ts';
import { openTerminals } from './broker/terminals.ts';
import type { Upstream } from './broker/upstream.ts';
import type { Core } from './cli/core.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { type ClockWatch, watchClock } from './day/clock-watch.ts';
import { type DayClose, openDayClose } from './day/day-close.ts';
import { revisionBuilder } from './day/history.ts';
import { openSignedDays, type SignedDay, type SignedDays } from './day/signed-days.ts';
import { openCalendar, type ShopCalendar } from './day/store-calendar.ts';
import { adoptEnrolment, askToEnrol } from './delivery/enrolment.ts';
import { codeIdOf, keyForCode, promote, readIdentity } from './delivery/identity.ts';
import { openOutbox } from './delivery/outbox.ts';
import type { RelayHttp } from './delivery/relay-http.ts';
import { openShop, type Shop } from './intake.ts';
import { type EnrolmentState, openState, type StateFile } from './state.ts';
import { observer } from './status/observe.ts';

const MINUTE_MS = 60_000;
const DAMAGED_SUMMARY_HINT =
  'stop the agent and put the file back from a backup; without one, enrol again with a new code';

/** What only a running agent can tell; a command on its own has none of it. */
export interface Outside {
  broker?: Broker;
  reachable?: () => boolean | undefined;
  upstream?: Upstream;
  tlsFingerprint?: () => string;
  tlsExpiresAt?: () => string;
  onClosed?: (day: SignedDay) => void;
  onEnrolled?: () => void;
  onClockBelieved?: () => void;
}

export interface OpenOptions {
  version: string;
  config: Config;
  clock: Clock;
  log: Logger;
  http: RelayHttp;
  outside: Outside;
  /** The disk failed for good. */
  onFatal: (error: AppError) => void;
}

/** What is read back from the folder before anything can be decided. */
type Memory = Pick<Core, 'state' | 'signed' | 'watch' | 'calendar' | 'shop' | 'terminals'>;

/** @throws AppError `damaged`, `disk-error` */
export async function openCore(options: OpenOptions): Promise<Core> {
  const { clock, config, log, outside, version } = options;
  const memory = await openMemory(options);
  const { calendar, shop, signed, state, watch } = memory;
  let identity = await readIdentity(config.dataDir, state.data.enrolment?.kid);
  const stopListening = listenToTerminals(shop, watch);
  const key = () => identity;
  const upstream = config.upstreamUrl !== undefined;
  const dayClose = openDayClose({
    ...{ clock, watch, state, calendar, signed, key, log },
    dayBook: shop.dayBook,
    isConnected: terminal => isConnected(terminal, outside.broker) ?? upstream,
    revise: revisionBuilder({ journal: shop.journal, signed }),
    onClosed: day => outside.onClosed?.(day),
    closeGraceMs: config.closeGraceMinutes * MINUTE_MS,
    lateGraceMs: config.lateGraceMinutes * MINUTE_MS,
  });
  const parts = { ...memory, version, clock, config, outbox: openOutbox(signed), dayClose };
  return {
    ...parts,
    log,
    key,
    observe: observer({
      ...parts,
      outside,
      upstream,
      showAmounts: config.showAmounts,
    }),
    tlsFingerprint: () => outside.tlsFingerprint?.(),
    adopt: settings => adoptSettings(state, calendar, shop.dayBook.dates(), settings),
    enrol: (relay, code) => {
      const use = (next: SigningKey) => {
        identity = next;
      };
      return enrolCore({ ...options, ...memory, dayClose, current: identity, use }, relay, code);
    },
    async stop() {
      stopListening();
      await shop.stop();
    },
  };
}

/** The calendar must know the sales and the intake must know the calendar: it asks later. */
async function openMemory({ clock, config, log, onFatal, outside }: OpenOptions): Promise<Memory> {
  const { currency, dataDir, diskReserveMb } = config;
  const state = await openState(dataDir, log);
  const signed = await openSignedDays(dataDir, path => {
    log.error(
      { path, hint: DAMAGED_SUMMARY_HINT },
      'a signed summary was damaged and is set aside',
    );
  });
  const newest = newestRecord(signed);
  const watch = watchClock({
    ...{ clock, state, log },
    lastRecordMs: () => newest.ms,
    onBelieved: () => outside.onClockBelieved?.(),
  });
  let shop: Shop | undefined;
  const calendar = await openCalendar({
    ...{ clock, state, signed, currency },
    timezone: config.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    openDates: () => shop?.dayBook.dates() ?? [],
    clockRight: () => watch.verdict() === 'right',
  });
  const knownNumbers = state.data.enrolment?.last.terminals ?? [];
  shop = await openShop({ dataDir, clock, calendar, log, diskReserveMb, onFatal, knownNumbers });
  newest.learn(shop);
  const terminals = await openTerminals(dataDir, clock);
  return { state, signed, watch, calendar, shop, terminals };
}

interface Enrolling extends OpenOptions, Memory {
  dayClose: DayClose;
  /** The key with which this machine signs now. */
  current: SigningKey | undefined;
  use: (next: SigningKey) => void;
}

/** One code, one key: a new code gives a machine that is enrolled already a new key. */
async function enrolCore(parts: Enrolling, relay: string, code: string): Promise<EnrolmentState> {
  const { config, current, dayClose, log, outside, shop, state, use } = parts;
  const codeId = codeIdOf(code);
  const isRepeat = current !== undefined && state.data.enrolment?.codeId === codeId;
  const key = isRepeat ? current : await keyForCode(config.dataDir, codeId);
  const openDates = () => shop.dayBook.dates();
  const enrolling = { ...parts, key, codeId, formerKey: current?.publicJwk, openDates };
  const answer = await askToEnrol(enrolling, relay, code);
  const enrolment = await dayClose.enrol(async () => {
    const adopted = await adoptEnrolment(enrolling, relay, answer);
    if (!isRepeat) await promote(config.dataDir, key);
    use(key);
    shop.adoptNumbers(adopted.last.terminals);
    return adopted;
  });
  log.info({ event: 'enrolled', store: enrolment.name, relay, kid: key.kid }, 'shop enrolled');
  outside.onEnrolled?.();
  return enrolment;
}

/** Undefined behind an existing broker: nobody can say, so only gaps are waited for. */
function isConnected(terminal: string, broker: Broker | undefined): boolean | undefined {
  return broker?.connections().some(row => row.terminal === terminal && row.connected);
}

/** Newest receipt time of any sale or close, ms; asked for with every sale, so it is kept. */
function newestRecord(signed: SignedDays): { ms: number; learn(shop: Shop): void } {
  const newest = { ms: Date.parse(signed.last()?.closedAt ?? '1970-01-01T00:00:00Z'), learn };
  function learn({ dayBook, onAccepted }: Shop): void {
    for (const { lastReceivedAtMs } of dayBook.terminals()) raise(lastReceivedAtMs);
    let last = '';
    onAccepted(({ receivedAt }) => {
      if (receivedAt === last) return; // Many sales share a millisecond, and its text.
      last = receivedAt;
      raise(Date.parse(receivedAt));
    });
  }
  function raise(ms: number): void {
    newest.ms = Math.max(newest.ms, ms);
  }
  return newest;
}

/** A till whose clock agrees with ours confirms it. */
function listenToTerminals(shop: Shop, watch: ClockWatch): () => void {
  return shop.onAccepted(({ transaction }) => {
    if (watch.verdict() !== 'right') void watch.hear(parseInstant(transaction.occurredAt));
  });
}

/** Head office's settings; a store that trades keeps its currency until its open days are closed. */
async function adoptSettings(
  state: StateFile,
  calendar: ShopCalendar,
  datesWithSales: readonly string[],
  { name, timezone, cutOver, currency }: StoreSettings,
): Promise<void> {
  await calendar.adopt({ timezone, cutOver });
  const { enrolment } = state.data;
  const open = datesWithSales.some(date => !calendar.isClosed(date));
  const keepsCurrency = open || state.data.currency === currency;
  if (enrolment === undefined || (enrolment.name === name && keepsCurrency)) return;
  await state.change(now => {
    if (now.enrolment !== undefined) now.enrolment.name = name;
    if (!keepsCurrency) now.currency = currency;
  });
}
