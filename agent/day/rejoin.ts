/**
 * After an enrolment of a machine that has summaries already (a new key, a folder set back to a
 * backup): its summaries go on from where the relay's chain stands. What the relay lacks is signed
 * again with the new key; what it has from another history is set aside. Promise: no day is lost,
 * none is counted twice, and a rejoin that the power cut through gives the same when it is repeated.
 */
import type { LastKnown } from '../../protocol/agent-relay.ts';
import { type SigningKey, signJws } from '../../protocol/signing.ts';
import type { SignedDay, SignedDays } from './signed-days.ts';

/** The relay's chain at the enrolment; kept until the summaries have been made to follow it. */
export interface Rejoin extends Pick<LastKnown, 'number' | 'digest' | 'dates'> {
  /** True when this machine's own chain leads to the relay's last summary. */
  sameChain: boolean;
}

export interface RejoinPlan {
  /** The relay does not have them: signed again, in this order. */
  again: SignedDay[];
  /** The relay has something else of these days. */
  aside: SignedDay[];
}

/** @param kid the key with which the machine signs from now on */
export function planRejoin(days: readonly SignedDay[], rejoin: Rejoin, kid: string): RejoinPlan {
  const after = days.filter(day => day.number > rejoin.number);
  if (rejoin.sameChain) {
    // A summary of a key that is not good any more would be kept aside for ever.
    return { again: after.some(day => day.kid !== kid) ? after : [], aside: [] };
  }
  const again = days.filter(day => isLacking(days, rejoin, day)).sort(byDate);
  const rest = days.filter(day => !again.includes(day));
  const aside = rest.filter(day => day.number > rejoin.number || !isAccepted(day));
  return { again, aside };
}

/** A revision is lacking only where the relay's newest is the very one that ours was built on. */
function isLacking(days: readonly SignedDay[], { dates, number }: Rejoin, day: SignedDay): boolean {
  const there = dates.find(({ date }) => date === day.date)?.revision;
  if (there === undefined) return true;
  const shared = days.some(
    own =>
      own.date === day.date && own.revision === there && own.number <= number && isAccepted(own),
  );
  return shared && day.revision > there;
}

function isAccepted({ receipt }: SignedDay): boolean {
  return receipt?.verdict === 'accepted';
}

function byDate(a: SignedDay, b: SignedDay): number {
  if (a.date !== b.date) return a.date < b.date ? -1 : 1;
  return a.revision - b.revision;
}

/** @throws AppError `disk-full`, `disk-error`; what was done stays done, and the rest can be done again */
export async function carryOutRejoin(
  signed: SignedDays,
  rejoin: Rejoin,
  key: SigningKey,
): Promise<RejoinPlan> {
  const plan = planRejoin(signed.all(), rejoin, key.kid);
  for (const day of plan.aside) await signed.setAside(day);
  let before: { number: number; digest: string } = rejoin;
  for (const day of plan.again) {
    const place = { number: before.number + 1, previous: before.digest };
    const summary = { ...(await signed.summary(day)), ...place };
    const compact = await signJws(summary, 'tillbook-day+jws', key);
    before = await signed.signAgain(day, summary, compact);
  }
  return plan;
}
