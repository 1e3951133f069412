/**
 * The three calls of an agent (design: agent and relay), as Express routes: a compact JWS comes in,
 * a compact JWS signed by the relay goes out, and every refusal is a problem document.
 */
import { type Request, type Response, Router, text } from 'express';
import { rateLimit } from 'express-rate-limit';
import { CALLS, JOSE_TYPE } from '../../protocol/agent-relay.ts';
import { AppError } from '../../protocol/errors.ts';
import { JWS_BYTES_MAX } from '../../protocol/signing.ts';
import { problemHandler, problemOf, sendProblem } from '../problems.ts';
import type { InboxDeps } from './deps.ts';
import { enrol } from './enrolment.ts';
import { receiveHeartbeat } from './heartbeats.ts';
import { receiveSummary } from './summaries.ts';

/** Enrolments that may fail per address and window: guessing 60 bits takes more. */
const FAILED_ENROLMENTS_MAX = 30;
const WINDOW_MS = 10 * 60_000;
/** Enrolments and heartbeats are small; only a summary may be large. */
const SMALL_BODY = 512 * 1024;

export function inboxRoutes(deps: InboxDeps): Router {
  const routes = Router();
  const small = text({ type: JOSE_TYPE, limit: SMALL_BODY });
  const large = text({ type: JOSE_TYPE, limit: JWS_BYTES_MAX });
  routes.post(CALLS.enrolments, enrolmentLimit(), small, async (req, res) => {
    sendJws(res, await enrol(deps, bodyOf(req)));
  });
  routes.put('/v1/days/:date/revisions/:revision', large, async (req, res) => {
    const { date, revision } = req.params;
    sendJws(res, await receiveSummary(deps, { date, revision }, bodyOf(req)));
  });
  routes.post(CALLS.heartbeats, small, async (req, res) => {
    sendJws(res, await receiveHeartbeat(deps, bodyOf(req)));
  });
  routes.use('/v1', problemHandler(deps.log));
  return routes;
}

function enrolmentLimit() {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit: FAILED_ENROLMENTS_MAX,
    skipSuccessfulRequests: true,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    validate: false, // It prints its advice to the console; RELAY_TRUSTED_PROXIES is checked here.
    handler: (_req, res) => {
      const message = 'too many enrolments from this address failed';
      const details = { hint: 'check the code, and try again later', retryAfterMs: WINDOW_MS };
      sendProblem(res, problemOf(new AppError('too-many', message, details)));
    },
  });
}

/** Only a body of the right type was read: browsers cannot send it from another site's form. */
function bodyOf(req: Request): string {
  const body: unknown = req.body;
  if (typeof body === 'string' && body !== '') return body.trim();
  throw new AppError('bad-input', `the body must be a compact JWS of type ${JOSE_TYPE}`, {
    path: 'Content-Type',
    hint: `send Content-Type: ${JOSE_TYPE} and header.payload.signature`,
  });
}

function sendJws(res: Response, jws: string): void {
  res.status(200).type(JOSE_TYPE).set('Cache-Control', 'no-store').send(jws);
}
