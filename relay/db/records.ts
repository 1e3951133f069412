/**
 * The rows of the relay's database: plain JSON, one type per table. Instants are RFC 3339 texts in
 * UTC, money is whole minor units, and what is secret stands in here only sealed or hashed.
 */
import type {
  Command,
  DayProgress,
  Heartbeat,
  KeptAsideReason,
  Receipt,
  StoreSettings,
} from '../../protocol/agent-relay.ts';
import type { DayParts } from '../../protocol/day-summary.ts';
import type { PublicJwk } from '../../protocol/signing.ts';
import type { Alert, AlertKind } from '../alerts/alert.ts';
import type { Mapping } from '../books/mapping.ts';
import type { PlannedDocument } from '../books/plan.ts';
import type { Reason } from '../books/reasons.ts';
import type { Chart } from '../xero/chart.ts';

/** Table name → row. The key of each is named in its comment. */
export interface Tables {
  /** Key `relay`. */
  settings: RelaySettings;
  /** Key: store id. */
  stores: StoreRecord;
  /** Key: kid of an agent's key. */
  agentKeys: AgentKeyRecord;
  /** Key: the first group of the code, which is no secret. */
  enrolmentCodes: EnrolmentCodeRecord;
  /** Key: store id. */
  heartbeats: HeartbeatRecord;
  /** Key: `<store>/<date>`. */
  days: DayRecord;
  /** Key: `<store>/<digest>`: every summary that ever came, as it was signed. */
  summaries: SummaryRecord;
  /** Key: connection id. */
  connections: ConnectionRecord;
  /** Key: `state` of a consent under way. */
  consents: ConsentRecord;
  /** Key: organisation (tenant) id: what the mapping page offers. */
  charts: Chart;
  /** Key: user id. */
  users: UserRecord;
  /** Key: base64url SHA-256 of a one-time link's code. */
  links: LinkRecord;
  /** Key: session id (hashed). */
  sessions: SessionRecord;
  /** Key: token's name. */
  apiTokens: ApiTokenRecord;
  /** Key: `<at>/<random>`, so that the order of keys is the order of time. */
  audit: AuditRecord;
  /** Key: lease name. */
  leases: LeaseRecord;
  /** Key: `<kind>/<subject>`. */
  alerts: AlertRecord;
  /** Key: webhook id. */
  webhooks: WebhookRecord;
}

export interface RelaySettings {
  version: 1;
  /** The relay's own Ed25519 private JWK, sealed: signs receipts and answers. */
  signingKey: string;
}

export interface StoreRecord extends StoreSettings {
  /** Stands in document numbers; never changes. */
  slug: string;
  createdAt: string;
  closedAt?: string;
  /** The newest accepted summary of the chain. */
  head: { number: number; digest: string };
  /** What HQ saved on the settings page; absent before. */
  books?: StoreBooks;
  /** Commands for the agent that it has not obeyed yet. */
  commands: CommandRecord[];
}

export type CommandRecord = Command & { givenAt: string };

export interface StoreBooks {
  connection: string;
  organisation: string;
  mapping: Mapping;
  /** First business date that is posted by itself. */
  postFrom: string;
  savedAt: string;
  /** What no longer fits the organisation, found by the nightly check. */
  problems?: Reason[];
}

export interface AgentKeyRecord {
  store: string;
  jwk: PublicJwk;
  enrolledAt: string;
  /** From then on nothing that it signs is believed. */
  revokedAt?: string;
  /** `replaced` by a newer machine, or `revoked` by HQ. */
  revokedFor?: 'replaced' | 'revoked';
  /** How many of its summaries were kept aside. */
  keptAside?: number;
}

export interface EnrolmentCodeRecord {
  store: string;
  /** base64url SHA-256 of the whole code. */
  hash: string;
  /** Wrong codes with this first group so far. */
  failedTries: number;
  createdAt: string;
  expiresAt: string;
  /** The key that used it: the same code and key repeat the same answer. */
  usedBy?: string;
}

export interface HeartbeatRecord {
  receivedAt: string;
  /** The key that signed it: the counter of a replaced machine begins anew. */
  kid: string;
  heartbeat: Heartbeat;
  /** Instances seen lately, newest first: two that alternate are a cloned disk. */
  instances: string[];
  /** Agent's clock minus relay's, ms. */
  clockSkewMs: number;
  /** When two instances were last seen to alternate. */
  clonedAt?: string;
}

export type DayState = DayProgress['state'];

export interface DayRecord {
  store: string;
  date: string;
  state: DayState;
  reasons: Reason[];
  /** Accepted revisions, oldest first. */
  revisions: RevisionRecord[];
  keptAside: {
    revision: number;
    number: number;
    digest: string;
    reason: KeptAsideReason;
    receivedAt: string;
  }[];
  /** What stands in Xero or is on its way there, oldest first. */
  documents: DocumentRecord[];
  /** HQ said: not yet. */
  heldBy?: string;
  /** HQ said: post although it is before the connection, or has gaps. */
  releasedBy?: string;
  /** Earliest next try of a waiting day. */
  nextTryAt?: string;
  /** What happened and who did it, oldest first, at most EVENTS_MAX. */
  events: { at: string; who: string; what: string }[];
}

export interface RevisionRecord {
  revision: number;
  number: number;
  digest: string;
  receivedAt: string;
  closedAt: string;
  quarantined: number;
  damaged: number;
  parts: DayParts;
}

/** One Xero document: the outbox item before it is sent, and its fate after. */
export interface DocumentRecord {
  plan: PlannedDocument;
  /** The revision whose difference to the one before it posts. */
  revision: number;
  /** Posted again after somebody voided its forerunner in Xero: 1 for `-R1`. */
  repost?: number;
  /** `planned` is durable before anything is sent; see books/poster. */
  state: 'planned' | 'created' | 'paid' | 'reconciled' | 'drafted' | 'gone';
  /** Where it was sent; HQ may have chosen another organisation since. */
  organisation?: { connection: string; organisation: string };
  /** Xero's id once known. */
  xeroId?: string;
  /** The create request in flight: exact body and key, stored before it is sent. */
  request?: StoredRequest;
  /** The payments request in flight. */
  paymentsRequest?: StoredRequest;
  /** Xero payment ids by tender. */
  payments: {
    tender: string;
    xeroId: string;
    amount: number;
    /** Matched with the bank's statement in Xero, or no longer so; absent: never seen matched. */
    bank?: 'matched' | 'unmatched';
  }[];
  /** What was read back, minor units. */
  readBack?: ReadBack;
  postedAt?: string;
}

export interface StoredRequest {
  idempotencyKey: string;
  /** JSON as it is given to the Xero adapter. */
  body: string;
  /** When it was last sent; absent before the first time. */
  sentAt?: string;
}

export interface ReadBack {
  at: string;
  status: string;
  total: number;
  tax: number;
  amountDue: number;
  payments: { reference: string; account: string; amount: number }[];
  /** As Xero keeps them, by account code; '' where it dropped the code. Absent: not read. */
  lines?: { account: string; taxType: string; amount: number }[];
}

export interface SummaryRecord {
  store: string;
  date: string;
  revision: number;
  number: number;
  verdict: Receipt['verdict'];
  /** It is a link of the store's chain, be its content used or not. */
  moves: boolean;
  /** The compact JWS as it came. */
  jws: string;
  /** The relay's signed receipt as it was given. */
  receipt: string;
  receivedAt: string;
}

export interface ConnectionRecord {
  id: string;
  clientId: string;
  /** Sealed. */
  clientSecret: string;
  /** Sealed token set; absent before the consent. */
  tokens?: string;
  /** The token set before the last refresh, sealed: valid for 30 minutes if the answer was lost. */
  previousTokens?: string;
  refreshedAt?: string;
  organisations: { id: string; name: string; connectionId: string }[];
  state: 'new' | 'connected' | 'disconnected';
  createdAt: string;
  createdBy: string;
}

export interface ConsentRecord {
  connection: string;
  user: string;
  createdAt: string;
  expiresAt: string;
}

export type Role = 'admin' | 'bookkeeper' | 'viewer';

export interface UserRecord {
  id: string;
  email: string;
  /** `scrypt$N$r$p$salt$hash`, base64url. */
  password: string;
  role: Role;
  createdAt: string;
  /** The second step of the sign-in: its sealed secret, and the last time step that was used. */
  secondStep?: { secret: string; lastStep: number };
  /** Sessions made before this instant are over. */
  sessionsFrom: string;
  /** Which alerts come by mail; all of them when absent (none for viewers). */
  alertKinds?: AlertKind[];
}

/** A state that holds, or that ended and somebody must still hear of it. */
export interface AlertRecord extends Alert {
  since: string;
  endedAt?: string;
  /** Channels that heard of its beginning. */
  told: string[];
}

export interface WebhookRecord {
  id: string;
  url: string;
  /** Sealed. */
  secret: string;
  createdAt: string;
  createdBy: string;
}

export interface LinkRecord {
  kind: 'setup' | 'invite' | 'reset';
  role: Role;
  user?: string;
  expiresAt: string;
}

export interface SessionRecord {
  data: string;
  expiresAt: string;
}

export interface ApiTokenRecord {
  name: string;
  /** base64url SHA-256 of the token. */
  hash: string;
  role: Role;
  createdAt: string;
  revokedAt?: string;
}

export interface AuditRecord {
  at: string;
  who: string;
  what: string;
  details: Record<string, unknown>;
}

export interface LeaseRecord {
  holder: string;
  /** Rises with every new holder: writes of an older one are refused. */
  token: number;
  until: string;
}
