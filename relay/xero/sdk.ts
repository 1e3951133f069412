/**
 * Loads xero-node when it is first needed (0.4 s, 42 MB) and sets what its authors left open: time
 * limits of its HTTP client and of its OAuth client. Goes out: clients that talk to the three given
 * base addresses and do no discovery. Promise: nothing else in the relay loads xero-node.
 */
import type { AccountingApi, XeroClient } from 'xero-node';
import { loadCopies, type OpenIdModule } from './sdk-copies.ts';

/** Where Xero is: its own addresses, or those of a stand-in. No trailing slash. */
export interface XeroUrls {
  login: string;
  identity: string;
  api: string;
}

/** Longer than Xero's own limit: a timeout means unknown, and costs a look-up. */
export const CALL_TIMEOUT_MS = 120_000;
/** Xero rotates the refresh token before it answers: giving up early may lose it (xero-node #614). */
export const OAUTH_TIMEOUT_MS = 60_000;
/** Documents of 50 with all their lines stay far below this. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

interface Sdk {
  XeroClient: typeof XeroClient;
  AccountingApi: typeof AccountingApi;
  openId: OpenIdModule;
}

let loading: Promise<Sdk> | undefined;

function loadSdk(): Promise<Sdk> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Sdk> {
  const { default: sdk } = await import('xero-node');
  const { openId, axios } = loadCopies();
  openId.custom.setHttpOptionsDefaults({ timeout: OAUTH_TIMEOUT_MS });
  axios.defaults.timeout = CALL_TIMEOUT_MS;
  // Xero never redirects; a portal that does must not be handed the token.
  axios.defaults.maxRedirects = 0;
  axios.defaults.maxContentLength = ANSWER_BYTES_MAX;
  // axios writes lists as `A[]=x`; Xero documents `A=x,y`.
  axios.defaults.paramsSerializer = { indexes: null };
  return { XeroClient: sdk.XeroClient, AccountingApi: sdk.AccountingApi, openId };
}

/** A client for one OAuth exchange: `state` is fixed per client, so it is never shared. */
export async function openOauthClient(
  urls: XeroUrls,
  app: { clientId: string; clientSecret: string; redirectUri: string },
  attempt: { scopes: readonly string[]; state: string },
): Promise<XeroClient> {
  const { XeroClient: Client, openId } = await loadSdk();
  const xero = new Client({
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    redirectUris: [app.redirectUri],
    scopes: [...attempt.scopes],
    state: attempt.state,
    httpTimeout: OAUTH_TIMEOUT_MS,
  });
  const issuer = new openId.Issuer({
    issuer: urls.identity,
    authorization_endpoint: `${urls.login}/identity/connect/authorize`,
    token_endpoint: `${urls.identity}/connect/token`,
    revocation_endpoint: `${urls.identity}/connect/revocation`,
  });
  xero.openIdClient = new issuer.Client({
    client_id: app.clientId,
    client_secret: app.clientSecret,
    redirect_uris: [app.redirectUri],
    response_types: ['code'],
  });
  return xero;
}

/** An accounting client for one call: the token is a field of it, so it is never shared. */
export async function openAccounting(urls: XeroUrls, accessToken: string): Promise<AccountingApi> {
  const { AccountingApi: Api } = await loadSdk();
  const api = new Api(`${urls.api}/api.xro/2.0`);
  api.basePath = `${urls.api}/api.xro/2.0`;
  api.accessToken = accessToken;
  return api;
}
