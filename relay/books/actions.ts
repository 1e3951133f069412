/**
 * What a person at HQ may do with a day: retry, hold, release, post, and the back-fill of a range.
 * Comes in: the day and who asks. Goes out: a changed row, an audit entry, and a woken poster. Each
 * is safe to press twice: the second time changes nothing.
 */
import { AppError } from '../../protocol/errors.ts';
import { addAudit } from '../db/audit.ts';
import { type Db, dayKey, keysUnder } from '../db/db.ts';
import type { DayRecord, DocumentRecord } from '../db/records.ts';
import type { Clock } from '../xero/port.ts';
import { addEvent, changeDocument, inFlight, isRefused } from './day-steps.ts';

export type DayAction = 'retry' | 'hold' | 'release' | 'post';

export interface ActionDeps {
  db: Db;
  clock: Clock;
  /** The poster is told which day changed; without a key: anything. */
  wake: (key?: string) => void;
  /** A store was mapped: its contact is made ahead of the first night, if somebody does that. */
  contactWanted?: (store: string) => void;
}

/** A range of more days than this is asked for in parts. */
export const RANGE_DAYS_MAX = 400;

export interface DayDesk {
  /** @throws AppError `not-found`, or `not-allowed` when the state forbids it */
  act(action: DayAction, store: string, date: string, who: string): Promise<DayRecord>;
  /**
   * Posts the kept days of a range, both ends included. Returns their dates, oldest first.
   * @throws AppError `not-found`, `bad-input` for a range that is too long or the wrong way round
   */
  postRange(store: string, from: string, to: string, who: string): Promise<string[]>;
  /** After a mapping was saved: days that waited for it are tried again. */
  mappingSaved(store: string): Promise<void>;
}

export function createDayDesk(deps: ActionDeps): DayDesk {
  return {
    act: (action, store, date, who) => act(deps, action, dayKey(store, date), who),
    postRange: (store, from, to, who) => postRange(deps, store, { from, to }, who),
    mappingSaved: store => mappingSaved(deps, store),
  };
}

async function act(
  deps: ActionDeps,
  action: DayAction,
  key: string,
  who: string,
): Promise<DayRecord> {
  const nowMs = deps.clock();
  const at = new Date(nowMs).toISOString();
  const result = await deps.db.write(async tx => {
    const day = await tx.get('days', key);
    if (day === undefined) {
      throw new AppError('not-found', `there is no day ${key}`, {
        hint: 'the days page lists every day of every store',
      });
    }
    const changed = ACTIONS[action](day, who, at);
    if (changed === undefined) return day;
    const { nextTryAt: _, ...now } = changed;
    const told = addEvent(now, { at, who, what: WORDS[action] });
    await tx.put('days', key, told);
    const details = { store: day.store, date: day.date, state: day.state };
    await addAudit(tx, nowMs, { who, what: `Day: ${WORDS[action]}`, details });
    return told;
  });
  deps.wake(key);
  // Retry means everything that lies in the way, too: a back-off, an organisation at rest.
  if (action === 'retry') deps.wake();
  return result;
}

const WORDS: Record<DayAction, string> = {
  retry: 'asked to try again',
  hold: 'held',
  release: 'released',
  post: 'asked to post',
};

/** The changed row; undefined when it is so already. */
type Action = (day: DayRecord, who: string, at: string) => DayRecord | undefined;

const ACTIONS: Record<DayAction, Action> = { retry, hold, release, post };

/** What waits is tried at once; what is posted is read from Xero and compared again. */
function retry(day: DayRecord): DayRecord | undefined {
  switch (day.state) {
    case 'received':
    case 'waiting':
    case 'posting':
      return day;
    case 'drafted':
    case 'posted':
    case 'reconciled':
      return day.documents.reduce((changed, one) => changeDocument(changed, one, unread), day);
    case 'not-posted':
    case 'missing':
    case 'kept-aside':
      return undefined;
  }
}

/** On its way again: what is to be paid is paid, then it is read and compared. */
function unread(document: DocumentRecord): DocumentRecord {
  const { readBack, ...rest } = document;
  switch (document.state) {
    case 'paid':
    case 'reconciled':
    case 'drafted':
      return { ...rest, state: 'paid' };
    case 'created':
      return rest;
    case 'planned':
    case 'gone':
      return document;
  }
}

function hold(day: DayRecord, who: string): DayRecord | undefined {
  if (day.heldBy !== undefined) return undefined;
  switch (day.state) {
    case 'received':
    case 'waiting':
    case 'posting':
    case 'not-posted':
      return { ...day, heldBy: who };
    case 'drafted':
    case 'posted':
    case 'reconciled':
    case 'missing':
    case 'kept-aside':
      throw new AppError('not-allowed', 'Only a day that is not posted yet can be held', {
        hint: 'a document in Xero is changed in Xero',
      });
  }
}

/** A held day goes on; a day that waits for gaps or quarantined sales is posted without them. */
function release(day: DayRecord, who: string): DayRecord | undefined {
  const { heldBy, ...rest } = day;
  if (heldBy !== undefined) return { ...rest, ...back(day) };
  const gaps = day.reasons.some(({ code }) => code === 'gaps' || code === 'quarantined');
  return gaps && day.releasedBy === undefined ? { ...day, releasedBy: who } : undefined;
}

/** A held day from before the connection is kept on; any other is judged anew. */
function back(day: DayRecord): Partial<DayRecord> {
  return day.state === 'waiting' && inFlight(day) === undefined ? { state: 'received' } : {};
}

/** Posts a kept day; posts again what somebody voided in Xero. */
function post(day: DayRecord, who: string): DayRecord | undefined {
  switch (day.state) {
    case 'not-posted':
    case 'received':
    case 'waiting':
    case 'posting': {
      if (day.releasedBy !== undefined && day.heldBy === undefined) return undefined;
      const { heldBy: _, ...rest } = day;
      const state = day.state === 'not-posted' ? 'received' : day.state;
      return { ...rest, state, releasedBy: who };
    }
    case 'posted':
    case 'drafted':
    case 'reconciled':
      return postAgain(day);
    case 'missing':
    case 'kept-aside':
      throw new AppError('not-allowed', 'The shop has not delivered this day', {
        hint: 'it is posted as soon as its summary arrives and is in order',
      });
  }
}

/** One document at a time, the oldest first: `…-R1` stands in for what is gone. */
function postAgain(day: DayRecord): DayRecord | undefined {
  const gone = day.documents.find(
    one => one.state === 'gone' && !day.documents.some(other => replaces(other, one)),
  );
  if (gone === undefined) return undefined;
  const repost = (gone.repost ?? 0) + 1;
  const number = `${gone.plan.number.replace(/-R\d+$/, '')}-R${repost}`;
  const { revision } = gone;
  const again: DocumentRecord = {
    ...{ revision, repost, state: 'planned', payments: [] },
    plan: { ...gone.plan, number },
  };
  return { ...day, state: 'received', reasons: [], documents: [...day.documents, again] };
}

function replaces(other: DocumentRecord, gone: DocumentRecord): boolean {
  return other.revision === gone.revision && (other.repost ?? 0) > (gone.repost ?? 0);
}

/** What Xero refused under the mapping before is sent again at once. */
async function mappingSaved(deps: ActionDeps, store: string): Promise<void> {
  const { db, wake, contactWanted } = deps;
  contactWanted?.(store);
  const range = { ...keysUnder(`${store}/`), reverse: true, limit: RANGE_DAYS_MAX };
  const resting = (await db.list('days', range)).filter(({ value }) => isRefused(value));
  await db.write(async tx => {
    for (const { key } of resting) {
      const day = await tx.get('days', key);
      if (day === undefined) continue;
      const { nextTryAt: _, ...rest } = day;
      await tx.put('days', key, rest);
    }
  });
  wake();
}

async function postRange(
  deps: ActionDeps,
  store: string,
  { from, to }: { from: string; to: string },
  who: string,
): Promise<string[]> {
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
  if (!(days >= 1 && days <= RANGE_DAYS_MAX)) {
    throw new AppError(
      'bad-input',
      `from ${from} to ${to} is no range of 1–${RANGE_DAYS_MAX} days`,
      {
        hint: 'give the first and the last business date, the earlier one first',
        path: days >= 1 ? 'to' : 'from',
      },
    );
  }
  if ((await deps.db.get('stores', store)) === undefined) {
    throw new AppError('not-found', `there is no store ${store}`);
  }
  const range = { from: dayKey(store, from), to: `${dayKey(store, to)}\uffff` };
  const posted: string[] = [];
  for (const { key, value } of await deps.db.list('days', range)) {
    if (value.state !== 'not-posted') continue;
    await act(deps, 'post', key, who);
    posted.push(value.date);
  }
  return posted;
}
