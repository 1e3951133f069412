/**
 * Head office's pages: one express router with the strict policy, the session, the proof of every
 * form, and the table of routes. Comes in: what deps.ts names. Goes out: HTML, redirects, CSV.
 */
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import { isAppError } from '../../protocol/errors.ts';
import type { UserRecord } from '../db/records.ts';
import { isOwnTrouble, problemOf } from '../problems.ts';
import { showProblem } from './answers.tsx';
import { assets } from './assets.ts';
import { type Call, field, mayDo } from './call.ts';
import { CommonZone } from './common-zone.ts';
import { DayHeads } from './day-heads.ts';
import type { HqDeps } from './deps.ts';
import { failurePage } from './failure.tsx';
import { isProven, PROOF_FIELD, type ProofOptions, proofFor } from './form-proof.ts';
import { OpenAlerts } from './open-alerts.ts';
import { policy } from './policy.ts';
import { atPublicAddress } from './public-address.ts';
import { accountRoutes } from './routes/account.tsx';
import { alertRoutes } from './routes/alerts.tsx';
import { auditRoutes } from './routes/audit.tsx';
import { calendarRoutes } from './routes/calendar.tsx';
import { dayRoutes } from './routes/day.tsx';
import { daysRoutes } from './routes/days.tsx';
import { mappingRoutes } from './routes/mapping.tsx';
import type { Route } from './routes/route.ts';
import { secondStepRoutes } from './routes/second-step.tsx';
import { settingsRoutes } from './routes/settings.tsx';
import { signInRoutes } from './routes/sign-in.tsx';
import { storeRoutes } from './routes/stores.tsx';
import { userRoutes } from './routes/users.tsx';
import { sessions } from './sessions.ts';

/** A mapping of several hundred names fits; nothing else is larger. */
const FORM_BYTES_MAX = 512 * 1024;
const FORM_FIELDS_MAX = 10_000;

/** Every page there is; a test walks it. */
export function hqRoutes(): Route[] {
  return [
    { method: 'get', path: '/', needs: 'nobody', run: call => call.res.redirect(303, '/days') },
    ...signInRoutes(),
    ...secondStepRoutes(),
    ...settingsRoutes(),
    ...storeRoutes(),
    ...daysRoutes(),
    ...dayRoutes(),
    ...calendarRoutes(),
    ...mappingRoutes(),
    ...userRoutes(),
    ...alertRoutes(),
    ...auditRoutes(),
    ...accountRoutes(),
  ];
}

export function hqPages(deps: HqDeps): Router {
  const secure = deps.publicUrl.startsWith('https:');
  const heads = new DayHeads(deps.db, deps.onDayChanged, deps.now);
  const options = { secret: deps.sessionSecret, secure };
  const alerts = new OpenAlerts(deps.db, deps.now, deps.onAlertsChanged);
  const zones = new CommonZone(deps.db, deps.now);
  const parts = { deps, heads, alerts, zones, options };
  const router = Router();
  router.use('/assets', policy(deps), assets());
  const common = [
    policy(deps),
    uncached,
    atPublicAddress(deps.publicUrl),
    behindOurProxy(secure),
    sessions({ ...options, db: deps.db, now: deps.now }),
    express.urlencoded({
      extended: false,
      limit: FORM_BYTES_MAX,
      parameterLimit: FORM_FIELDS_MAX,
    }),
  ];
  for (const route of hqRoutes()) {
    const before = route.needs === 'nobody' ? (route.before ?? []) : [];
    router[route.method](route.path, ...common, ...before, async (req, res) => {
      await answer(route, await makeCall(parts, req, res), options);
    });
  }
  router.use(...common, async (req, res, next) => {
    // Whoever asks for data gets the relay's own answer: a browser asks for HTML first.
    if (req.method !== 'GET' || req.accepts(['json', 'html']) !== 'html') return next();
    const fix = 'Check the address, or go on from the first page.';
    showProblem(await makeCall(parts, req, res), 404, 'There is no such page', fix);
  });
  router.use(failurePage(deps));
  return router;
}

/** Checks, in this order: the proof, too many tries, the user, the role; then the page runs. */
async function answer(route: Route, call: Call, options: ProofOptions): Promise<void> {
  if (route.method === 'post' && !isProven(call.req, field(call, PROOF_FIELD), options)) {
    const fix = 'It was open for too long, or came from elsewhere. Open the page again and retry.';
    return showProblem(call, 403, 'This form is no longer valid', fix);
  }
  if (call.res.locals['tooMany'] === true) {
    const fix = 'Wait a quarter of an hour, then try again.';
    return showProblem(call, 429, 'Too many attempts', fix);
  }
  if (route.needs === 'nobody') return await guarded(call, () => route.run(call));
  const { user } = call;
  if (user === undefined) return askToSignIn(call);
  if (!mayDo(user.role, route.needs)) {
    const fix = `This needs the role ${route.needs}; yours is ${user.role}. Ask an admin.`;
    return showProblem(call, 403, 'Not allowed', fix);
  }
  await guarded(call, () => route.run({ ...call, user }));
}

/** What a person can mend and no form caught becomes a page; what fails here goes on to its own. */
async function guarded(call: Call, run: () => Promise<void> | void): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!isAppError(error) || isOwnTrouble(error)) throw error;
    const { status } = problemOf(error);
    showProblem(call, status, error.message, error.hint ?? 'Go back and try again.');
  }
}

function askToSignIn(call: Call): void {
  const { req, res } = call;
  const next = req.method === 'GET' ? `?next=${encodeURIComponent(pathOnly(req))}` : '';
  res.redirect(303, `/sign-in${next}`);
}

/** Without the query where it holds a code that works once. */
function pathOnly(req: Request): string {
  return req.path.startsWith('/xero/') ? '/settings' : req.originalUrl;
}

interface CallParts {
  deps: HqDeps;
  heads: DayHeads;
  alerts: OpenAlerts;
  zones: CommonZone;
  options: ProofOptions;
}

async function makeCall(
  { deps, heads, alerts, zones, options }: CallParts,
  req: Request,
  res: Response,
): Promise<Call> {
  const user = await currentUser(deps, req);
  const proof = proofFor(req, res, options);
  // The first to come finds the sign-in: meanwhile the lists are read.
  heads.readAhead().catch(error => deps.log.info({ err: error }, 'days are not read ahead'));
  const openAlerts = user === undefined ? 0 : (await alerts.list()).length;
  const zone = user === undefined ? 'UTC' : await zones.zone();
  return { deps, heads, alerts, req, res, user, proof, openAlerts, zone, now: deps.now() };
}

/** The session's user, unless removed or signed out everywhere since. */
async function currentUser(deps: HqDeps, req: Request): Promise<UserRecord | undefined> {
  const { user: id, signedInAt } = req.session;
  if (id === undefined || signedInAt === undefined) return undefined;
  const user = await deps.db.get('users', id);
  if (user !== undefined && signedInAt >= user.sessionsFrom) return user;
  await new Promise<void>(resolve => req.session.regenerate(() => resolve()));
  return undefined;
}

const uncached: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};

/** The public URL is https: whatever speaks to us here, the browser's own line is secure. */
function behindOurProxy(secure: boolean): RequestHandler {
  return (req, _res, next) => {
    if (secure) req.headers['x-forwarded-proto'] = 'https';
    next();
  };
}
