/**
 * An office at work: Xero connected, one store with its accounts, a heartbeat, and a day in every
 * state. Names from the tills hold what somebody might type to break a page.
 */
import { DAY_STATES } from '../../../protocol/agent-relay.ts';
import type { DayParts } from '../../../protocol/day-summary.ts';
import { planRevision } from '../../../relay/books/invoice.ts';
import { mappingSchema } from '../../../relay/books/mapping.ts';
import type { Db } from '../../../relay/db/db.ts';
import type {
  AlertRecord,
  DayRecord,
  DayState,
  DocumentRecord,
  StoreRecord,
  WebhookRecord,
} from '../../../relay/db/records.ts';
import type { Chart } from '../../../relay/xero/chart.ts';
import { chart as sampleChart } from '../../support/books.ts';

export const NASTY = '<script>alert(1)</script>';
export const FORMULA = '=HYPERLINK("http://evil.example","x")';

export const PARTS: DayParts = {
  counts: { sale: 213, refund: 3, void: 1 },
  sales: [
    row({ category: 'Coffee', taxCode: 'GST9', count: 180, amount: 99_550, tax: 8220 }),
    row({ category: NASTY, taxCode: 'GST9', count: 64, amount: 51_200, tax: 4228 }),
    { ...row({ count: 12, amount: 2450, tax: 0 }), kind: 'tip' },
  ],
  tenders: [
    { method: 'card', count: 140, amount: 110_400 },
    { method: 'cash', count: 70, amount: 42_798 },
  ],
  rounding: -2,
  cash: [],
  overShort: 0,
  terminals: [
    { terminal: 'till-1', epoch: 1, first: 901, last: 1120, count: 217, missing: [[904, 906]] },
  ],
};

function row(part: {
  category?: string;
  taxCode?: string;
  count: number;
  amount: number;
  tax: number;
}): DayParts['sales'][number] {
  return { kind: 'item', discount: 0, ...part };
}

/** The date of the day that has this state. */
export function dateOf(state: DayState): string {
  return `2026-11-${String(DAY_STATES.indexOf(state) + 1).padStart(2, '0')}`;
}

/** Puts the store `orchard`, its chart, its heartbeat and its days into the database. */
export async function fillOffice(db: Db, now: number): Promise<StoreRecord> {
  const chart = sampleChart();
  const store = makeStore(chart, now);
  await db.write(async tx => {
    await tx.put('connections', 'one', connection(chart, now));
    await tx.put('charts', chart.organisation.id, chart);
    await tx.put('stores', store.id, store);
    await tx.put('heartbeats', store.id, heartbeat(store, now));
    await tx.put('alerts', `store-silent/${store.id}`, silence(store, now));
    await tx.put('webhooks', 'hook', hook(now));
    for (const state of DAY_STATES) {
      await tx.put('days', `${store.id}/${dateOf(state)}`, makeDay(store, chart, state));
    }
  });
  return store;
}

function makeStore({ organisation }: Chart, now: number): StoreRecord {
  const kinds = { tip: '830' };
  const mapping = mappingSchema.parse({
    ...{ organisation: organisation.id, products: '200', payment: '615', kinds },
  });
  return {
    ...{ id: 'orchard', slug: 'orchard', name: `Orchard ${FORMULA}`, currency: 'SGD' },
    ...{ timezone: 'Asia/Singapore', cutOver: '00:00', head: { number: 0, digest: '' } },
    createdAt: new Date(now).toISOString(),
    commands: [],
    books: {
      ...{ connection: 'one', organisation: organisation.id, mapping },
      postFrom: '2026-11-01',
      savedAt: new Date(now).toISOString(),
    },
  };
}

function connection({ organisation }: Chart, now: number) {
  const at = new Date(now).toISOString();
  return {
    ...{ id: 'one', clientId: 'A'.repeat(32), clientSecret: 'sealed', tokens: 'sealed' },
    refreshedAt: at,
    organisations: [{ id: organisation.id, name: organisation.name, connectionId: 'c' }],
    state: 'connected' as const,
    ...{ createdAt: at, createdBy: 'owner' },
  };
}

function silence(store: StoreRecord, now: number): AlertRecord {
  return {
    ...{ kind: 'store-silent', subject: store.id, message: `${NASTY} has not called for 2 hours.` },
    ...{ fix: 'Look whether its machine is on.', since: new Date(now).toISOString(), told: [] },
  };
}

function hook(now: number): WebhookRecord {
  return {
    ...{
      id: 'hook',
      url: 'https://hooks.example/a/rather/long/path/of/an/alert',
      secret: 'sealed',
    },
    ...{ createdAt: new Date(now).toISOString(), createdBy: 'admin@example.com' },
  };
}

function heartbeat(store: StoreRecord, now: number) {
  const at = new Date(now).toISOString();
  return {
    ...{ receivedAt: at, kid: 'kid', instances: ['i'], clockSkewMs: 95_000 },
    heartbeat: {
      ...{ version: 1 as const, storeId: store.id, instance: 'i', counter: 1, sentAt: at },
      ...{ agentVersion: '0.1.0', backlog: { waiting: 1, oldestSeconds: 7200 } },
      disk: { freeBytes: 1e9 },
      problems: [{ code: 'till-off', message: 'till-2 is off since 09:12.', fix: 'Switch it on.' }],
      quarantine: [],
      names: {
        ...{ categories: ['Coffee', NASTY, '__proto__'], taxCodes: ['GST9', 'ZERO'] },
        ...{ tenders: ['card', 'cash', 'gift-card'], kinds: ['item', 'tip'] },
        cashReasons: ['milk'],
      },
      today: { businessDate: '2026-11-23', currency: 'SGD', ...PARTS },
    },
  };
}

/** A day in this state with everything that belongs to it. */
export function makeDay(
  store: StoreRecord,
  chart: Chart,
  state: DayState,
  date = dateOf(state),
): DayRecord {
  const at = `${date}T16:15:00Z`;
  const revision = {
    ...{ revision: 1, number: 1, digest: 'd'.repeat(43), receivedAt: at, closedAt: at },
    ...{ quarantined: 2, damaged: 0, parts: PARTS },
  };
  const reason = { code: 'unmapped', message: `Nothing is chosen for ${NASTY}.`, fix: 'Choose.' };
  const broken = { reason: 'broken-chain' as const, receivedAt: at };
  const aside = { revision: 2, number: 2, digest: 'e'.repeat(43), ...broken };
  return {
    ...{ store: store.id, date, state },
    reasons: state === 'waiting' ? [reason] : [],
    revisions: state === 'missing' ? [] : [revision],
    keptAside: state === 'kept-aside' ? [aside] : [],
    documents: ['posted', 'reconciled', 'drafted'].includes(state)
      ? [makeDocument(store, chart, date, revision)]
      : [],
    events: [{ at, who: 'agent', what: `Summary arrived ${NASTY}` }],
  };
}

function makeDocument(
  store: StoreRecord,
  chart: Chart,
  date: string,
  revision: DayRecord['revisions'][number],
): DocumentRecord {
  const mapping = store.books?.mapping;
  const plan = mapping && planRevision({ store, date, revision, mapping, chart });
  if (plan?.kind !== 'post') throw new Error(`no plan: ${JSON.stringify(plan)}`);
  const { document } = plan;
  const payments = document.payments.map(({ reference, accountId, amount }) => ({
    ...{ reference, amount },
    account: accountId,
  }));
  const { total, xeroTax: tax } = document;
  return {
    ...{ plan: document, revision: 1, state: 'reconciled', payments: [] },
    xeroId: '0f4b1c2d-0000-4000-8000-000000000001',
    postedAt: `${date}T16:16:00Z`,
    readBack: { at: `${date}T16:17:00Z`, status: 'PAID', amountDue: 0, total, tax, payments },
  };
}
