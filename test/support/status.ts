/** A made-up status of a shop in which all is well; `changes` go over its facts. */
import { type Facts, findingsOf } from '../../agent/status/findings.ts';
import { shownOf } from '../../agent/status/observe.ts';
import type { AgentStatus, TerminalStatus } from '../../agent/status/status.ts';

export const NOW = '2026-11-22T17:42:00+08:00';

const MQTT = {
  plain: 'mqtt://0.0.0.0:1883',
  tls: null,
  tlsExpiresAt: null,
  upstream: false,
  upstreamError: null,
};

export function till(id: string, changes: Partial<TerminalStatus> = {}): TerminalStatus {
  return {
    id,
    connected: true,
    lastSaleAt: '2026-11-22T17:39:00+08:00',
    lastSeenAt: '2026-11-22T17:41:30+08:00',
    transactions: 107,
    missing: [],
    qos0: 0,
    retained: 0,
    problems: [],
    ...changes,
  };
}

export function factsOf(changes: Partial<Facts> = {}): Facts {
  const delivered = '2026-11-22T00:07:00+08:00';
  return {
    version: '1.0.0',
    now: NOW,
    store: { id: 'tanjong-pagar', name: 'Tanjong Pagar' },
    timezone: 'Asia/Singapore',
    currency: 'SGD',
    businessDate: '2026-11-22',
    ready: true,
    today: { transactions: 214, duplicates: 1, quarantined: 0, damaged: 0, hours: hours() },
    terminals: [till('till-1'), till('till-2')],
    days: days(),
    outbox: {
      waiting: 0,
      oldestSeconds: 0,
      nextAttemptAt: null,
      lastDeliveredAt: delivered,
      lastError: null,
    },
    relay: {
      address: 'https://relay.example.com',
      reachable: true,
      refusal: null,
      lastAnswerAt: NOW,
      skewSeconds: 0,
    },
    disk: { freeBytes: 60 * 1024 ** 3, totalBytes: 100 * 1024 ** 3, daysLeft: 4000 },
    clock: { verdict: 'right' },
    mqtt: MQTT,
    quarantineCount: 0,
    quarantine: [],
    storageReason: '',
    chainProblem: undefined,
    elsewhere: [],
    damagedSummaries: [],
    ...changes,
  };
}

export function statusOf(changes: Partial<Facts> = {}): AgentStatus {
  const facts = factsOf(changes);
  return { ...shownOf(facts), ...findingsOf(facts) };
}

function hours(): AgentStatus['today']['hours'] {
  return [2, 14, 31, 38, 42, 29, 26, 33, 21, 9].map((count, i) => ({
    hour: `${String(i + 8).padStart(2, '0')}:00`,
    count,
  }));
}

function days(): AgentStatus['days'] {
  const xero = { state: 'reconciled', documents: ['TB-tanjong-pagar-20261121'] };
  return [
    { date: '2026-11-22', revision: 0, state: 'open', transactions: 214, late: 0 },
    { date: '2026-11-21', revision: 1, state: 'reconciled', transactions: 246, late: 0, xero },
    {
      date: '2026-11-20',
      revision: 2,
      state: 'delivered',
      transactions: 198,
      late: 3,
      xero: { state: 'waiting', reason: 'unmapped', documents: [] },
    },
  ];
}

/** A till that has been gone for hours. */
export const AWAY = { connected: false, lastSeenAt: '2026-11-22T09:12:00+08:00' };
const outbox = statusOf().outbox;
const relay = statusOf().relay;

/** Every state with its sentence, in the order of their weight. */
export const STATES: readonly [code: string, changes: Partial<Facts>, sentence: RegExp][] = [
  [
    'not-saved',
    {
      ready: false,
      storageReason: 'the disk has 3 MiB left, 64 MiB are kept in reserve. Free disk space.',
    },
    /^Sales are NOT being saved: the disk has 3 MiB left/,
  ],
  [
    'upstream-away',
    { mqtt: { ...MQTT, upstream: true, upstreamError: 'refused' } },
    /^No sale comes in: the shop's own broker cannot be reached/,
  ],
  ['clock-behind', { clock: { verdict: 'behind-records' } }, /clock is behind.*no day is closed/],
  ['clock-jumped', { clock: { verdict: 'suspect' } }, /jumped forward.*no day is closed/],
  [
    'damaged-summary',
    { damagedSummaries: ['2026-11-21.1'] },
    /^The signed summary 2026-11-21.1 cannot be read any more; the sales are kept/,
  ],
  [
    'closed-elsewhere',
    { elsewhere: [{ date: '2026-11-20', messages: 3 }] },
    /^3 saved messages of 2026-11-20 may be missing from head office's total: another machine/,
  ],
  ['chain', { chainProblem: 'head office has another summary 7' }, /^Two machines speak for/],
  [
    'kept-aside',
    { days: [{ ...day('2026-11-21'), state: 'delivered', keptAside: 'broken-chain' }] },
    /^Head office has set 2026-11-21 aside: it does not follow the last summary/,
  ],
  ['not-enrolled', { store: null }, /saved here, but this shop is not connected to head office/],
  [
    'refused',
    { relay: { ...relay, refusal: { message: 'the relay refused: the key was revoked (403)' } } },
    /^Sales are safe here, but head office does not accept this machine: .*revoked/,
  ],
  [
    'relay-unreachable',
    { relay: { ...relay, reachable: false }, outbox: { ...outbox, waiting: 2 } },
    /^Sales are safe here \(2 days wait to be sent\), but head office cannot be reached/,
  ],
  ['disk-low', { disk: { freeBytes: 1e9, totalBytes: 1e10, daysLeft: 9 } }, /about 9 more days/],
  ['damaged', { today: { ...statusOf().today, damaged: 1 } }, /^1 saved record of today cannot/],
  ['gaps', { terminals: [till('till-1', { missing: [[7, 9]] })] }, /^3 sales of till-1 have not/],
  ['tills-away', { terminals: [till('till-3', AWAY)] }, /^till-3 sold today and is not connected/],
  [
    'quarantine',
    {
      quarantineCount: 1,
      quarantine: [
        {
          number: 1,
          terminal: 'till-2',
          code: 'schema',
          receivedAt: NOW,
          words: 'a field is wrong',
        },
      ],
    },
    /^1 message of till-2 could not be counted/,
  ],
  [
    'till-problem',
    { terminals: [till('till-1', { problems: [{ code: 'x', message: 'it did that', at: NOW }] })] },
    /^till-1: it did that/,
  ],
  ['qos0', { terminals: [till('till-1', { qos0: 3 })] }, /^till-1 sends sales without asking/],
  ['clock-skew', { relay: { ...relay, skewSeconds: -1200 } }, /20 minutes ahead of head office/],
  [
    'certificate',
    { mqtt: { ...MQTT, tlsExpiresAt: '2026-11-30T00:00:00+08:00' } },
    /certificate of the till network ends on 2026-11-30/,
  ],
  ['no-tills', { terminals: [] }, /^No till is set up yet/],
];

function day(date: string) {
  return { date, revision: 1, transactions: 1, late: 0 };
}
