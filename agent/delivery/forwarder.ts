/**
 * The forwarder: takes the outbox's next summary to the relay until its receipt is on disk, in
 * order, one at a time. A failure is waited out with full jitter; the next attempt is kept over
 * restarts. It never gives up and never skips.
 */
import { CALLS } from '../../protocol/agent-relay.ts';
import { messageOf } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import type { Clock } from '../clock.ts';
import type { SignedDay, SignedDays } from '../day/signed-days.ts';
import type { EnrolmentState, StateFile } from '../state.ts';
import { troubleOf } from '../trouble.ts';
import { BACK_OFF_MAX_MS, backOffMs } from './back-off.ts';
import { type Loop, startLoop } from './loop.ts';
import type { Outbox } from './outbox.ts';
import { readReceipt } from './receipts.ts';
import type { RelayHttp } from './relay-http.ts';

const REJOIN_LOOK_MS = 1000;

export interface ForwarderParts {
  clock: Clock;
  state: StateFile;
  signed: SignedDays;
  outbox: Outbox;
  http: RelayHttp;
  /** 0 ≤ random < 1 */
  random: () => number;
  onDelivered: (day: SignedDay) => void;
  log: Logger;
}

/** Starts delivering; `wake` when a day was closed, `stop` waits for the attempt in hand. */
export function startForwarder(parts: ForwarderParts): Loop {
  return startLoop(() => forward(parts), parts.log);
}

/** Delivers what is due. @returns ms until it is worth looking again; undefined: when woken */
async function forward(parts: ForwarderParts): Promise<number | undefined> {
  const { clock, outbox, state } = parts;
  const { enrolment } = state.data;
  if (enrolment === undefined) return undefined;
  // The summaries are being signed anew: what is sent now would be of no chain.
  if (enrolment.rejoin !== undefined) return REJOIN_LOOK_MS;
  for (let day = outbox.next(); day !== undefined; day = outbox.next()) {
    const waitMs = waitLeft(state.data.delivery.nextAttemptMs, clock.nowMs());
    if (waitMs > 0) return waitMs;
    if (!(await attempt(parts, day, enrolment))) {
      return waitLeft(state.data.delivery.nextAttemptMs, clock.nowMs());
    }
  }
  return undefined;
}

/** A clock that was set back must not turn minutes of waiting into years. */
function waitLeft(nextAttemptMs: number, nowMs: number): number {
  const leftMs = nextAttemptMs - nowMs;
  return leftMs > BACK_OFF_MAX_MS ? 0 : Math.max(0, leftMs);
}

async function attempt(
  parts: ForwarderParts,
  day: SignedDay,
  enrolment: EnrolmentState,
): Promise<boolean> {
  const { clock, http, log, signed, state } = parts;
  const { date, revision, number } = day;
  try {
    const compact = await http.call({
      method: 'PUT',
      url: `${enrolment.relay}${CALLS.revision(date, revision)}`,
      body: await signed.compact(day),
    });
    const receipt = await readReceipt(compact, day, enrolment);
    await signed.addReceipt(day, receipt, compact);
    await state.note(({ delivery }) => {
      delivery.failures = 0;
      delivery.nextAttemptMs = 0;
      delivery.lastDeliveredAt = new Date(clock.nowMs()).toISOString();
      delete delivery.lastError;
    });
    const { verdict, reason } = receipt;
    const fields = { event: 'delivered', date, revision, number, verdict, reason };
    if (verdict === 'accepted') log.info(fields, 'day delivered');
    else log.error(fields, 'day kept aside by head office');
    parts.onDelivered(day);
    return true;
  } catch (error) {
    await putOff(parts, day, error);
    return false;
  }
}

/** Whatever it was, the network's or the disk's: selling goes on, and so do the attempts. */
async function putOff(parts: ForwarderParts, day: SignedDay, thrown: unknown): Promise<void> {
  const { clock, log, random, state } = parts;
  const error = troubleOf(thrown, `delivering ${day.date}`);
  if (error === undefined) throw thrown;
  const nowMs = clock.nowMs();
  await state.note(({ delivery }) => {
    delivery.failures += 1;
    const waitMs = Math.max(backOffMs(delivery.failures, random()), error.retryAfterMs ?? 0);
    delivery.nextAttemptMs = nowMs + Math.min(waitMs, BACK_OFF_MAX_MS);
    delivery.lastError = {
      code: error.code,
      message: messageOf(error),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      at: new Date(nowMs).toISOString(),
    };
  });
  const { failures, nextAttemptMs } = state.data.delivery;
  const fields = { date: day.date, number: day.number, failures, retryMs: nextAttemptMs - nowMs };
  log.warn({ ...fields, error }, 'delivery failed, will be tried again');
}
