/**
 * What stands before every accounting call: bearer token, scope, organisation, rate limits,
 * Idempotency-Key, readable JSON. Only then a handler sees it.
 */
import type { Request, RequestHandler, Response } from 'express';
import { type Answer, badData, refused } from './answers.ts';
import { type CallLocals, localsOf, sendAnswer, wait } from './faults.ts';
import { once } from './idempotency.ts';
import { admit } from './limits.ts';
import type { Grant, Organisation } from './types.ts';
import type { World } from './world.ts';

/** One accounting call that was let in. */
export interface Call {
  readonly world: World;
  readonly organisation: Organisation;
  readonly clientId: string;
  readonly method: string;
  readonly query: URLSearchParams;
  /** The path's id or number, when there is one. */
  readonly id: string;
  readonly body: unknown;
  readonly modifiedSince?: number;
}

export type Handler = (call: Call) => Answer;

/** The scope family of a resource: `accounting.invoices` also allows reading. */
export type Scope =
  | 'accounting.invoices'
  | 'accounting.payments'
  | 'accounting.contacts'
  | 'accounting.settings';

const BODY_BYTES_MAX = 3_500_000;

/** Middleware for one accounting route. `latencyMs` is how long Xero thinks about each call. */
export function accounting(world: World, latencyMs: number) {
  return (scope: Scope, handler: Handler): RequestHandler =>
    async (req, res) => {
      const granted = authorise(world, req, scope);
      if ('status' in granted) return sendAnswer(res, granted);
      const { grant, organisation } = granted;
      const admission = admit(world, grant.clientId, organisation.id);
      if (!admission.admitted) return sendAnswer(res, admission.answer);
      res.once('close', admission.release);
      if (latencyMs > 0) await wait(latencyMs);
      const answer = answerOnce(world, granted, req, res, handler);
      sendAnswer(res, { ...answer, headers: { ...admission.headers, ...answer.headers } });
    };
}

interface Granted {
  readonly grant: Grant;
  readonly organisation: Organisation;
}

function authorise(world: World, req: Request, scope: Scope): Granted | Answer {
  const grant = grantOf(world, req);
  if ('status' in grant) return grant;
  const tenant = req.get('xero-tenant-id');
  const connected = world.connections.some(
    c => c.clientId === grant.clientId && c.organisationId === tenant,
  );
  const organisation = world.organisations.find(o => o.id === tenant);
  if (!connected || organisation === undefined) return refused(403, 'AuthenticationUnsuccessful');
  const reading = req.method === 'GET' && grant.scopes.includes(`${scope}.read`);
  if (!reading && !grant.scopes.includes(scope)) return refused(401, 'AuthorizationUnsuccessful');
  return { grant, organisation };
}

/** The consent behind the request's bearer token, or Xero's 401. */
export function grantOf(world: World, req: Request): Grant | Answer {
  const bearer = /^Bearer (.+)$/.exec(req.get('authorization') ?? '')?.[1];
  const token = world.accessTokens.find(t => t.token === bearer);
  const grant = world.grants.find(g => g.id === token?.grantId);
  if (token === undefined || grant === undefined || grant.revoked) {
    return refused(401, 'AuthenticationUnsuccessful');
  }
  if (token.expiresAt <= world.now()) {
    const at = new Date(token.expiresAt).toISOString();
    return refused(401, `TokenExpired: token expired at ${at}`);
  }
  return grant;
}

function answerOnce(
  world: World,
  { grant, organisation }: Granted,
  req: Request,
  res: Response,
  handler: Handler,
): Answer {
  const locals = localsOf(res);
  const handle = () => readAndHandle(world, organisation, grant, req, locals, handler);
  const key = req.get('idempotency-key');
  if (key === undefined || req.method === 'GET') return handle();
  const { replayed, answer } = once(
    world,
    {
      clientId: grant.clientId,
      organisationId: organisation.id,
      key,
      method: req.method,
      url: req.originalUrl,
      body: locals.raw,
    },
    handle,
  );
  locals.record.replayed = replayed;
  return answer;
}

function readAndHandle(
  world: World,
  organisation: Organisation,
  grant: Grant,
  req: Request,
  { raw }: CallLocals,
  handler: Handler,
): Answer {
  if (Buffer.byteLength(raw) > BODY_BYTES_MAX) return { status: 413 };
  const parsed = raw === '' ? { value: undefined } : parseJson(raw);
  if (parsed === undefined)
    return badData('Invalid Json data: the request body is not valid JSON.');
  const since = Date.parse(req.get('if-modified-since') ?? '');
  return handler({
    world,
    organisation,
    clientId: grant.clientId,
    method: req.method,
    query: new URL(req.originalUrl, 'http://stand-in').searchParams,
    id: String(req.params['id'] ?? ''),
    body: parsed.value,
    ...(Number.isNaN(since) ? {} : { modifiedSince: since }),
  });
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
