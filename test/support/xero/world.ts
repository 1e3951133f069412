/**
 * The whole state of the Xero stand-in, in memory, with its own clock that tests can move. Nothing
 * here knows HTTP.
 */
import { randomUUID } from 'node:crypto';
import type { Answer } from './answers.ts';
import { makeOrganisation, type SeedKey } from './seeds.ts';
import type {
  AccessToken,
  AppRegistration,
  AuthorizationCode,
  Connection,
  Fault,
  Grant,
  OpenQuestions,
  Organisation,
  RateLimits,
  RefreshToken,
  RequestRecord,
} from './types.ts';

/** Xero's published limits for a Core app. */
export const XERO_LIMITS: RateLimits = {
  minute: 60,
  day: 5000,
  concurrent: 5,
  appMinute: 10_000,
  connections: 50,
};

/** The free Starter tier. */
export const STARTER_LIMITS: RateLimits = { ...XERO_LIMITS, day: 1000, connections: 5 };

const OPEN_QUESTIONS: OpenQuestions = {
  zeroTotal: 'paid',
  taxDecimals: 2,
};

export interface IdempotentEntry {
  readonly fingerprint: string;
  readonly at: number;
  readonly answer: Answer;
}

export interface World {
  /** The stand-in's time in epoch milliseconds. */
  readonly now: () => number;
  readonly advance: (ms: number) => void;
  organisations: Organisation[];
  apps: AppRegistration[];
  grants: Grant[];
  codes: AuthorizationCode[];
  accessTokens: AccessToken[];
  refreshTokens: RefreshToken[];
  connections: Connection[];
  limits: RateLimits;
  open: OpenQuestions;
  faults: Fault[];
  requests: RequestRecord[];
  /** Keyed by app, organisation and Idempotency-Key. */
  idempotent: Map<string, IdempotentEntry>;
  /** Times of the calls that counted, keyed by app and organisation. */
  calls: Map<string, number[]>;
  /** Calls in progress, keyed likewise. */
  inProgress: Map<string, number>;
}

/** A fresh world with the seeded organisations and no app yet. */
export function makeWorld(clock: () => number, seeds: readonly SeedKey[]): World {
  let offsetMs = 0;
  const now = () => clock() + offsetMs;
  return {
    now,
    advance: ms => {
      offsetMs += ms;
    },
    organisations: seeds.map(seed => makeOrganisation(seed, now())),
    apps: [],
    grants: [],
    codes: [],
    accessTokens: [],
    refreshTokens: [],
    connections: [],
    limits: { ...XERO_LIMITS },
    open: { ...OPEN_QUESTIONS },
    faults: [],
    requests: [],
    idempotent: new Map(),
    calls: new Map(),
    inProgress: new Map(),
  };
}

/** Back to a fresh world; the clock keeps its offset. */
export function resetWorld(world: World, seeds: readonly SeedKey[]): void {
  const fresh = makeWorld(world.now, seeds);
  const { now: _now, advance: _advance, ...state } = fresh;
  Object.assign(world, state);
}

/** The organisation with that id, key or name; the first one when none is named. */
export function findOrganisation(world: World, name?: string): Organisation {
  const found =
    name === undefined
      ? world.organisations[0]
      : world.organisations.find(o => o.id === name || o.key === name || o.name === name);
  if (found === undefined) throw new Error(`The stand-in has no organisation "${name ?? ''}".`);
  return found;
}

/** Connects an app to an organisation, or renews the connection that is there. */
export function connect(
  world: World,
  clientId: string,
  organisationId: string,
  authEventId: string,
): Connection {
  const at = world.now();
  const existing = world.connections.find(
    c => c.clientId === clientId && c.organisationId === organisationId,
  );
  if (existing !== undefined) {
    existing.authEventId = authEventId;
    existing.updatedAt = at;
    return existing;
  }
  const made = {
    id: randomUUID(),
    clientId,
    organisationId,
    authEventId,
    createdAt: at,
    updatedAt: at,
  };
  world.connections.push(made);
  return made;
}
