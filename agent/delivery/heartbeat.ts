/**
 * The heartbeat: tells head office how the shop is, every five minutes and sooner while a day is on
 * its way, and takes back its settings, commands, the way of each day, and the relay's clock. The
 * answer is believed only if the relay signed it for this very heartbeat.
 */
import { randomUUID } from 'node:crypto';
import {
  CALLS,
  type Command,
  type DayProgress,
  type Heartbeat,
  type HeartbeatAnswer,
  heartbeatAnswerSchema,
} from '../../protocol/agent-relay.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import { type SigningKey, signJws, verifyJws } from '../../protocol/signing.ts';
import type { Clock } from '../clock.ts';
import type { EnrolmentState, StateFile } from '../state.ts';
import { troubleOf } from '../trouble.ts';
import { backOffMs } from './back-off.ts';
import { type Loop, startLoop } from './loop.ts';
import type { Outbox } from './outbox.ts';
import { onlyKey } from './receipts.ts';
import type { RelayHttp } from './relay-http.ts';

export const HEARTBEAT_EVERY_MS = 5 * 60_000;
/** The first wait while a day is on its way into the books; each further one is twice as long. */
const ON_ITS_WAY_MS = 30_000;
/** Counters are set aside in blocks, so that one write covers many heartbeats. */
const COUNTER_BLOCK = 100;
const DONE_COMMANDS_MAX = 100;
/** A relay that keeps forgetting is not sent everything again and again. */
const SEND_AGAIN_EVERY_MS = HEARTBEAT_EVERY_MS;

/** What the heartbeat tells; the rest (identity, counter, time) it knows itself. */
export type Report = Omit<Heartbeat, 'version' | 'storeId' | 'instance' | 'counter' | 'sentAt'>;

export interface HeartbeatParts {
  clock: Clock;
  state: StateFile;
  outbox: Outbox;
  http: RelayHttp;
  key: () => SigningKey | undefined;
  report: () => Promise<Report>;
  /** Zone and cut-over from head office. */
  onSettings: (settings: HeartbeatAnswer['settings']) => Promise<void>;
  onCommand: (command: Command) => Promise<void>;
  /** The relay's clock, ms. */
  onTime: (relayMs: number) => Promise<void>;
  /** The relay has lost summaries: they are in the outbox again. */
  onSendAgain: () => void;
  random: () => number;
  log: Logger;
}

/** One heartbeat's identity, and when summaries were sent again last (monotonic ms). */
interface Heart {
  instance: string;
  counter: number;
  sentAgain: { at: number };
}

export function startHeartbeat(parts: HeartbeatParts): Loop {
  return startLoop(beats(parts), parts.log);
}

function beats(parts: HeartbeatParts): () => Promise<number | undefined> {
  const { log, random, state } = parts;
  const instance = randomUUID();
  const sentAgain = { at: Number.NEGATIVE_INFINITY };
  let failures = 0;
  let quickWaits = 0;
  let counter = state.data.heartbeat.counter;

  async function nextCounter(): Promise<number> {
    counter += 1;
    if (counter > state.data.heartbeat.counter) {
      await state.change(({ heartbeat }) => {
        heartbeat.counter = counter + COUNTER_BLOCK;
      });
    }
    return counter;
  }

  return async () => {
    const { enrolment } = state.data;
    const key = parts.key();
    if (enrolment === undefined || key === undefined) return undefined;
    try {
      const heart = { instance, sentAgain, counter: await nextCounter() };
      await beat(parts, enrolment, key, heart);
      failures = 0;
      quickWaits = isOnItsWay(state.data.days) ? quickWaits + 1 : 0;
      return nextBeatMs(quickWaits, random());
    } catch (thrown) {
      const error = troubleOf(thrown, 'sending a heartbeat');
      if (error === undefined) throw thrown;
      failures += 1;
      await noteRefusal(state, error);
      if (failures === 1) log.warn({ error }, 'heartbeat failed, will be tried again');
      return backOffMs(failures, random());
    }
  };
}

/**
 * The wait until the next heartbeat, ms. The shop looks at its page for the day to reach Xero; less
 * and less often, and spread by chance, so that a busy midnight at head office is not made busier.
 * @param quickWaits answers in a row that had a day on its way
 * @param random from 0 to below 1
 */
export function nextBeatMs(quickWaits: number, random: number): number {
  if (quickWaits === 0) return HEARTBEAT_EVERY_MS;
  return Math.min(HEARTBEAT_EVERY_MS, ON_ITS_WAY_MS * 2 ** (quickWaits - 1) * (1 + random));
}

/** What the relay has and is at work on; a day that waits for a person changes at any time. */
function isOnItsWay(days: readonly DayProgress[]): boolean {
  return days.some(({ state }) => state === 'received' || state === 'posting');
}

/** Kept for the page until a heartbeat is answered again; written once, not with every attempt. */
async function noteRefusal(state: StateFile, { code, hint, message }: AppError): Promise<void> {
  if (code !== 'refused' || state.data.heartbeat.refusal?.message === message) return;
  await state.note(({ heartbeat }) => {
    heartbeat.refusal = { message, ...(hint === undefined ? {} : { hint }) };
  });
}

async function beat(
  parts: HeartbeatParts,
  enrolment: EnrolmentState,
  key: SigningKey,
  { instance, counter, sentAgain }: Heart,
): Promise<void> {
  const { clock, http, outbox } = parts;
  const sentMs = clock.nowMs();
  const confirmed = outbox.confirmed();
  const heartbeat: Heartbeat = {
    version: 1,
    storeId: enrolment.storeId,
    instance,
    counter,
    sentAt: new Date(sentMs).toISOString(),
    ...(await parts.report()),
  };
  const body = await signJws(heartbeat, 'tillbook-heartbeat+jws', key);
  const url = `${enrolment.relay}${CALLS.heartbeats}`;
  const compact = await http.call({ method: 'POST', url, body });
  const answer = await readAnswer(compact, enrolment, counter);
  await obey(parts, answer, { sentMs, confirmed, sentAgain });
}

async function readAnswer(
  compact: string,
  { relayKey }: EnrolmentState,
  counter: number,
): Promise<HeartbeatAnswer> {
  const { payload } = await verifyJws(compact, 'tillbook-answer+jws', onlyKey(relayKey)).catch(
    (cause: unknown) => {
      throw wrongAnswer('the answer is not signed by the relay', cause);
    },
  );
  const parsed = heartbeatAnswerSchema.safeParse(payload);
  if (!parsed.success) throw wrongAnswer('the answer is not one of version 1', parsed.error);
  if (parsed.data.counter !== undefined && parsed.data.counter !== counter) {
    throw wrongAnswer('the answer is to another heartbeat', undefined);
  }
  return parsed.data;
}

function wrongAnswer(message: string, cause: unknown): AppError {
  return new AppError('bad-answer', message, {
    hint: 'a hotspot login page, a proxy or a wrong address may be in the way',
    retryable: true,
    cause,
  });
}

async function obey(
  parts: HeartbeatParts,
  answer: HeartbeatAnswer,
  {
    sentMs,
    confirmed,
    sentAgain,
  }: { sentMs: number; confirmed: number } & Pick<Heart, 'sentAgain'>,
): Promise<void> {
  const { clock, outbox, state } = parts;
  const nowMs = clock.nowMs();
  const relayMs = Date.parse(answer.time);
  const chainProblem = chainProblemOf(parts, answer);
  const rested = performance.now() - sentAgain.at >= SEND_AGAIN_EVERY_MS;
  const resent =
    rested && chainProblem === undefined
      ? await outbox.sendAgainAfter(answer.lastNumber, confirmed)
      : 0;
  await state.note(({ heartbeat, ...now }) => {
    heartbeat.lastAnswerAt = new Date(nowMs).toISOString();
    delete heartbeat.refusal;
    heartbeat.skewMs = Math.round(relayMs - (sentMs + nowMs) / 2);
    if (chainProblem === undefined) delete heartbeat.chainProblem;
    else heartbeat.chainProblem = chainProblem;
    now.days.splice(0, now.days.length, ...answer.days);
  });
  if (resent > 0) {
    sentAgain.at = performance.now();
    parts.log.warn({ lastNumber: answer.lastNumber, resent }, 'relay lost summaries, sent again');
    parts.onSendAgain();
  }
  await parts.onTime(relayMs);
  await parts.onSettings(answer.settings);
  for (const command of answer.commands) await carryOut(parts, command);
}

/** Each command once, however often the relay repeats it. One that fails is logged, not repeated. */
async function carryOut(
  { log, onCommand, state }: HeartbeatParts,
  command: Command,
): Promise<void> {
  if (state.data.heartbeat.doneCommands.includes(command.id)) return;
  log.info({ command }, 'command from head office');
  await onCommand(command).catch((thrown: unknown) => {
    const error = troubleOf(thrown, 'carrying out a command');
    // A disk that is dying is told by whoever writes to it; what passes is tried again.
    if (error === undefined || error.code === 'disk-error') throw thrown;
    log.warn({ command, error }, 'command from head office could not be carried out');
  });
  await state.note(({ heartbeat }) => {
    heartbeat.doneCommands = [...heartbeat.doneCommands, command.id].slice(-DONE_COMMANDS_MAX);
  });
}

/** Two machines with one identity, or a disk restored from an old copy, show in the chain. */
function chainProblemOf({ outbox, state }: HeartbeatParts, answer: HeartbeatAnswer) {
  const { lastNumber, lastDigest } = answer;
  const ours = outbox.digestOf(lastNumber) ?? lastKnownDigest(state, lastNumber);
  if (lastNumber === 0 || ours === lastDigest) return undefined;
  if (ours === undefined && lastNumber < (state.data.enrolment?.last.number ?? 0)) return undefined;
  return ours === undefined
    ? `head office has summary ${lastNumber} of this store, which this machine never made`
    : `head office has another summary ${lastNumber} than this machine`;
}

function lastKnownDigest({ data }: StateFile, number: number): string | undefined {
  const last = data.enrolment?.last;
  return last?.number === number ? last.digest : undefined;
}
