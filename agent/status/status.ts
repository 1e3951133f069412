/**
 * How the shop is, as one object: the page, `/status.json`, the `status` command, the metrics and the
 * heartbeat all read it. It holds no secret, and no amount unless that is switched on.
 */
import type { DayParts } from '../../protocol/day-summary.ts';
import type { ClockVerdict } from '../day/clock-watch.ts';

/** One thing that is wrong, or right, in words for somebody behind a counter. */
export interface Finding {
  code: string;
  /** `bad`: sales are not saved; `attention`: somebody should look; `good`. */
  level: 'bad' | 'attention' | 'good';
  message: string;
  fix: string;
}

/** `open`: taking sales; `closing`: over, but waits for a till; then as far as it has come. */
export type DayState = 'open' | 'closing' | 'closed' | 'delivered' | 'posted' | 'reconciled';

export interface TerminalStatus {
  id: string;
  connected: boolean;
  /** RFC 3339; null when it has not sold since the journal begins. */
  lastSaleAt: string | null;
  lastSeenAt: string | null;
  /** Accepted messages today. */
  transactions: number;
  /** Runs of numbers that nobody has sent, of days that are not closed. */
  missing: [first: number, last: number][];
  /** Messages with QoS 0, or retained, since the start: the till should be set up otherwise. */
  qos0: number;
  retained: number;
  problems: { code: string; message: string; at: string }[];
}

export interface DayStatus {
  date: string;
  /** 0 while it is open. */
  revision: number;
  state: DayState;
  transactions: number;
  /** Of these, what came in after the newest revision: the next revision will have it. */
  late: number;
  /** What the relay says of it. */
  xero?: { state: string; reason?: string; documents: string[] };
  /** Head office kept the summary aside, and why. */
  keptAside?: string;
}

export interface AgentStatus {
  version: string;
  /** RFC 3339 in the store's zone. */
  now: string;
  store: { id: string; name: string } | null;
  timezone: string;
  currency: string | null;
  businessDate: string;
  /** Can a sale be stored? */
  ready: boolean;
  headline: Finding;
  today: {
    transactions: number;
    duplicates: number;
    quarantined: number;
    damaged: number;
    /** Messages per hour, `HH:MM` of the store's wall clock. */
    hours: { hour: string; count: number }[];
    /** Only when amounts are switched on. */
    totals?: DayParts;
  };
  terminals: TerminalStatus[];
  days: DayStatus[];
  outbox: {
    waiting: number;
    oldestSeconds: number;
    nextAttemptAt: string | null;
    lastDeliveredAt: string | null;
    lastError: { code: string; message: string; at: string } | null;
  };
  relay: {
    address: string | null;
    reachable: boolean | null;
    /** The relay's own words when it refuses this machine. */
    refusal: { message: string; hint?: string } | null;
    lastAnswerAt: string | null;
    /** The relay's clock minus ours, seconds. */
    skewSeconds: number | null;
  };
  disk: {
    freeBytes: number;
    totalBytes: number;
    /** At the pace of the last days; null while there is nothing to go by. */
    daysLeft: number | null;
  };
  clock: { verdict: ClockVerdict };
  mqtt: {
    plain: string | null;
    tls: string | null;
    tlsExpiresAt: string | null;
    /** Sales come from an existing broker instead. */
    upstream: boolean;
    /** Why nothing comes from it just now. */
    upstreamError: string | null;
  };
  /** All that is set aside and not settled; the list holds the newest hundred. */
  quarantineCount: number;
  quarantine: {
    number: number;
    terminal: string;
    code: string;
    receivedAt: string;
    /** In words, without what the message said. */
    words: string;
  }[];
  problems: Finding[];
}
