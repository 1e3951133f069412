/**
 * The audit log: who changed what and when. Rows are only ever added; nothing here can change or
 * remove one. Secrets never go into the details.
 */
import { randomBytes } from 'node:crypto';
import type { Reader, Writer } from './db.ts';
import type { AuditRecord } from './records.ts';

export interface AuditEntry {
  who: string;
  /** A short sentence in the past tense: `Store added`. */
  what: string;
  details?: Record<string, unknown>;
}

/** Adds an entry inside the transaction that makes the change. */
export async function addAudit(tx: Writer, now: number, entry: AuditEntry): Promise<void> {
  const at = new Date(now).toISOString();
  const key = `${at}/${randomBytes(6).toString('base64url')}`;
  await tx.put('audit', key, {
    at,
    who: entry.who,
    what: entry.what,
    details: entry.details ?? {},
  });
}

/** Newest first; `before` is the key of the last row of the page before. */
export async function listAudit(
  db: Reader,
  limit: number,
  before?: string,
): Promise<{ key: string; value: AuditRecord }[]> {
  return await db.list('audit', { limit, reverse: true, ...(before ? { to: before } : {}) });
}
