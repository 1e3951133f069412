/**
 * What agent and relay say to each other over HTTPS, each body a compact JWS: enrolment, receipt,
 * heartbeat and its answer. Shapes only; who checks what stands in relay/inbox and agent/delivery.
 */
import { z } from 'zod';
import { CUT_OVER_PATTERN, DATE_PATTERN, INSTANT_PATTERN } from './business-date.ts';
import { dayPartsShape } from './day-summary.ts';
import { CURRENCY_PATTERN } from './money.ts';
import { publicJwkSchema } from './signing.ts';

export const JOSE_TYPE = 'application/jose';

export const CALLS = {
  enrolments: '/v1/enrolments',
  heartbeats: '/v1/heartbeats',
  revision: (date: string, revision: number) => `/v1/days/${date}/revisions/${revision}`,
} as const;

const date = z.string().regex(DATE_PATTERN);
const instant = z.string().regex(INSTANT_PATTERN);
const count = z.int().min(0);
const id = z.string().min(1).max(64);
const digest = z.string().max(43);
const run = z.tuple([z.int().min(1), z.int().min(1)]);

export const storeSettingsSchema = z.object({
  id,
  name: z.string().min(1).max(255),
  timezone: z.string().min(1).max(64),
  currency: z.string().regex(CURRENCY_PATTERN),
  cutOver: z.string().regex(CUT_OVER_PATTERN),
});
/** What HQ decides about a store and its agent obeys. */
export type StoreSettings = z.infer<typeof storeSettingsSchema>;

/** POST /v1/enrolments, typ `tillbook-enrolment+jws`, signed by the new key in `jwk`. */
export const enrolmentSchema = z.object({
  version: z.literal(1),
  code: z.string().min(1).max(64),
  jwk: publicJwkSchema,
  relay: z.string().min(1).max(2048),
  issuedAt: instant,
});
export type Enrolment = z.infer<typeof enrolmentSchema>;

/** What the relay still knows of a store's chain, so that a replaced machine can go on with it. */
export const lastKnownSchema = z.object({
  /** Number of the newest summary; 0 when there is none. */
  number: count,
  /** Its digest; '' when there is none. */
  digest,
  /** Newest revision of every business date that was delivered. */
  dates: z.array(z.object({ date, revision: z.int().min(1) })),
  /** Highest number seen of each terminal and epoch. */
  terminals: z.array(
    z.object({ terminal: id, epoch: z.int().min(1), last: z.int().min(1), missing: z.array(run) }),
  ),
});
export type LastKnown = z.infer<typeof lastKnownSchema>;

export const enrolmentAnswerSchema = z.object({
  store: storeSettingsSchema,
  relayKey: publicJwkSchema,
  last: lastKnownSchema,
});
export type EnrolmentAnswer = z.infer<typeof enrolmentAnswerSchema>;

/** Why a summary is kept but not used. */
export const KEPT_ASIDE_REASONS = [
  'other-content',
  'broken-chain',
  'revoked-key',
  'future-day',
  'history-lost',
  'bad-summary',
] as const;
export type KeptAsideReason = (typeof KEPT_ASIDE_REASONS)[number];

/** Answer to PUT …/revisions/n, typ `tillbook-receipt+jws`, signed by the relay after its commit. */
export const receiptSchema = z.object({
  version: z.literal(1),
  storeId: id,
  businessDate: date,
  revision: z.int().min(1),
  number: z.int().min(1),
  digest: z.string().length(43),
  verdict: z.enum(['accepted', 'kept-aside']),
  reason: z.string().max(255).optional(),
  receivedAt: instant,
});
export type Receipt = z.infer<typeof receiptSchema>;

/** POST /v1/heartbeats, typ `tillbook-heartbeat+jws`, every 5 minutes. */
export const heartbeatSchema = z.object({
  version: z.literal(1),
  storeId: id,
  /** Random per start of the agent: two that alternate are a cloned disk. */
  instance: id,
  /** Rises with every heartbeat, over restarts too. */
  counter: z.int().min(1),
  sentAt: instant,
  agentVersion: z.string().max(64),
  backlog: z.object({ waiting: count, oldestSeconds: count }),
  disk: z.object({ freeBytes: count, totalBytes: count.optional() }),
  problems: z.array(
    z.object({
      code: z.string().max(64),
      message: z.string().max(1024),
      fix: z.string().max(1024),
    }),
  ),
  /** Set-aside messages by terminal and code; never their content. */
  quarantine: z.array(z.object({ terminal: z.string().max(64), code: z.string(), count })),
  /** Every name seen lately, so that HQ can map it before the close. */
  names: z.object({
    categories: z.array(z.string()),
    taxCodes: z.array(z.string()),
    tenders: z.array(z.string()),
    kinds: z.array(z.string()),
    cashReasons: z.array(z.string()),
  }),
  /** The open day so far, shaped like a summary. */
  today: z.object({ businessDate: date, currency: z.string(), ...dayPartsShape }).optional(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

/** What HQ asks of the agent. */
export const commandSchema = z.discriminatedUnion('kind', [
  z.object({ id, kind: z.literal('close'), date }),
  z.object({ id, kind: z.literal('confirm-clock') }),
]);
export type Command = z.infer<typeof commandSchema>;

/** How far a day has come at the relay. */
export const DAY_STATES = [
  'received',
  'waiting',
  'drafted',
  'posting',
  'posted',
  'reconciled',
  'not-posted',
  'missing',
  'kept-aside',
] as const;

/** How far a day has come at the relay, for the shop's status page. */
export const dayProgressSchema = z.object({
  date,
  revision: z.int().min(1),
  state: z.enum(DAY_STATES),
  reason: z.string().optional(),
  /** Document numbers in Xero, oldest first. */
  documents: z.array(z.string()),
});
export type DayProgress = z.infer<typeof dayProgressSchema>;

/** Answer to a heartbeat, typ `tillbook-answer+jws`, signed by the relay. */
export const heartbeatAnswerSchema = z.object({
  /** The heartbeat's counter: an old answer cannot be played back. */
  counter: z.int().min(1).optional(),
  settings: storeSettingsSchema,
  commands: z.array(commandSchema),
  /** The newest days, newest first. */
  days: z.array(dayProgressSchema),
  lastNumber: count,
  lastDigest: digest,
  /** The relay's clock. */
  time: instant,
});
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswerSchema>;
