/**
 * Xero's sign-in: the authorize page with its two buttons, the token and the revocation endpoint.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Request, Response, Router } from 'express';
import express from 'express';
import type { Answer } from './answers.ts';
import { consentPage, refusalPage } from './consent-page.tsx';
import { localsOf, sendAnswer } from './faults.ts';
import {
  KNOWN_SCOPES,
  makeCode,
  makeGrant,
  oauthError,
  redeemCode,
  refresh,
  revoke,
} from './tokens.ts';
import type { AppRegistration, Asked } from './types.ts';
import type { World } from './world.ts';

export function identityRoutes(world: World): Router {
  const router = express.Router();
  router.get('/identity/connect/authorize', (req, res) => {
    sendAnswer(res, showConsent(world, urlOf(req).searchParams));
  });
  router.post('/identity/connect/authorize', (_req, res) => {
    sendAnswer(res, takeConsent(world, new URLSearchParams(localsOf(res).raw)));
  });
  router.post('/connect/token', (req, res) => sendAnswer(res, giveTokens(world, req, res)));
  router.post('/connect/revocation', (req, res) => sendAnswer(res, endConsent(world, req, res)));
  return router;
}

function showConsent(world: World, query: URLSearchParams): Answer {
  const asked = readAsked(world, query);
  if (typeof asked === 'string') return page(500, refusalPage(asked));
  return page(200, consentPage(asked, world.organisations, query));
}

function takeConsent(world: World, form: URLSearchParams): Answer {
  const asked = readAsked(world, form);
  if (typeof asked === 'string') return page(500, refusalPage(asked));
  const back = new URL(asked.redirectUri);
  const ids = form.getAll('organisation');
  if (form.get('action') !== 'allow') back.searchParams.set('error', 'access_denied');
  else {
    const chosen = world.organisations.filter(o => ids.includes(o.id)).map(o => o.id);
    if (chosen.length === 0) return page(200, consentPage(asked, world.organisations, form, true));
    if (tooMany(world, asked.app, chosen)) {
      return page(500, refusalPage('This app has reached its number of connections'));
    }
    const grant = makeGrant(world, asked.app.clientId, asked.scopes, chosen);
    back.searchParams.set('code', makeCode(world, grant, asked.redirectUri));
    back.searchParams.set('scope', asked.scopes.join(' '));
  }
  if (asked.state !== '') back.searchParams.set('state', asked.state);
  return { status: 302, headers: { location: back.href } };
}

/** Would these organisations exceed what the app's tier may connect? */
function tooMany(world: World, app: AppRegistration, chosen: readonly string[]): boolean {
  const connected = world.connections.filter(c => c.clientId === app.clientId);
  const ids = new Set([...connected.map(c => c.organisationId), ...chosen]);
  return ids.size > world.limits.connections;
}

/** Checks in Xero's order; the error is shown on Xero's own page, never sent to the redirect. */
function readAsked(world: World, query: URLSearchParams): Asked | string {
  const app = world.apps.find(a => a.clientId === query.get('client_id'));
  if (app === undefined) return 'unauthorized_client : Unknown client or client not enabled';
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!app.redirectUris.includes(redirectUri)) return 'unauthorized_client : Invalid redirect_uri';
  if (query.get('response_type') !== 'code') return 'unsupported_response_type';
  const scopes = (query.get('scope') ?? '').split(/\s+/).filter(scope => scope !== '');
  const unknown = scopes.filter(scope => !KNOWN_SCOPES.has(scope));
  if (scopes.length === 0 || unknown.length > 0) {
    return `invalid_scope : Invalid scope for client: ${unknown.join(' ') || '(none)'}`;
  }
  return { app, redirectUri, scopes, state: query.get('state') ?? '' };
}

function giveTokens(world: World, req: Request, res: Response): Answer {
  const form = new URLSearchParams(localsOf(res).raw);
  const app = authenticate(world, req, form);
  if (app === undefined) return oauthError(401, 'invalid_client');
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return redeemCode(world, app, form);
    case 'refresh_token':
      return refresh(world, app, form);
    default:
      return oauthError(400, 'unsupported_grant_type');
  }
}

function endConsent(world: World, req: Request, res: Response): Answer {
  const form = new URLSearchParams(localsOf(res).raw);
  const app = authenticate(world, req, form);
  if (app === undefined) return oauthError(401, 'invalid_client');
  revoke(world, app, form.get('token'));
  return { status: 200 };
}

/** `client_secret_basic` (RFC 6749 §2.3.1: both parts form-encoded) or `client_secret_post`. */
function authenticate(
  world: World,
  req: Request,
  form: URLSearchParams,
): AppRegistration | undefined {
  const basic = /^Basic (.+)$/i.exec(req.get('authorization') ?? '')?.[1];
  const pair = basic === undefined ? undefined : Buffer.from(basic, 'base64').toString();
  const cut = pair?.indexOf(':') ?? -1;
  const id = pair === undefined ? form.get('client_id') : formDecode(pair.slice(0, cut));
  const secret = pair === undefined ? form.get('client_secret') : formDecode(pair.slice(cut + 1));
  const app = world.apps.find(a => a.clientId === id);
  return app !== undefined && equal(app.clientSecret, secret ?? '') ? app : undefined;
}

function formDecode(part: string): string {
  return new URLSearchParams(`part=${part}`).get('part') ?? '';
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function page(status: number, html: string): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: html };
}

function urlOf(req: Request): URL {
  return new URL(req.originalUrl, 'http://stand-in');
}
