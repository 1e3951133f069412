/**
 * Enrolment: a new machine shows a code that HQ made and its own new key. Comes in: a JWS signed by
 * that key. Goes out: store settings, the relay's key and what is known of the store's chain,
 * signed. Promise: one code, one key; the machine before is believed no more.
 */
import {
  type Enrolment,
  type EnrolmentAnswer,
  enrolmentSchema,
  type LastKnown,
  storeSettingsSchema,
} from '../../protocol/agent-relay.ts';
import { AppError } from '../../protocol/errors.ts';
import { parseWith } from '../../protocol/schema-words.ts';
import type { Run } from '../../protocol/sequence.ts';
import { keyIdOf, readUnverifiedPayload, signJws, verifyJws } from '../../protocol/signing.ts';
import { nowText } from '../clock.ts';
import { addAudit } from '../db/audit.ts';
import { keysUnder, type Reader, type Writer } from '../db/db.ts';
import type { StoreRecord } from '../db/records.ts';
import { takeCode } from './codes.ts';
import type { InboxDeps } from './deps.ts';
import { addKey, findStore, revokeKeys } from './stores.ts';

/** @returns the signed answer. @throws AppError bad-signature, bad-input, not-allowed, conflict, too-many */
export async function enrol(deps: InboxDeps, jws: string): Promise<string> {
  const enrolment = await readEnrolment(jws);
  const kid = await keyIdOf(enrolment.jwk);
  const outcome = await deps.db.write(async tx => {
    const taken = await takeCode(tx, enrolment.code, kid, deps.clock());
    if ('refusal' in taken) return taken;
    // A machine set back to a backup counts from a lower number: a new code lets it begin anew.
    if (!taken.isRepeat) await tx.remove('heartbeats', taken.store);
    return { answer: await admit(deps, tx, taken.store, enrolment, kid) };
  });
  if ('refusal' in outcome) {
    deps.log.warn({ event: 'enrolment-refused', reason: outcome.refusal.message }, 'not enrolled');
    throw outcome.refusal;
  }
  deps.log.info({ event: 'enrolled', store: outcome.answer.store.id, kid }, 'a machine enrolled');
  return await signJws(outcome.answer, 'tillbook-answer+jws', deps.key);
}

/** The key that a message brings itself must also have signed it: proof of possession. */
async function readEnrolment(jws: string): Promise<Enrolment> {
  const parsed = parseWith(enrolmentSchema, readUnverifiedPayload(jws), 'the enrolment');
  if (!parsed.ok) {
    throw new AppError('bad-input', parsed.message, {
      path: parsed.path,
      hint: 'send version, code, jwk (the new public key), relay and issuedAt',
    });
  }
  const own = await keyIdOf(parsed.data.jwk);
  await verifyJws(jws, 'tillbook-enrolment+jws', kid =>
    kid === own ? parsed.data.jwk : undefined,
  );
  return parsed.data;
}

/** The answer is computed anew for a repeat: the same unless the store went on meanwhile. */
async function admit(
  deps: InboxDeps,
  tx: Writer,
  id: string,
  enrolment: Enrolment,
  kid: string,
): Promise<EnrolmentAnswer> {
  const store = await findStore(tx, id);
  const at = nowText(deps.clock);
  const isNew = (await tx.get('agentKeys', kid)) === undefined;
  await addKey(tx, id, enrolment.jwk, at);
  const replaced = await revokeKeys(tx, id, 'replaced', at, kid);
  if (isNew) {
    const details = { store: id, kid, replaced };
    await addAudit(tx, deps.clock(), { who: `store ${id}`, what: 'Machine enrolled', details });
  }
  return {
    store: storeSettingsSchema.parse(store),
    relayKey: deps.key.publicJwk,
    last: await lastKnown(tx, store),
  };
}

/** What a replaced machine needs to go on with the store's chain and numbers. */
async function lastKnown(db: Reader, store: StoreRecord): Promise<LastKnown> {
  const known: LastKnown = { ...store.head, dates: [], terminals: [] };
  const terminals = new Map<string, LastKnown['terminals'][number]>();
  for (const { value: day } of await db.list('days', keysUnder(`${store.id}/`))) {
    const newest = day.revisions.at(-1);
    if (newest === undefined) continue;
    known.dates.push({ date: day.date, revision: newest.revision });
    for (const { terminal, epoch, last, missing } of newest.parts.terminals) {
      const key = `${epoch} ${terminal}`;
      const row = terminals.get(key) ?? { terminal, epoch, last, missing: [] };
      row.last = Math.max(row.last, last);
      row.missing.push(...(missing as Run[]));
      terminals.set(key, row);
    }
  }
  known.terminals.push(...terminals.values());
  return known;
}
