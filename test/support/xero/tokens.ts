/**
 * Codes and tokens as Xero deals them out: a code lives five minutes and works once, an access
 * token 30 minutes, a refresh token 60 days; a used refresh token works for 30 minutes more, in
 * case the answer was lost.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Answer, Json } from './answers.ts';
import type { AppRegistration, Grant, RefreshToken } from './types.ts';
import { connect, type World } from './world.ts';

export const CODE_LIFE_MS = 5 * 60_000;
export const ACCESS_LIFE_MS = 30 * 60_000;
export const REFRESH_LIFE_MS = 60 * 86_400_000;
export const REFRESH_GRACE_MS = 30 * 60_000;

const IDENTITY_SCOPES = ['openid', 'profile', 'email', 'offline_access'];
const GRANULAR = [
  'accounting.attachments',
  'accounting.banktransactions',
  'accounting.budgets',
  'accounting.contacts',
  'accounting.invoices',
  'accounting.manualjournals',
  'accounting.payments',
  'accounting.settings',
];
const REPORTS = ['aged', 'balancesheet', 'banksummary', 'profitandloss', 'trialbalance'];

/** What an app made after 2 March 2026 may ask for; `accounting.transactions` is not in it. */
export const KNOWN_SCOPES: ReadonlySet<string> = new Set([
  ...IDENTITY_SCOPES,
  ...GRANULAR.flatMap(scope => [scope, `${scope}.read`]),
  ...REPORTS.map(report => `accounting.reports.${report}.read`),
]);

/** A person's consent: connects the organisations and returns what the tokens hang on. */
export function makeGrant(
  world: World,
  clientId: string,
  scopes: readonly string[],
  organisationIds: readonly string[],
): Grant {
  const grant = { id: randomUUID(), clientId, scopes, revoked: false };
  world.grants.push(grant);
  for (const id of organisationIds) connect(world, clientId, id, grant.id);
  return grant;
}

/** A code for the redirect back to the app. */
export function makeCode(world: World, grant: Grant, redirectUri: string): string {
  const code = randomBytes(24).toString('base64url');
  const expiresAt = world.now() + CODE_LIFE_MS;
  world.codes.push({ code, grantId: grant.id, redirectUri, expiresAt, used: false });
  return code;
}

/** `grant_type=authorization_code` */
export function redeemCode(world: World, app: AppRegistration, form: URLSearchParams): Answer {
  const code = world.codes.find(c => c.code === form.get('code'));
  const grant = world.grants.find(g => g.id === code?.grantId);
  if (code === undefined || grant?.clientId !== app.clientId)
    return oauthError(400, 'invalid_grant');
  const stale = code.used || code.expiresAt <= world.now();
  if (stale || code.redirectUri !== form.get('redirect_uri'))
    return oauthError(400, 'invalid_grant');
  code.used = true;
  return { status: 200, body: issueTokens(world, grant) };
}

/** `grant_type=refresh_token`: the old token stays good for the grace, the new one takes over. */
export function refresh(world: World, app: AppRegistration, form: URLSearchParams): Answer {
  const token = world.refreshTokens.find(t => t.token === form.get('refresh_token'));
  const grant = world.grants.find(g => g.id === token?.grantId);
  const usable = token !== undefined && token.expiresAt > world.now();
  if (!usable || grant === undefined || grant.revoked || grant.clientId !== app.clientId) {
    return oauthError(400, 'invalid_grant');
  }
  retire(world, token);
  return { status: 200, body: issueTokens(world, grant) };
}

function retire(world: World, token: RefreshToken): void {
  if (token.usedAt !== undefined) return;
  token.usedAt = world.now();
  token.expiresAt = Math.min(token.expiresAt, world.now() + REFRESH_GRACE_MS);
}

/** A fresh set of tokens for a consent, as the token endpoint answers it. */
export function issueTokens(world: World, grant: Grant): Json {
  const now = world.now();
  const access = accessToken(grant, now);
  world.accessTokens.push({ token: access, grantId: grant.id, expiresAt: now + ACCESS_LIFE_MS });
  const body: Json = {
    access_token: access,
    expires_in: ACCESS_LIFE_MS / 1000,
    token_type: 'Bearer',
    scope: grant.scopes.join(' '),
  };
  if (!grant.scopes.includes('offline_access')) return body;
  const token = randomBytes(32).toString('base64url');
  world.refreshTokens.push({ token, grantId: grant.id, expiresAt: now + REFRESH_LIFE_MS });
  return { ...body, refresh_token: token };
}

/** Ends a consent: its tokens stop working and its organisations are disconnected. */
export function revoke(world: World, app: AppRegistration, token: string | null): void {
  const id =
    world.refreshTokens.find(t => t.token === token)?.grantId ??
    world.accessTokens.find(t => t.token === token)?.grantId;
  const grant = world.grants.find(g => g.id === id);
  if (grant?.clientId !== app.clientId) return;
  grant.revoked = true;
  world.connections = world.connections.filter(c => c.clientId !== app.clientId);
}

/** Has the three parts of a JWT and Xero's claims; nobody is meant to verify it. */
function accessToken(grant: Grant, now: number): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = Math.floor(now / 1000);
  const claims = {
    nbf: seconds,
    exp: seconds + ACCESS_LIFE_MS / 1000,
    iss: 'https://identity.xero.com',
    aud: 'https://identity.xero.com/resources',
    client_id: grant.clientId,
    jti: randomUUID(),
    authentication_event_id: grant.id,
    scope: grant.scopes,
  };
  const head = part({ alg: 'RS256', typ: 'JWT' });
  return `${head}.${part(claims)}.${randomBytes(32).toString('base64url')}`;
}

export function oauthError(status: number, error: string): Answer {
  return { status, headers: { 'cache-control': 'no-store' }, body: { error } };
}
