/**
 * Heartbeats: an agent's state every five minutes, answered with settings, commands and how far its
 * days have come. Comes in: a signed heartbeat whose counter rose. Goes out: a signed answer that
 * names this counter, so that neither can be played back.
 */
import {
  type DayProgress,
  type Heartbeat,
  type HeartbeatAnswer,
  heartbeatSchema,
  storeSettingsSchema,
} from '../../protocol/agent-relay.ts';
import { parseInstant } from '../../protocol/business-date.ts';
import { AppError } from '../../protocol/errors.ts';
import { parseWith } from '../../protocol/schema-words.ts';
import { signJws, verifyJws } from '../../protocol/signing.ts';
import { nowText } from '../clock.ts';
import { addAudit } from '../db/audit.ts';
import { keysUnder, type Reader, type Writer } from '../db/db.ts';
import type { AgentKeyRecord, DayRecord, HeartbeatRecord, StoreRecord } from '../db/records.ts';
import type { InboxDeps } from './deps.ts';
import { findStore } from './stores.ts';

/** Days that the shop's status page is told of. */
const DAYS_MAX = 60;
/** Starts of the agent that are remembered to find two that alternate. */
const INSTANCES_MAX = 8;
/** A command that was not obeyed by then is not sent any more. */
const COMMAND_MS: Record<'close' | 'confirm-clock', number> = {
  close: 24 * 3_600_000,
  'confirm-clock': 3_600_000,
};

/** @returns the signed answer. @throws AppError bad-signature, unknown-key, not-allowed, bad-input, conflict */
export async function receiveHeartbeat(deps: InboxDeps, jws: string): Promise<string> {
  const { kid, heartbeat } = await verify(deps, jws);
  const { store, cloned } = await deps.db.write(tx => commit(deps, tx, kid, heartbeat));
  if (cloned) {
    const fields = { event: 'cloned-disk', store: store.id, instance: heartbeat.instance };
    deps.log.error(fields, 'two machines work with the same key: stop one of them');
  }
  const answer: HeartbeatAnswer = {
    counter: heartbeat.counter,
    settings: storeSettingsSchema.parse(store),
    commands: openCommands(store, deps.clock()),
    days: await progress(deps.db, store.id),
    lastNumber: store.head.number,
    lastDigest: store.head.digest,
    time: nowText(deps.clock),
  };
  return await signJws(answer, 'tillbook-answer+jws', deps.key);
}

async function verify(
  deps: InboxDeps,
  jws: string,
): Promise<{ kid: string; heartbeat: Heartbeat }> {
  let owner: AgentKeyRecord | undefined;
  const { kid, payload } = await verifyJws(jws, 'tillbook-heartbeat+jws', async id => {
    owner = await deps.db.get('agentKeys', id);
    return owner?.jwk;
  });
  if (owner?.revokedAt !== undefined) throw revoked(owner);
  const parsed = parseWith(heartbeatSchema, payload, 'the heartbeat');
  if (!parsed.ok) {
    throw new AppError('bad-input', parsed.message, {
      path: parsed.path,
      hint: 'a heartbeat is described in protocol/agent-relay.ts',
    });
  }
  if (owner?.store === parsed.data.storeId) return { kid, heartbeat: parsed.data };
  throw new AppError('not-allowed', 'this key does not speak for this store', {
    path: 'storeId',
    hint: 'send the id of the store that the machine is enrolled for',
  });
}

function revoked({ revokedAt, revokedFor, store }: AgentKeyRecord): AppError {
  const why = revokedFor === 'replaced' ? 'another machine was enrolled in its place' : 'revoked';
  return new AppError('not-allowed', `this machine's key is not good since ${revokedAt}: ${why}`, {
    path: 'kid',
    hint: `to use this machine again, enrol it with a new code: tillbook-relay store code ${store}`,
  });
}

async function commit(
  deps: InboxDeps,
  tx: Writer,
  kid: string,
  heartbeat: Heartbeat,
): Promise<{ store: StoreRecord; cloned: boolean }> {
  const store = await findStore(tx, heartbeat.storeId);
  const last = await tx.get('heartbeats', store.id);
  const before = last?.kid === kid ? last : undefined;
  const cloned = before !== undefined && isReturning(before.instances, heartbeat.instance);
  if (before !== undefined && heartbeat.counter <= before.heartbeat.counter) {
    throw notRisen(heartbeat.counter, before.heartbeat.counter);
  }
  const row: HeartbeatRecord = {
    receivedAt: nowText(deps.clock),
    kid,
    heartbeat,
    instances: newestFirst(heartbeat.instance, before?.instances ?? []),
    clockSkewMs: parseInstant(heartbeat.sentAt) - deps.clock(),
  };
  if (cloned) row.clonedAt = row.receivedAt;
  else if (before?.clonedAt !== undefined) row.clonedAt = before.clonedAt;
  await tx.put('heartbeats', store.id, row);
  if (cloned && before?.clonedAt === undefined) {
    const details = { store: store.id, instance: heartbeat.instance };
    const what = 'Two machines work with the same key';
    await addAudit(tx, deps.clock(), { who: `store ${store.id}`, what, details });
  }
  return { store, cloned };
}

/** A restart brings a new instance; one that comes back after another is a second machine. */
function isReturning(instances: readonly string[], instance: string): boolean {
  return instances.indexOf(instance) > 0;
}

function newestFirst(instance: string, before: readonly string[]): string[] {
  return [instance, ...before.filter(other => other !== instance)].slice(0, INSTANCES_MAX);
}

function notRisen(counter: number, last: number): AppError {
  return new AppError('conflict', `counter ${counter} is not above the last one, ${last}`, {
    path: 'counter',
    hint: `send a counter above ${last}; a machine that was set back to a backup is enrolled again with a new code, of two machines with one key one is stopped`,
  });
}

function openCommands(store: StoreRecord, nowMs: number): HeartbeatAnswer['commands'] {
  return store.commands
    .filter(({ kind, givenAt }) => Date.parse(givenAt) + COMMAND_MS[kind] > nowMs)
    .map(({ givenAt, ...command }) => command);
}

/** The newest days that have a summary, newest first. */
async function progress(db: Reader, store: string): Promise<DayProgress[]> {
  const days = await db.list('days', {
    ...keysUnder(`${store}/`),
    reverse: true,
    limit: DAYS_MAX,
  });
  return days.map(row => progressOf(row.value)).filter(day => day !== undefined);
}

function progressOf(day: DayRecord): DayProgress | undefined {
  const revision = (day.revisions.at(-1) ?? day.keptAside.at(-1))?.revision;
  if (revision === undefined) return undefined;
  const documents = day.documents
    .filter(document => document.xeroId !== undefined)
    .map(document => document.plan.number);
  const shown: DayProgress = { date: day.date, revision, state: day.state, documents };
  const reason = day.reasons[0]?.code;
  return reason === undefined ? shown : { ...shown, reason };
}
