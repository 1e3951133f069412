/**
 * HQ's way to a connection: Submit (client id and secret are kept, a consent begins), the browser
 * comes back (code becomes tokens, organisations are listed), disconnect. Every attempt has a state
 * of its own, random, stored, good once. No discovery: only the three base addresses are called.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { request } from 'undici';
import { AppError, isAppError, messageOf } from '../../protocol/errors.ts';
import type { ConnectionRecord, ConsentRecord } from '../db/records.ts';
import { unavailable } from './failures.ts';
import { oauthError } from './oauth-failures.ts';
import type { ConsentResult } from './port.ts';
import { OAUTH_TIMEOUT_MS, openOauthClient } from './sdk.ts';
import {
  connectionOf,
  openSecret,
  readTokenSet,
  sealSecret,
  sealTokens,
  type TokenDeps,
  type TokenSet,
  type Tokens,
} from './tokens.ts';

/**
 * Granular scopes: apps made since 2 March 2026 may not ask for `accounting.transactions`
 * (developer.xero.com, OAuth 2.0 scopes). Credit notes are under invoices. Without `openid`.
 */
export const SCOPES = [
  'offline_access',
  'accounting.invoices',
  'accounting.payments',
  'accounting.contacts',
  'accounting.settings.read',
] as const;

const CONSENT_MS = 30 * 60_000;
/** Client ids and secrets are 32 to 64 characters; nothing sensible is longer than this. */
const CREDENTIAL_MAX = 256;
const ANSWER_BYTES_MAX = 1024 * 1024;

type Organisations = ConnectionRecord['organisations'];

export interface SubmittedApp {
  clientId: string;
  clientSecret: string;
  user: string;
}

/** Keeps what HQ typed and begins a consent. @throws AppError bad-input with its path */
export async function submitApp(
  deps: TokenDeps,
  app: SubmittedApp,
): Promise<{ connection: string; url: string }> {
  const clientId = checkCredential('clientId', app.clientId, 'Client ID');
  const typed = app.clientSecret.trim();
  const connection = await deps.db.write(async tx => {
    const rows = await tx.list('connections');
    const known = rows.find(row => row.value.clientId === clientId)?.value;
    if (typed === '' && known !== undefined) return known.id;
    const secret = checkCredential('clientSecret', typed, 'Client Secret');
    const id = known?.id ?? randomUUID();
    const fresh: ConnectionRecord = {
      id,
      clientId,
      clientSecret: '',
      organisations: [],
      state: 'new',
      createdAt: new Date(deps.clock()).toISOString(),
      createdBy: app.user,
    };
    const sealed = sealSecret(deps.seal, id, secret);
    await tx.put('connections', id, { ...(known ?? fresh), clientSecret: sealed });
    return id;
  });
  return { connection, url: await consentUrl(deps, connection, app.user) };
}

function checkCredential(path: string, value: string, label: string): string {
  const text = value.trim();
  if (/^[\x21-\x7e]+$/.test(text) && text.length <= CREDENTIAL_MAX) return text;
  throw new AppError('bad-input', text === '' ? `${label} is missing` : `${label} is not one`, {
    hint: `copy the ${label} from the Configuration page of your app at developer.xero.com`,
    path,
  });
}

/** The address of Xero's consent page, with a new state. */
export async function consentUrl(deps: TokenDeps, id: string, user: string): Promise<string> {
  const connection = await connectionOf(deps.db, id);
  const state = randomBytes(32).toString('base64url');
  const now = deps.clock();
  await deps.db.write(async tx => {
    for (const row of await tx.list('consents')) {
      if (Date.parse(row.value.expiresAt) <= now) await tx.remove('consents', row.key);
    }
    await tx.put('consents', state, {
      connection: id,
      user,
      createdAt: new Date(now).toISOString(),
      expiresAt: new Date(now + CONSENT_MS).toISOString(),
    });
  });
  const client = await clientOf(deps, connection, state);
  return client.buildConsentUrl();
}

function clientOf(deps: TokenDeps, connection: ConnectionRecord, state: string) {
  const app = {
    clientId: connection.clientId,
    clientSecret: openSecret(deps.seal, connection),
    redirectUri: deps.redirectUri,
  };
  return openOauthClient(deps.urls, app, { scopes: SCOPES, state });
}

/** The browser is back: the code becomes tokens. A state works once, for who began it. */
export async function finishConsent(
  deps: TokenDeps,
  tokens: Tokens,
  callbackUrl: string,
  user: string,
): Promise<ConsentResult> {
  const query = new URL(callbackUrl, deps.redirectUri).searchParams;
  const state = query.get('state') ?? '';
  const consent = await takeConsent(deps, state, user);
  const word = query.get('error');
  if (word !== null) {
    const error_description = query.get('error_description') ?? '';
    throw oauthError({ error: word, error_description }, 'consent');
  }
  const connection = await connectionOf(deps.db, consent.connection);
  const client = await clientOf(deps, connection, state);
  let granted: TokenSet;
  try {
    const back = `${deps.redirectUri}?${query.toString()}`;
    granted = readTokenSet(await client.apiCallback(back), deps.clock());
  } catch (error) {
    throw oauthError(error, 'consent');
  }
  checkScopes(granted);
  await storeGrant(deps, connection.id, granted);
  const organisations = await listOrganisations(deps, tokens, connection.id);
  return { connection: connection.id, organisations };
}

async function takeConsent(deps: TokenDeps, state: string, user: string): Promise<ConsentRecord> {
  const consent = await deps.db.write(async tx => {
    if (state === '') return undefined;
    const stored = await tx.get('consents', state);
    if (stored !== undefined) await tx.remove('consents', state);
    return stored;
  });
  const good =
    consent !== undefined && consent.user === user && Date.parse(consent.expiresAt) > deps.clock();
  if (good) return consent;
  throw new AppError('not-allowed', 'This answer from Xero does not belong to a Submit of yours', {
    hint: 'press Submit again and finish at Xero within 30 minutes, in the same browser',
  });
}

/** The user may have an app that is not allowed all of it: say so now, not at midnight. */
function checkScopes(granted: TokenSet): void {
  if (granted.scope === undefined) return;
  const have = new Set(granted.scope.split(/\s+/));
  const missing = SCOPES.filter(scope => !have.has(scope));
  if (missing.length === 0) return;
  throw new AppError('xero-settings', `Xero did not grant: ${missing.join(', ')}`, {
    hint: 'press Submit again and leave every permission ticked',
  });
}

async function storeGrant(deps: TokenDeps, id: string, granted: TokenSet): Promise<void> {
  await deps.db.write(async tx => {
    const now = await tx.get('connections', id);
    if (now === undefined) throw new AppError('not-found', 'the connection is gone');
    const { previousTokens: _, ...kept } = now;
    await tx.put('connections', id, {
      ...kept,
      tokens: sealTokens(deps.seal, id, granted),
      refreshedAt: new Date(deps.clock()).toISOString(),
      state: 'connected',
    });
  });
}

/** Asks `/connections`, which xero-node cannot be pointed at, and stores what it says. */
export async function listOrganisations(
  deps: TokenDeps,
  tokens: Tokens,
  id: string,
): Promise<Organisations> {
  const organisations = await askConnections(deps, tokens, id);
  await deps.db.write(async tx => {
    const now = await tx.get('connections', id);
    if (now !== undefined) await tx.put('connections', id, { ...now, organisations });
  });
  return organisations;
}

async function askConnections(deps: TokenDeps, tokens: Tokens, id: string): Promise<Organisations> {
  const token = await tokens.access(id);
  const first = await callConnections(deps, token, 'GET', '');
  if (first.status !== 401) return readConnections(first);
  const second = await callConnections(deps, await tokens.access(id, token), 'GET', '');
  return readConnections(second);
}

interface PlainAnswer {
  status: number;
  text: string;
}

async function callConnections(
  deps: TokenDeps,
  token: string,
  method: 'GET' | 'DELETE',
  path: string,
): Promise<PlainAnswer> {
  try {
    const answer = await request(`${deps.urls.api}/connections${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      headersTimeout: OAUTH_TIMEOUT_MS,
      bodyTimeout: OAUTH_TIMEOUT_MS,
    });
    const text = (await answer.body.text()).slice(0, ANSWER_BYTES_MAX);
    return { status: answer.statusCode, text };
  } catch (error) {
    throw unavailable(messageOf(error));
  }
}

function readConnections(answer: PlainAnswer): Organisations {
  if (answer.status === 401 || answer.status === 403) {
    throw new AppError('xero-disconnected', 'Xero no longer accepts this connection', {
      hint: 'open Settings, press Submit and allow access again',
    });
  }
  if (answer.status !== 200) throw unavailable(`connections answered ${answer.status}`);
  let rows: unknown;
  try {
    rows = JSON.parse(answer.text);
  } catch {
    throw unavailable('connections answered something that is not JSON');
  }
  if (!Array.isArray(rows)) throw unavailable('connections answered something else than a list');
  return rows.flatMap(row => {
    const { id, tenantId, tenantName, tenantType } = row as Record<string, unknown>;
    if (typeof id !== 'string' || typeof tenantId !== 'string') return [];
    if (tenantType !== undefined && tenantType !== 'ORGANISATION') return [];
    return [{ id: tenantId, name: String(tenantName ?? tenantId), connectionId: id }];
  });
}

/**
 * Each organisation's connection is deleted at Xero and the token revoked; then both are forgotten
 * here, even if Xero cannot be reached: a token that nobody holds any more harms nobody.
 */
export async function disconnect(deps: TokenDeps, tokens: Tokens, id: string): Promise<void> {
  const connection = await connectionOf(deps.db, id);
  try {
    const token = await tokens.access(id);
    for (const organisation of connection.organisations) {
      await callConnections(deps, token, 'DELETE', `/${organisation.connectionId}`);
    }
    await revoke(deps, await connectionOf(deps.db, id));
  } catch (error) {
    if (!isAppError(error)) throw error;
    deps.log.warn({ connection: id, error }, 'could not tell Xero that the connection ends');
  }
  await deps.db.write(async tx => {
    const now = await tx.get('connections', id);
    if (now === undefined) return;
    const { tokens: _, previousTokens: __, ...kept } = now;
    await tx.put('connections', id, { ...kept, state: 'disconnected' });
  });
}

async function revoke(deps: TokenDeps, connection: ConnectionRecord): Promise<void> {
  if (connection.tokens === undefined) return;
  const sealed = deps.seal.open(connection.tokens, `connections/${connection.id}/tokens`);
  const client = await clientOf(deps, connection, '');
  try {
    client.setTokenSet({ ...(JSON.parse(sealed) as TokenSet) });
    await client.revokeToken();
  } catch (error) {
    throw oauthError(error, 'revoke');
  }
}
