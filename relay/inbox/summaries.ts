/**
 * Day summaries: verify, judge, commit, and only then give a receipt signed by the relay. Comes in:
 * a signed summary at the address of its day. Goes out: the receipt; the same summary again gets
 * the same one. Promise: what has a receipt is on disk, and a kept-aside summary is never posted.
 */
import { z } from 'zod';
import type { Receipt } from '../../protocol/agent-relay.ts';
import { businessDateOf, DATE_PATTERN, isTimezone } from '../../protocol/business-date.ts';
import { type DaySummary, parseDaySummary } from '../../protocol/day-summary.ts';
import { AppError } from '../../protocol/errors.ts';
import { parseWith } from '../../protocol/schema-words.ts';
import { digestOf, signJws, verifyJws } from '../../protocol/signing.ts';
import { nowText } from '../clock.ts';
import { addAudit } from '../db/audit.ts';
import { dayKey, type Reader, type Writer } from '../db/db.ts';
import type { AgentKeyRecord, StoreRecord, SummaryRecord } from '../db/records.ts';
import { type Judgement, judge, type SummaryIdentity } from './chain.ts';
import { addKeptAside, addRevision } from './day-row.ts';
import type { InboxDeps } from './deps.ts';
import { findStore } from './stores.ts';

/** Agents' clocks may be this far ahead when they close the current day. */
const CLOCK_TOLERANCE_MS = 3_600_000;
/** Summaries of one key that are kept aside; more is a machine gone wild, or a stolen key. */
export const KEPT_ASIDE_MAX = 200;

const identitySchema = z.object({
  storeId: z.string().min(1).max(64),
  businessDate: z.string().regex(DATE_PATTERN, 'must be a date such as 2026-11-21'),
  revision: z.int().min(1),
  number: z.int().min(1),
  previous: z.string().max(43),
});

/** A summary whose signature is right. */
interface Arrived {
  jws: string;
  digest: string;
  kid: string;
  identity: SummaryIdentity;
  summary: DaySummary | undefined;
}

/**
 * @param address date and revision of the request's path
 * @returns the signed receipt
 * @throws AppError bad-signature, unknown-key, not-allowed, bad-input; `conflict`, retryable: too early
 */
export async function receiveSummary(
  deps: InboxDeps,
  address: { date: string; revision: string },
  jws: string,
): Promise<string> {
  const arrived = await verify(deps, jws);
  checkAddress(address, arrived.identity);
  const outcome = await deps.db.write(tx => commit(deps, tx, arrived));
  const { storeId: store, businessDate: date, revision, number } = arrived.identity;
  if (outcome.judgement === 'known') return outcome.receipt;
  const fields = { store, date, revision, number, digest: arrived.digest };
  if (outcome.judgement.verdict === 'kept-aside') {
    const { reason } = outcome.judgement;
    deps.log.error({ event: 'kept-aside', ...fields, reason }, 'a summary was kept aside');
  } else {
    deps.log.info({ event: 'summary', ...fields }, 'a day summary was accepted');
    deps.wake(dayKey(store, date));
  }
  return outcome.receipt;
}

async function verify(deps: InboxDeps, jws: string): Promise<Arrived> {
  let owner: AgentKeyRecord | undefined;
  const { kid, payload } = await verifyJws(jws, 'tillbook-day+jws', async id => {
    owner = await deps.db.get('agentKeys', id);
    return owner?.jwk;
  });
  const identity = parseWith(identitySchema, payload, 'the summary');
  if (!identity.ok) {
    throw new AppError('bad-input', identity.message, {
      path: identity.path,
      hint: 'a summary is described in protocol/README.md',
    });
  }
  if (owner?.store !== identity.data.storeId) {
    throw new AppError('not-allowed', 'this key does not sign for this store', {
      path: 'storeId',
      hint: 'send the id of the store that the machine is enrolled for',
    });
  }
  const parsed = parseDaySummary(payload);
  const summary = parsed.ok ? parsed.summary : undefined;
  if (!parsed.ok) deps.log.warn({ store: owner.store, reason: parsed.message }, 'a bad summary');
  return { jws, digest: digestOf(jws), kid, identity: identity.data, summary };
}

function checkAddress(
  { date, revision }: { date: string; revision: string },
  identity: SummaryIdentity,
): void {
  if (date === identity.businessDate && revision === String(identity.revision)) return;
  const right = `${identity.businessDate}/revisions/${identity.revision}`;
  throw new AppError('bad-input', `the address says ${date}/revisions/${revision}`.slice(0, 200), {
    path: date === identity.businessDate ? 'revision' : 'businessDate',
    hint: `send this summary to /v1/days/${right}`,
  });
}

interface Outcome {
  judgement: Exclude<Judgement, { verdict: 'too-early' }> | 'known';
  receipt: string;
}

async function commit(deps: InboxDeps, tx: Writer, arrived: Arrived): Promise<Outcome> {
  const { identity, digest } = arrived;
  const store = await findStore(tx, identity.storeId);
  const known = await tx.get('summaries', `${store.id}/${digest}`);
  if (known !== undefined) {
    await mend(tx, store, known, arrived);
    return { judgement: 'known', receipt: known.receipt };
  }
  const judgement = await judgeWith(deps, tx, store, arrived);
  if (judgement.verdict === 'too-early') throw tooEarly(store, identity);
  const row = await summaryRow(deps, arrived, judgement);
  await tx.put('summaries', `${store.id}/${digest}`, row);
  if (judgement.moves) await moveHead(tx, store, row, digest);
  if (judgement.verdict === 'accepted') await addRevision(tx, row, arrived.summary, digest);
  else await keep(deps, tx, row, arrived, judgement);
  return { judgement, receipt: row.receipt };
}

async function judgeWith(
  deps: InboxDeps,
  tx: Reader,
  store: StoreRecord,
  { identity, summary, kid }: Arrived,
): Promise<Judgement> {
  const key = await tx.get('agentKeys', kid);
  const before = /^[\w-]{43}$/.test(identity.previous)
    ? await tx.get('summaries', `${store.id}/${identity.previous}`)
    : undefined;
  return judge({
    identity,
    summary,
    head: store.head,
    keyIsRevoked: key?.revokedAt !== undefined,
    followsStray: before?.verdict === 'kept-aside' && !before.moves,
    newestDate: newestDate(deps.clock() + CLOCK_TOLERANCE_MS, store, summary?.timezone),
    day: await tx.get('days', dayKey(store.id, identity.businessDate)),
  });
}

/** The zone at the time of signing counts, too: HQ may have changed it since. */
function newestDate(instantMs: number, store: StoreRecord, timezone: string | undefined): string {
  const dates = [businessDateOf(instantMs, store)];
  if (timezone !== undefined && isTimezone(timezone)) {
    dates.push(businessDateOf(instantMs, { timezone, cutOver: store.cutOver }));
  }
  return dates.sort().at(-1) ?? '';
}

async function summaryRow(
  deps: InboxDeps,
  { jws, digest, identity }: Arrived,
  judgement: Exclude<Judgement, { verdict: 'too-early' }>,
): Promise<SummaryRecord> {
  const receivedAt = nowText(deps.clock);
  const { storeId, businessDate, revision, number } = identity;
  const { verdict } = judgement;
  const receipt: Receipt = {
    version: 1,
    storeId,
    businessDate,
    revision,
    number,
    digest,
    verdict,
    receivedAt,
  };
  if (judgement.verdict === 'kept-aside') receipt.reason = judgement.reason;
  return {
    store: storeId,
    date: businessDate,
    revision,
    number,
    verdict,
    moves: judgement.moves,
    jws,
    receipt: await signJws(receipt, 'tillbook-receipt+jws', deps.key),
    receivedAt,
  };
}

/** Only the head and what the summary answers: the rest of the store's row is HQ's. */
async function moveHead(
  tx: Writer,
  store: StoreRecord,
  { number, date }: SummaryRecord,
  digest: string,
): Promise<void> {
  const commands = store.commands.filter(
    command => command.kind !== 'close' || command.date !== date,
  );
  await tx.put('stores', store.id, { ...store, head: { number, digest }, commands });
}

async function keep(
  deps: InboxDeps,
  tx: Writer,
  row: SummaryRecord,
  { digest, kid }: Arrived,
  { reason }: Extract<Judgement, { verdict: 'kept-aside' }>,
): Promise<void> {
  const key = await tx.get('agentKeys', kid);
  const keptAside = (key?.keptAside ?? 0) + 1;
  if (keptAside > KEPT_ASIDE_MAX) {
    throw new AppError('too-many', `more than ${KEPT_ASIDE_MAX} summaries of this key are aside`, {
      hint: 'stop the machine, look at the day pages at head office, and enrol it again',
      retryAfterMs: 3_600_000,
    });
  }
  if (key !== undefined) await tx.put('agentKeys', kid, { ...key, keptAside });
  await addKeptAside(tx, row, reason, digest);
  const details = { store: row.store, date: row.date, revision: row.revision, reason, digest };
  await addAudit(tx, deps.clock(), {
    who: `store ${row.store}`,
    what: 'Summary kept aside',
    details,
  });
}

/** Puts back what a restored or damaged file has lost of a summary that the relay has in hand. */
async function mend(
  tx: Writer,
  store: StoreRecord,
  row: SummaryRecord,
  { digest, summary, identity }: Arrived,
): Promise<void> {
  const isNext =
    row.moves && row.number === store.head.number + 1 && identity.previous === store.head.digest;
  if (isNext) await moveHead(tx, store, row, digest);
  if (row.verdict === 'accepted') await addRevision(tx, row, summary, digest);
}

function tooEarly(store: StoreRecord, { number }: SummaryIdentity): AppError {
  const next = store.head.number + 1;
  return new AppError('conflict', `number ${number} came before number ${next}`, {
    path: 'number',
    hint: `send number ${next} first; this one is taken after it`,
    retryable: true,
    retryAfterMs: 5000,
  });
}
