/**
 * Enrolment: one code from head office makes this machine the agent of one store. Goes out: the
 * public key, signed by itself. Comes back: the store, the relay's key, and where the store's chain
 * of summaries stands, so that a replaced machine goes on with it.
 */
import {
  CALLS,
  type EnrolmentAnswer,
  enrolmentAnswerSchema,
  type LastKnown,
} from '../../protocol/agent-relay.ts';
import { daysBetween } from '../../protocol/business-date.ts';
import { AppError } from '../../protocol/errors.ts';
import {
  keyIdOf,
  type PublicJwk,
  readUnverifiedPayload,
  type SigningKey,
  signJws,
  verifyJws,
} from '../../protocol/signing.ts';
import type { Clock } from '../clock.ts';
import type { SignedDays } from '../day/signed-days.ts';
import type { ShopCalendar } from '../day/store-calendar.ts';
import type { EnrolmentState, StateFile } from '../state.ts';
import { checkRelayAddress, type RelayHttp } from './relay-http.ts';

/** Sales older than this do not make the days since then the store's trading days. */
const FIRST_SALE_DAYS_MAX = 31;

export interface EnrolmentParts {
  clock: Clock;
  state: StateFile;
  calendar: ShopCalendar;
  signed: SignedDays;
  http: RelayHttp;
  /** The key that this code makes good. */
  key: SigningKey;
  codeId: string;
  /** The key with which this folder signed until now. */
  formerKey: PublicJwk | undefined;
  /** Business dates that hold sales already. */
  openDates: () => readonly string[];
}

/**
 * Asks the relay to take this machine's key; nothing is changed here yet.
 * @param relay address without a trailing slash
 * @throws AppError when the relay refuses, cannot be reached, or belongs to another store
 */
export async function askToEnrol(
  parts: EnrolmentParts,
  relay: string,
  code: string,
): Promise<EnrolmentAnswer> {
  checkRelayAddress(relay);
  const { clock, http, key } = parts;
  const issuedAt = new Date(clock.nowMs()).toISOString();
  const request = { version: 1, code, jwk: key.publicJwk, relay, issuedAt };
  const body = await signJws(request, 'tillbook-enrolment+jws', key);
  const compact = await http.call({ method: 'POST', url: `${relay}${CALLS.enrolments}`, body });
  const answer = await readAnswer(compact);
  refuseOtherStore(parts, answer);
  return answer;
}

/** The answer brings its own key: from now on only that key is believed. */
async function readAnswer(compact: string): Promise<EnrolmentAnswer> {
  try {
    const claimed = enrolmentAnswerSchema.parse(readUnverifiedPayload(compact));
    const { payload } = await verifyJws(compact, 'tillbook-answer+jws', async kid =>
      (await keyIdOf(claimed.relayKey)) === kid ? claimed.relayKey : undefined,
    );
    return enrolmentAnswerSchema.parse(payload);
  } catch (cause) {
    throw new AppError('bad-answer', 'what answers at this address is not a Tillbook relay', {
      hint: 'check the address; a hotspot login page or a proxy may be in the way',
      cause,
    });
  }
}

function refuseOtherStore({ state, signed, openDates }: EnrolmentParts, answer: EnrolmentAnswer) {
  const known = state.data.enrolment;
  const { store } = answer;
  if (known !== undefined && known.storeId !== store.id) {
    throw new AppError(
      'conflict',
      `this folder belongs to ${known.name}, the code to ${store.name}`,
      {
        hint: 'give the other store a folder of its own (AGENT_DATA_DIR)',
      },
    );
  }
  const { currency } = state.data;
  const traded = openDates().length + signed.all().length > 0;
  if (traded && currency !== undefined && currency !== store.currency) {
    throw new AppError(
      'conflict',
      `sales here are in ${currency}, ${store.name} is in ${store.currency}`,
      {
        hint: `have head office set the store up in ${currency}, or correct the tills and start with an empty folder`,
      },
    );
  }
}

/** Makes the relay's answer this machine's state, durably; its summaries must follow after that. */
export async function adoptEnrolment(
  parts: EnrolmentParts,
  relay: string,
  { store, relayKey, last }: EnrolmentAnswer,
): Promise<EnrolmentState> {
  const { calendar, clock, codeId, key, signed, state } = parts;
  await calendar.adopt(store);
  const known = state.data.enrolment;
  const sameChain = isSameChain(parts, last);
  const { number, digest, dates } = last;
  const enrolment: EnrolmentState = {
    storeId: store.id,
    name: store.name,
    relay,
    relayKey,
    kid: key.kid,
    enrolledAt: new Date(clock.nowMs()).toISOString(),
    firstDay: known?.firstDay ?? firstDay(parts),
    // With summaries of its own in the relay's chain this machine goes on from them.
    last: known !== undefined && signed.last() !== undefined && sameChain ? known.last : last,
    codeId,
    publicKey: key.publicJwk,
    formerKeys: formerKeys(parts),
    anchors: [...(known?.anchors ?? anchorOf(known?.last)), ...anchorOf(last)],
    ...(signed.last() === undefined ? {} : { rejoin: { number, digest, dates, sameChain } }),
  };
  await state.change(now => {
    now.enrolment = enrolment;
    now.currency = store.currency;
    now.delivery = { failures: 0, nextAttemptMs: 0 };
    delete now.heartbeat.refusal;
    delete now.heartbeat.chainProblem;
  });
  return enrolment;
}

/** True when the relay's last summary is one of ours, or the one that we began after. */
function isSameChain({ signed, state }: EnrolmentParts, { number, digest }: LastKnown): boolean {
  if (number === 0) return true;
  const known = state.data.enrolment;
  const own = signed.all().find(day => day.number === number)?.digest;
  if (own !== undefined) return own === digest;
  const ends = [...(known?.anchors ?? []), ...(known === undefined ? [] : [known.last])];
  return ends.some(end => end.number === number && end.digest === digest);
}

function anchorOf(last: LastKnown | undefined): { number: number; digest: string }[] {
  return last === undefined ? [] : [{ number: last.number, digest: last.digest }];
}

function formerKeys({ formerKey: ownKey, key, state }: EnrolmentParts): PublicJwk[] {
  const { formerKeys: known = [], publicKey } = state.data.enrolment ?? {};
  const formerKey = ownKey ?? publicKey;
  if (formerKey === undefined || formerKey.x === key.publicJwk.x) return known;
  return [...known.filter(({ x }) => x !== formerKey.x), formerKey];
}

/** The day of enrolment, or of the first sale if that was earlier. */
function firstDay({ calendar, openDates }: EnrolmentParts): string {
  const today = calendar.today();
  const sold = openDates().filter(date => daysBetween(date, today) <= FIRST_SALE_DAYS_MAX);
  return [...sold, today].sort()[0] ?? today;
}
