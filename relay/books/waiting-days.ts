/**
 * Days that Xero need not be asked about: not connected, held, from before the connection; and days
 * whose organisation cannot be reached, which say so without losing their place.
 */
import { type AppError, messageOf } from '../../protocol/errors.ts';
import type { StoreRecord } from '../db/records.ts';
import type { OrganisationRef } from '../xero/port.ts';
import { inFlight, moveTo, nextStep } from './day-steps.ts';
import type { OpenDay } from './open-days.ts';
import { changeDays, type Desk, nowOf, refOf } from './poster-desk.ts';
import { reason } from './reasons.ts';
import { reasonsFromError } from './refusals.ts';

export interface DueDays {
  byOrganisation: Map<string, { ref: OrganisationRef; days: OpenDay[] }>;
  /** Settled here; they come again in a while. */
  rested: OpenDay[];
}

/** Writes what needs no Xero, and groups the others by organisation. */
export async function settleLocally(desk: Desk, days: readonly OpenDay[]): Promise<DueDays> {
  const stores = new Map<string, StoreRecord | undefined>();
  const result: DueDays = { byOrganisation: new Map(), rested: [] };
  for (const day of days) {
    if (!stores.has(day.store)) stores.set(day.store, await desk.db.get('stores', day.store));
    const store = stores.get(day.store);
    const row = await desk.db.get('days', day.key);
    const step = row && store && nextStep(row, store);
    const sentTo = step?.kind === 'settle' ? step.document.organisation : undefined;
    const ref = sentTo ?? (store && refOf(store));
    if (ref !== undefined && (step?.kind === 'plan' || step?.kind === 'settle')) {
      const group = result.byOrganisation.get(ref.organisation) ?? { ref, days: [] };
      group.days.push(day);
      result.byOrganisation.set(ref.organisation, group);
    } else {
      result.rested.push(day);
      if (store !== undefined) await rest(desk, day, store);
    }
  }
  return result;
}

async function rest(desk: Desk, { key }: OpenDay, store: StoreRecord): Promise<void> {
  const at = nowOf(desk);
  await changeDays(desk, [key], day => {
    const step = nextStep(day, store);
    if (step.kind !== 'wait' && step.kind !== 'keep') return undefined;
    const state = step.kind === 'keep' ? 'not-posted' : 'waiting';
    const [first] = step.reasons;
    const same = day.state === state && day.reasons[0]?.message === first?.message;
    if (same) return undefined;
    const documents = day.documents.filter(one => one.state !== 'planned' || one.repost);
    return moveTo({ ...day, documents }, state, step.reasons, at, first?.message ?? state);
  });
}

/** The days of an organisation that cannot be reached say why; each reason is written once. */
export async function giveWay(
  desk: Desk,
  days: readonly OpenDay[],
  error: AppError,
  untilMs: number,
): Promise<void> {
  const at = nowOf(desk);
  const [known] = reasonsFromError(error);
  if (known === undefined) return;
  // The error knows more closely what happened and what to do than its code does.
  const why = { ...known, message: error.message, fix: error.hint ?? known.fix };
  const nextTryAt = new Date(untilMs).toISOString();
  const keys = days.map(({ key }) => key);
  await changeDays(desk, keys, day => {
    // What was not sent has no unknown outcome.
    if (error.code === 'xero-unknown-outcome' && inFlight(day) === undefined) return undefined;
    if (day.reasons.length === 1 && day.reasons[0]?.code === why.code) return undefined;
    const state = inFlight(day) === undefined ? 'waiting' : 'posting';
    return { ...moveTo(day, state, [why], at, why.message), nextTryAt };
  });
}

/** Our own assertions refuse the day, or something in its row cannot be read: the day says so. */
export async function sayBroken(desk: Desk, { key }: OpenDay, error: unknown): Promise<void> {
  const message = `The day cannot be posted: ${messageOf(error)}`;
  const fix = 'This is an error in Tillbook: please report it with the summary of the day.';
  const at = nowOf(desk);
  await changeDays(desk, [key], day =>
    moveTo(day, 'waiting', [reason('books-differ', message, { fix })], at, 'cannot be posted'),
  );
}
