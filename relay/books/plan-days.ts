/**
 * First step of posting: days that are due are planned under today's mapping. Comes in: keys of
 * days of one organisation and its chart. Goes out: rows with a planned document (not sent yet), or
 * with the reasons why they wait. What was planned before but never sent is planned anew.
 */
import { messageOf } from '../../protocol/errors.ts';
import type { DayRecord, DocumentRecord, StoreRecord } from '../db/records.ts';
import type { Chart } from '../xero/chart.ts';
import {
  adjustmentOf,
  changeDocument,
  isRefused,
  isSame,
  moveTo,
  mustRest,
  nextStep,
  restState,
  revisionBefore,
  sentDocuments,
} from './day-steps.ts';
import type { Plan } from './plan.ts';
import { changeDays, type Desk, type Item, nowOf } from './poster-desk.ts';
import { type Reason, reason } from './reasons.ts';

/** Plans what is due and gives the documents that are on their way, in the order of the keys. */
export async function planDays(desk: Desk, keys: readonly string[], chart: Chart): Promise<Item[]> {
  const stores = await storesOf(desk, keys);
  await changeDays(desk, keys, day => {
    const store = stores.get(day.store);
    return store && planDay(desk, day, store, chart);
  });
  const items: Item[] = [];
  for (const key of keys) {
    const day = await desk.db.get('days', key);
    const store = day && stores.get(day.store);
    const document = day && onTheWay(day, store);
    if (day && store && document) items.push({ key, day, store, document });
  }
  return items;
}

/** The document to work on: one in flight, else one that was just planned. */
function onTheWay(day: DayRecord, store: StoreRecord | undefined): DocumentRecord | undefined {
  if (store === undefined) return undefined;
  const step = nextStep(day, store);
  if (step.kind === 'settle') return step.document;
  return day.documents.find(({ state }) => state === 'planned');
}

async function storesOf(desk: Desk, keys: readonly string[]): Promise<Map<string, StoreRecord>> {
  const stores = new Map<string, StoreRecord>();
  for (const id of new Set(keys.map(key => key.slice(0, key.lastIndexOf('/'))))) {
    const store = await desk.db.get('stores', id);
    if (store !== undefined) stores.set(id, store);
  }
  return stores;
}

/** The row after planning; undefined when nothing about it changes. */
export function planDay(
  desk: Pick<Desk, 'plan' | 'clock'>,
  day: DayRecord,
  store: StoreRecord,
  chart: Chart,
): DayRecord | undefined {
  const at = nowOf(desk);
  const step = nextStep(day, store);
  switch (step.kind) {
    case 'rest':
      return undefined;
    case 'settle':
      return ifNews(day, payElsewhere(desk, day, store, chart, step.document));
    case 'keep':
      return moveTo(dropPlanned(day), 'not-posted', step.reasons, at, 'kept, not posted');
    case 'wait':
      return ifNews(day, moveTo(dropPlanned(day), 'waiting', step.reasons, at, 'waits: held back'));
    case 'plan':
      if (mustRest(day, desk.clock())) return undefined;
      return ifNews(day, planRevisionOf(desk, day, store, chart, at));
  }
}

/** Payments that Xero refused go to the accounts of today's mapping; the document stands as it is. */
function payElsewhere(
  desk: Pick<Desk, 'plan'>,
  day: DayRecord,
  store: StoreRecord,
  chart: Chart,
  document: DocumentRecord,
): DayRecord {
  const refused = document.state === 'created' && document.paymentsRequest === undefined;
  const elsewhere = document.organisation?.organisation !== store.books?.organisation;
  if (!refused || day.state !== 'waiting' || elsewhere) return day;
  const plan = planFor(desk, day, store, chart, document);
  if (plan?.kind !== 'post' || plan.document.kind !== document.plan.kind) return day;
  const paid = new Set(document.payments.map(({ tender }) => tender));
  const payments = document.plan.payments.map(old => {
    const today = plan.document.payments.find(({ tender }) => tender === old.tender);
    const same = today !== undefined && today.amount === old.amount && !paid.has(old.tender);
    return same ? { ...old, accountId: today.accountId } : old;
  });
  return changeDocument(day, document, now => ({ ...now, plan: { ...now.plan, payments } }));
}

function planRevisionOf(
  desk: Pick<Desk, 'plan'>,
  day: DayRecord,
  store: StoreRecord,
  chart: Chart,
  at: string,
): DayRecord {
  const again = day.documents.find(one => one.state === 'planned' && one.repost !== undefined);
  const plan = planSafely(() => planFor(desk, day, store, chart, again));
  const kept = dropPlanned(day);
  switch (plan?.kind) {
    case undefined:
      return moveTo(kept, restState(kept), [], at, 'nothing to post');
    case 'nothing': {
      const rest = restState(kept);
      return moveTo(kept, rest, [], at, 'nothing to post: no money moved');
    }
    case 'wait':
      // A repost that waits is kept as it is, so that it is not forgotten.
      return moveTo(again ? day : kept, 'waiting', plan.reasons, at, waitsFor(plan));
    case 'post': {
      const elsewhere = standsElsewhere(day, store);
      if (elsewhere !== undefined) {
        return moveTo(again ? day : kept, 'waiting', [elsewhere], at, 'waits: other organisation');
      }
      const revision = again?.revision ?? day.revisions.at(-1)?.revision ?? 1;
      const document: DocumentRecord = {
        plan: plan.document,
        revision,
        state: 'planned',
        payments: [],
        ...(again?.repost === undefined ? {} : { repost: again.repost }),
      };
      const documents = [...kept.documents, document];
      // What Xero refused is sent again; the day waits on until Xero takes it.
      if (isRefused(day)) return { ...kept, documents };
      const what = `planned ${plan.document.kind} ${plan.document.number}`;
      return moveTo({ ...kept, documents }, 'posting', [], at, what);
    }
  }
}

/** A difference belongs into the books that hold the rest of the day. */
function standsElsewhere(day: DayRecord, store: StoreRecord): Reason | undefined {
  const other = sentDocuments(day).find(
    ({ state, organisation }) =>
      state !== 'gone' &&
      organisation !== undefined &&
      organisation.organisation !== store.books?.organisation,
  );
  if (other === undefined) return undefined;
  const message = `${other.plan.number} stands in another Xero organisation than the one that ${store.name} posts to now`;
  return reason('other-organisation', message);
}

/** A day that our own assertions refuse must not keep all the others waiting. */
export function planSafely(plan: () => Plan | undefined): Plan | undefined {
  try {
    return plan();
  } catch (error) {
    const message = `The day cannot be planned: ${messageOf(error)}`;
    const fix = 'This is an error in Tillbook: please report it with the summary of the day.';
    return { kind: 'wait', reasons: [reason('books-differ', message, { fix })] };
  }
}

function waitsFor(plan: Extract<Plan, { kind: 'wait' }>): string {
  return `waits: ${plan.reasons.map(({ code }) => code).join(', ')}`;
}

/**
 * The plan of the newest revision against what stands in Xero; or of the document that is to be
 * posted again, against what stood before it. Undefined when the revision stands already.
 */
export function planFor(
  desk: Pick<Desk, 'plan'>,
  day: DayRecord,
  store: StoreRecord,
  chart: Chart,
  of?: DocumentRecord,
): Plan | undefined {
  const number = of?.revision;
  const revision =
    number === undefined
      ? day.revisions.at(-1)
      : day.revisions.find(one => one.revision === number);
  const before = revisionBefore(day, of === undefined ? undefined : (forerunner(day, of) ?? of));
  if (revision === undefined || store.books === undefined) return undefined;
  if (of === undefined && before?.revision === revision.revision) return undefined;
  const adjustment = adjustmentOf(day, of && (forerunner(day, of) ?? of));
  return desk.plan({
    store,
    date: day.date,
    revision,
    mapping: store.books.mapping,
    chart,
    options: {
      adjustment,
      released: day.releasedBy !== undefined,
      ...(of?.repost === undefined ? {} : { repost: of.repost }),
    },
    ...(before === undefined ? {} : { before: before.parts }),
  });
}

/** The document that a repost stands in for: the first of its revision. */
function forerunner(day: DayRecord, of: DocumentRecord): DocumentRecord | undefined {
  if (of.repost === undefined) return undefined;
  return day.documents.find(one => one.revision === of.revision && one.repost === undefined);
}

/** Without what was planned but never sent. */
function dropPlanned(day: DayRecord): DayRecord {
  const sent = sentDocuments(day);
  return sent.length === day.documents.length ? day : { ...day, documents: sent };
}

/** Undefined when the new row says the same: nothing is written for a day that just waits on. */
function ifNews(day: DayRecord, planned: DayRecord): DayRecord | undefined {
  const same =
    planned.state === day.state &&
    planned.documents.length === day.documents.length &&
    planned.documents.every((one, i) => {
      const old = day.documents[i];
      return old !== undefined && isSame(one, old) && JSON.stringify(one) === JSON.stringify(old);
    }) &&
    JSON.stringify(planned.reasons) === JSON.stringify(day.reasons);
  return same ? undefined : planned;
}
