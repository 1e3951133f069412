/**
 * The relay's HTTP side: which routes stand where and what guards them. Wiring only; every part
 * answers for itself. Comes in: the routers. Goes out: one Express application.
 */
import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import type { Logger } from '../protocol/host/log.ts';
import { problemHandler, unknownAddress } from './problems.ts';

export interface AppParts {
  log: Logger;
  /** RELAY_TRUSTED_PROXIES. */
  trustedProxies: string;
  /** `/healthz`, `/readyz`, `/metrics`. */
  ops: Router;
  inbox: Router;
  api: Router;
  pages: Router;
}

export function createApp({ log, trustedProxies, ops, inbox, api, pages }: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', trustedProxies === 'none' ? false : trustedProxies);
  app.use(['/v1', '/api', '/healthz', '/readyz', '/metrics'], nothingButData());
  app.use(ops);
  app.use(inbox);
  app.use(api);
  app.use(pages);
  app.use(nothingButData(), unknownAddress);
  app.use(problemHandler(log));
  return app;
}

/** What a program reads must never be shown as a page. */
function nothingButData() {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    referrerPolicy: { policy: 'no-referrer' },
  });
}
