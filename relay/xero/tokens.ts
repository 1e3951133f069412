/**
 * The token set of each connection: sealed in its row, refreshed by one refresher at a time (in this
 * process and over all relays), the old set kept until the new one is stored. Xero rotates refresh
 * tokens; when the answer is lost, the old one still works for 30 minutes. Goes out: access tokens.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, isAppError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import type { Db } from '../db/db.ts';
import { type Lease, releaseLease, takeLease } from '../db/lease.ts';
import type { ConnectionRecord } from '../db/records.ts';
import { oauthError } from './oauth-failures.ts';
import type { Clock, Sealer } from './port.ts';
import { openOauthClient, type XeroUrls } from './sdk.ts';

export interface TokenSet {
  access_token: string;
  refresh_token: string;
  /** Seconds since 1970. */
  expires_at: number;
  scope?: string;
}

/** A token is renewed this long before it ends, so that a slow call does not outlive it. */
const RENEW_BEFORE_MS = 3 * 60_000;
/** Xero takes the refresh token before the last one for this long. */
const GRACE_MS = 30 * 60_000;
/** A refresh token dies after 60 days unused: once a day keeps a wide margin. */
const IDLE_MAX_MS = 24 * 3_600_000;
/** Xero's access tokens live 30 minutes. */
const LIFE_S = 1800;
const LEASE_MS = 90_000;
const LEASE_POLL_MS = 500;

export interface TokenDeps {
  urls: XeroUrls;
  redirectUri: string;
  db: Db;
  seal: Sealer;
  clock: Clock;
  log: Logger;
  /** Who takes the refresher's lease: this process. */
  holder: string;
  /** How long a refresher that says nothing more keeps the others waiting; LEASE_MS by default. */
  tokenLeaseMs?: number;
}

export interface Tokens {
  /**
   * An access token that is good for some minutes.
   * @param stale a token that Xero has just refused: another one is got
   * @throws AppError xero-disconnected, xero-unavailable
   */
  access(connection: string, stale?: string): Promise<string>;
  /** Refreshes what has not been refreshed for a day. Failures are logged; each has its own turn. */
  refreshIdle(): Promise<void>;
}

export function createTokens(deps: TokenDeps): Tokens {
  const running = new Map<string, Promise<string>>();

  /** One refresh per connection in this process; all who ask meanwhile share it. */
  function refreshOnce(connection: string, not: string | undefined): Promise<string> {
    const current = running.get(connection);
    if (current !== undefined) return current;
    const refresh = refreshUnderLease(deps, connection, not).finally(() =>
      running.delete(connection),
    );
    running.set(connection, refresh);
    return refresh;
  }

  return {
    async access(connection, stale) {
      const tokens = openTokens(deps, await connectionOf(deps.db, connection));
      if (isFresh(tokens, deps.clock()) && tokens.access_token !== stale) {
        return tokens.access_token;
      }
      return refreshOnce(connection, tokens.access_token);
    },
    async refreshIdle() {
      const rows = await deps.db.list('connections');
      const before = deps.clock() - IDLE_MAX_MS;
      for (const { value } of rows) {
        if (value.state !== 'connected' || Date.parse(value.refreshedAt ?? '') > before) continue;
        try {
          await refreshOnce(value.id, openTokens(deps, value).access_token);
        } catch (error) {
          deps.log.warn({ error, connection: value.id }, 'daily token refresh failed');
        }
      }
    },
  };
}

export async function connectionOf(db: Db, id: string): Promise<ConnectionRecord> {
  const connection = await db.get('connections', id);
  if (connection === undefined) {
    throw new AppError('not-found', 'there is no such Xero connection', {
      hint: 'open Settings and press Submit to connect Xero',
    });
  }
  return connection;
}

export function sealTokens(seal: Sealer, connection: string, tokens: TokenSet): string {
  return seal.seal(JSON.stringify(tokens), `connections/${connection}/tokens`);
}

export function sealSecret(seal: Sealer, connection: string, secret: string): string {
  return seal.seal(secret, `connections/${connection}/clientSecret`);
}

export function openSecret(seal: Sealer, connection: ConnectionRecord): string {
  return seal.open(connection.clientSecret, `connections/${connection.id}/clientSecret`);
}

export function notConnected(): AppError {
  return new AppError('xero-disconnected', 'Xero is not connected', {
    hint: 'open Settings, press Submit and allow access at Xero; posting goes on by itself then',
  });
}

function openTokens(deps: TokenDeps, connection: ConnectionRecord): TokenSet {
  if (connection.tokens === undefined || connection.state !== 'connected') throw notConnected();
  return openSealed(deps.seal, connection.id, connection.tokens);
}

function openSealed(seal: Sealer, connection: string, sealed: string): TokenSet {
  return JSON.parse(seal.open(sealed, `connections/${connection}/tokens`)) as TokenSet;
}

function isFresh(tokens: TokenSet, now: number): boolean {
  return tokens.expires_at * 1000 - now > RENEW_BEFORE_MS;
}

/** Another relay may be refreshing this very token: waits for it, and takes its result. */
async function refreshUnderLease(
  deps: TokenDeps,
  id: string,
  not: string | undefined,
): Promise<string> {
  const lease = await waitForLease(deps, `xero-token/${id}`);
  try {
    const connection = await connectionOf(deps.db, id);
    const tokens = openTokens(deps, connection);
    if (tokens.access_token !== not && isFresh(tokens, deps.clock())) return tokens.access_token;
    const renewed = await renew(deps, connection, tokens);
    return renewed.access_token;
  } finally {
    await releaseLease(deps.db, lease);
  }
}

async function waitForLease(deps: TokenDeps, name: string): Promise<Lease> {
  for (;;) {
    const { holder, clock, tokenLeaseMs: ttlMs = LEASE_MS } = deps;
    const lease = await takeLease(deps.db, { name, holder, clock, ttlMs });
    if (lease !== undefined) return lease;
    await sleep(LEASE_POLL_MS);
  }
}

async function renew(
  deps: TokenDeps,
  connection: ConnectionRecord,
  tokens: TokenSet,
): Promise<TokenSet> {
  try {
    return await exchange(deps, connection, tokens);
  } catch (error) {
    if (!isAppError(error, 'xero-disconnected')) throw error;
    const before = withinGrace(deps, connection);
    if (before === undefined) return await markDisconnected(deps, connection, error);
    try {
      return await exchange(deps, connection, before);
    } catch (second) {
      if (!isAppError(second, 'xero-disconnected')) throw second;
      return await markDisconnected(deps, connection, second);
    }
  }
}

function withinGrace(deps: TokenDeps, connection: ConnectionRecord): TokenSet | undefined {
  const since = deps.clock() - Date.parse(connection.refreshedAt ?? '');
  if (connection.previousTokens === undefined || !(since < GRACE_MS)) return undefined;
  return openSealed(deps.seal, connection.id, connection.previousTokens);
}

/**
 * The new set is stored before anybody uses it; until then the old one is what counts. A set that
 * somebody else stored meanwhile (HQ connected again, or another relay overtook this one while it
 * was frozen) stays: ours is the older one.
 */
async function exchange(
  deps: TokenDeps,
  connection: ConnectionRecord,
  used: TokenSet,
): Promise<TokenSet> {
  const client = await openOauthClient(
    deps.urls,
    {
      clientId: connection.clientId,
      clientSecret: openSecret(deps.seal, connection),
      redirectUri: deps.redirectUri,
    },
    { scopes: [], state: '' },
  );
  let renewed: TokenSet;
  try {
    client.setTokenSet({ ...used });
    renewed = readTokenSet(await client.refreshToken(), deps.clock(), used);
  } catch (error) {
    throw oauthError(error, 'refresh');
  }
  const tokens = sealTokens(deps.seal, connection.id, renewed);
  const previousTokens = sealTokens(deps.seal, connection.id, used);
  const kept = await deps.db.write(async tx => {
    const now = await tx.get('connections', connection.id);
    if (now === undefined || now.tokens !== connection.tokens) return now;
    const refreshedAt = new Date(deps.clock()).toISOString();
    const next = { ...now, tokens, previousTokens, refreshedAt };
    await tx.put('connections', connection.id, next);
    return next;
  });
  if (kept === undefined) throw notConnected();
  return openTokens(deps, kept);
}

/** What we keep of a token answer. @throws AppError bad-answer when it is none */
export function readTokenSet(answer: object, now: number, before?: TokenSet): TokenSet {
  const { access_token, refresh_token, expires_in, scope } = answer as Record<string, unknown>;
  if (typeof access_token !== 'string' || access_token === '') {
    throw new AppError('bad-answer', 'Xero’s token answer has no access token', {
      retryable: true,
    });
  }
  const refresh = typeof refresh_token === 'string' ? refresh_token : before?.refresh_token;
  if (refresh === undefined) {
    throw new AppError('xero-settings', 'Xero gave no refresh token', {
      hint: 'the permission "offline access" is missing: press Submit and allow access again',
    });
  }
  const granted = typeof scope === 'string' ? scope : before?.scope;
  return {
    access_token,
    refresh_token: refresh,
    expires_at: Math.floor(now / 1000) + (typeof expires_in === 'number' ? expires_in : LIFE_S),
    ...(granted === undefined ? {} : { scope: granted }),
  };
}

async function markDisconnected(
  deps: TokenDeps,
  connection: ConnectionRecord,
  error: AppError,
): Promise<never> {
  await deps.db.write(async tx => {
    const now = await tx.get('connections', connection.id);
    // Somebody connected again meanwhile: that set is not the one that was refused.
    if (now === undefined || now.tokens !== connection.tokens) return;
    await tx.put('connections', connection.id, { ...now, state: 'disconnected' });
  });
  deps.log.error({ connection: connection.id, error }, 'Xero connection has ended');
  throw error;
}
