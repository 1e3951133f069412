/**
 * What people changed by hand in Xero after a day was posted: voided, edited, paid otherwise, a bank
 * reconciliation undone. Comes in: what Xero says was changed since the last look. Goes out: rows
 * that say so.
 * Nothing is undone or posted; only a person does that.
 */
import type { Db } from '../db/db.ts';
import { dayKey } from '../db/db.ts';
import type { DayRecord, DocumentRecord, ReadBack, StoreRecord } from '../db/records.ts';
import type { BankedPayment, Clock, OrganisationRef, Xero, XeroDocument } from '../xero/port.ts';
import { goneReason, isGone } from './adopt.ts';
import { compareDay, lineReasons, readBackOf } from './check-documents.ts';
import { changeDocument, moveTo } from './day-steps.ts';
import { type Reason, reason } from './reasons.ts';

export interface ChangesDeps {
  db: Db;
  xero: Xero;
  clock: Clock;
}

/** Clocks differ, and what was changed during the last look may have been missed. */
const OVERLAP_MS = 10 * 60_000;
const FIRST_LOOK_MS = 7 * 24 * 3_600_000;

/** @returns keys of the days whose row changed */
export async function noteChanges(
  deps: ChangesDeps,
  ref: OrganisationRef,
  stores: readonly StoreRecord[],
  readAt: string | undefined,
): Promise<string[]> {
  const now = deps.clock();
  const last = readAt === undefined ? now - FIRST_LOOK_MS : Date.parse(readAt) - OVERLAP_MS;
  const since = new Date(last).toISOString();
  const changed: string[] = [];
  for (const kind of ['invoice', 'credit-note'] as const) {
    for (const own of await deps.xero.changedDocuments(ref, kind, since)) {
      const key = keyOf(own.number, stores);
      if (key !== undefined && (await noteChange(deps, key, own))) changed.push(key);
    }
  }
  for (const payment of await deps.xero.changedPayments(ref, since)) {
    const key = keyOf(payment.number, stores);
    if (key !== undefined && (await noteBank(deps, key, payment))) changed.push(key);
  }
  await deps.xero.noteChangesRead(ref, new Date(now).toISOString());
  return changed;
}

/** `<prefix>-<slug>-<yyyymmdd>…` names the store and the date; the prefix may have changed since. */
function keyOf(number: string, stores: readonly StoreRecord[]): string | undefined {
  const match = /^(.+)-(\d{4})(\d\d)(\d\d)(?:-[AR]\d+)*$/.exec(number);
  if (match === null) return undefined;
  const [, front = '', year, month, day] = match;
  const store = stores
    .filter(({ slug }) => front.endsWith(`-${slug}`))
    .sort((a, b) => b.slug.length - a.slug.length)[0];
  return store && dayKey(store.id, `${year}-${month}-${day}`);
}

async function noteChange({ db, clock }: ChangesDeps, key: string, own: XeroDocument) {
  return db.write(async tx => {
    const day = await tx.get('days', key);
    const document = day?.documents.find(({ xeroId }) => xeroId === own.id);
    if (day === undefined || document?.readBack === undefined) return false;
    if (document.state === 'gone' || !isNews(document, document.readBack, own)) return false;
    await tx.put('days', key, afterChange(day, document, own, new Date(clock()).toISOString()));
    return true;
  });
}

/** A match is only remembered; that it was undone is said, until it is made again. */
async function noteBank({ db, clock }: ChangesDeps, key: string, own: BankedPayment) {
  return db.write(async tx => {
    const day = await tx.get('days', key);
    const holds = ({ payments }: DocumentRecord) =>
      payments.some(({ xeroId }) => xeroId === own.id);
    const document = day?.documents.find(holds);
    const before = document?.payments.find(({ xeroId }) => xeroId === own.id)?.bank;
    if (day === undefined || document === undefined) return false;
    if ((before === 'matched') === own.isBanked) return false;
    const bank = own.isBanked ? 'matched' : 'unmatched';
    const seen = changeDocument(day, document, now => ({
      ...now,
      payments: now.payments.map(one => (one.xeroId === own.id ? { ...one, bank } : one)),
    }));
    const at = new Date(clock()).toISOString();
    await tx.put('days', key, before === undefined ? seen : afterBank(seen, at));
    return before !== undefined;
  });
}

/** Only a day that is compared is judged; one on its way is read back anyway. */
function afterBank(day: DayRecord, at: string): DayRecord {
  if (day.state !== 'reconciled' && day.state !== 'posted') return day;
  const others = day.reasons.filter(one => !one.message.includes(UNDONE));
  const reasons = [...others, ...bankReasons(day)];
  const whole = reasons.length === 0 && compareDay(day).verdict === 'reconciled';
  const what = reasons.length > others.length ? UNDONE : 'the bank reconciliation was made again';
  return moveTo(day, whole ? 'reconciled' : 'posted', reasons, at, what);
}

const UNDONE = 'bank reconciliation was undone';

function bankReasons({ documents }: DayRecord): Reason[] {
  const undone = documents.flatMap(({ plan, payments }) =>
    payments
      .filter(({ bank }) => bank === 'unmatched')
      .map(({ tender }) => `${plan.number}, payment ${tender}: its ${UNDONE} in Xero`),
  );
  return undone.map(message => reason('changed-in-xero', message));
}

function isNews(document: DocumentRecord, before: ReadBack, own: XeroDocument): boolean {
  if (lineReasons(document, own).length > 0) return true;
  const { at: _, ...now } = readBackOf(own, '');
  const { at: __, ...then } = before;
  return fingerprint(now) !== fingerprint(then);
}

function fingerprint(read: Omit<ReadBack, 'at'>): string {
  const payments = read.payments.map(({ reference, amount }) => `${amount} ${reference}`).sort();
  return JSON.stringify([read.status, read.total, read.tax, read.amountDue, payments]);
}

/** The row of a day whose document was found otherwise than it was left. */
export function afterChange(
  day: DayRecord,
  document: DocumentRecord,
  own: XeroDocument,
  at: string,
): DayRecord {
  const { number } = document.plan;
  if (isGone(own.status)) {
    const gone = changeDocument(day, document, now => ({
      ...now,
      state: 'gone',
      readBack: readBackOf(own, at),
    }));
    return moveTo(
      gone,
      'posted',
      [goneReason(document)],
      at,
      `${number} was ${own.status} in Xero`,
    );
  }
  const readBack = readBackOf(own, at);
  const read = changeDocument(day, document, now => ({ ...now, readBack }));
  const { verdict, reasons } = compareDay(read);
  const wrong = [...lineReasons(document, own), ...reasons, ...bankReasons(read)];
  if (wrong.length === 0 && (verdict === 'reconciled' || verdict === 'drafted')) {
    return moveTo(read, verdict, [], at, `read again: ${verdict}`);
  }
  const said = wrong.map(({ message }) => reason('changed-in-xero', message));
  return moveTo(read, 'posted', said, at, `${number} was changed by hand in Xero`);
}
