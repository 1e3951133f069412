/**
 * Slows down guessing at the sign-in: failures are counted per address, per e-mail, and per both,
 * for a quarter of an hour. Nobody is locked out for good, and a success does not count.
 */
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { textOf } from '../call.ts';

const WINDOW_MS = 15 * 60_000;
const FAILURES_MAX = { both: 8, address: 40, email: 100 };

/** Refused attempts go on to the next handler as `res.locals.tooMany`, which tells the person. */
export function signInLimits(): RequestHandler[] {
  return [
    limiter(FAILURES_MAX.both, req => `${addressOf(req)} ${emailOf(req)}`),
    limiter(FAILURES_MAX.address, addressOf),
    limiter(FAILURES_MAX.email, emailOf),
  ];
}

function limiter(limit: number, keyGenerator: (req: Request) => string): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit,
    keyGenerator,
    skipSuccessfulRequests: true,
    // A right sign-in goes on to another page; a wrong one shows the form again.
    requestWasSuccessful: (_req, res) => res.statusCode === 303,
    legacyHeaders: false,
    standardHeaders: false,
    handler: (_req, res, next) => {
      res.locals['tooMany'] = true;
      next();
    },
  });
}

function addressOf(req: Request): string {
  return ipKeyGenerator(req.ip ?? '');
}

function emailOf(req: Request): string {
  return textOf(req.body, 'email').toLowerCase();
}
