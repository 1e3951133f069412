/**
 * What an operator's programs ask: `/healthz` (it runs), `/readyz` (it can work; else 503 and a
 * problem document), `/metrics` (from this machine itself, or with an API token: how a business does
 * is nobody else's affair).
 */
import { type Request, type RequestHandler, Router } from 'express';
import { AppError, isAppError } from '../../protocol/errors.ts';
import { tokenWith } from '../hq/api/door.ts';
import { createMetrics, type MetricsParts } from './metrics.ts';
import { watchReadiness } from './readiness.ts';

export function opsRoutes(parts: MetricsParts): Router {
  const { db, clock } = parts;
  const readiness = watchReadiness(db, clock);
  const metrics = createMetrics(parts);
  const routes = Router();
  routes.get(['/healthz', '/readyz', '/metrics'], (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  routes.get('/healthz', (_req, res) => {
    res.json({ ok: true });
  });
  routes.get('/readyz', async (_req, res) => {
    try {
      await readiness.check();
      res.json({ ok: true });
    } catch (error) {
      throw isAppError(error) ? error : notReady(error);
    }
  });
  routes.get('/metrics', unlessLocal(tokenWith(db, 'viewer')), async (_req, res) => {
    res.type(metrics.contentType).send(await metrics.text());
  });
  return routes;
}

function notReady(cause: unknown): AppError {
  return new AppError('disk-error', 'the database cannot be used', { cause });
}

/** A proxy on this machine speaks for strangers: then the token is asked for. */
function unlessLocal(guard: RequestHandler): RequestHandler {
  return (req, res, next) => (isLocal(req) ? next() : guard(req, res, next));
}

function isLocal(req: Request): boolean {
  const forwarded = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'];
  if (forwarded.some(name => req.headers[name] !== undefined)) return false;
  return /^(127\.|::1$|::ffff:127\.)/.test(req.socket.remoteAddress ?? '');
}
