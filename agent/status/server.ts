/**
 * The status page's server: page, status.json, events, metrics, health. Read-only: GET and HEAD, no
 * cookie, no state. The Host header must name this machine, or a web page elsewhere could read it
 * through a name of its own (DNS rebinding).
 */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { extname } from 'node:path';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { AppError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import { shippedAssets } from '../../protocol/host/shipped.ts';
import type { SignedDays } from '../day/signed-days.ts';
import { type Live, startLive } from './live.ts';
import { createMetrics } from './metrics.ts';
import type { Observe } from './observe.ts';
import { renderPage, renderZReport } from './page.tsx';

const HEADERS_WITHIN_MS = 10_000;
const CONNECTIONS_MAX = 500;

export interface StatusServerOptions {
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** Names (lower case) it answers to beside addresses and localhost. */
  names: readonly string[];
  showAmounts: boolean;
  observe: Observe;
  /** Closed days, for their Z reports. */
  signed: Pick<SignedDays, 'newest' | 'summary'>;
  log: Logger;
}

export interface StatusServer {
  /** `http://host:port` */
  address: string;
  /** Something has changed that viewers should see. */
  changed(): void;
  stop(): Promise<void>;
}

/** @throws AppError `bad-setting` when the port cannot be had */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const live = startLive(options.observe);
  const server = createServer({ headersTimeout: HEADERS_WITHIN_MS }, statusApp(options, live));
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://${isIP(options.host) === 6 ? `[${options.host}]` : options.host}:${port}`,
    changed: () => live.changed(),
    stop: () =>
      new Promise(resolve => {
        live.stop();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function statusApp(
  { names, observe, signed, showAmounts }: StatusServerOptions,
  live: Live,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(securityHeaders(), onlyReads, checkHost(names));
  const metrics = createMetrics(observe);
  app.get('/', (_request, response) => page(response, renderPage(observe())));
  app.get('/z-report', (_request, response, next) => {
    if (showAmounts) page(response, renderZReport(observe()));
    else next();
  });
  app.get('/z-report/:date', async (request, response, next) => {
    const day = showAmounts ? signed.newest(request.params.date) : undefined;
    if (day === undefined) next();
    else page(response, renderZReport(observe(), await signed.summary(day)));
  });
  app.get('/status.json', (_request, response) => {
    response.set('cache-control', 'no-store').json(observe());
  });
  app.get('/events', (_request, response) => {
    if (!live.admit(response)) plain(response, 503, 'too many viewers; reload the page by hand');
  });
  app.get('/healthz', (_request, response) => plain(response, 200, 'ok'));
  app.get('/readyz', (_request, response) => {
    const { ready, headline } = observe();
    plain(response, ready ? 200 : 503, ready ? 'ready' : headline.message);
  });
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.text());
  });
  app.get('/assets/:name', asset(shippedAssets('agent/status')));
  app.use((_request, response) => plain(response, 404, 'there is no such page'));
  return app;
}

function securityHeaders() {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'style-src': ["'self'"],
        'script-src': ["'self'"],
        'img-src': ["'self'"],
        'connect-src': ["'self'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    // The page is plain http on the shop's network: a browser must not be told otherwise.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
}

function onlyReads(request: Request, response: Response, next: NextFunction): void {
  if (request.method === 'GET' || request.method === 'HEAD') next();
  else plain(response.set('allow', 'GET, HEAD'), 405, 'this page only shows; it changes nothing');
}

/** An address cannot be rebound to another machine; a name can. */
function checkHost(names: readonly string[]) {
  const known = new Set(['localhost', ...names]);
  return (request: Request, response: Response, next: NextFunction): void => {
    const host = hostnameOf(request.headers.host);
    if (isIP(host) !== 0 || known.has(host)) next();
    else
      plain(response, 403, `this page does not answer to "${host}"; name it in AGENT_HTTP_NAMES`);
  };
}

function hostnameOf(host: string | undefined): string {
  const address = `http://${host ?? ''}`;
  if (!URL.canParse(address)) return '';
  return new URL(address).hostname.replace(/^\[(.*)\]$/, '$1');
}

function asset(files: ReadonlyMap<string, string>) {
  return (request: Request<{ name: string }>, response: Response, next: NextFunction): void => {
    const { name } = request.params;
    const content = files.get(name);
    if (content === undefined) next();
    else response.set('cache-control', 'public, max-age=3600').type(extname(name)).send(content);
  };
}

function page(response: Response, html: string): void {
  response.set('cache-control', 'no-store').type('html').send(html);
}

function plain(response: Response, status: number, text: string): void {
  response.status(status).set('cache-control', 'no-store').type('text').send(`${text}\n`);
}

async function listen(server: Server, { host, port }: StatusServerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    const taken = cause.code === 'EADDRINUSE';
    const why = taken ? 'another program has this port' : cause.code;
    const message = `the status page cannot listen on ${host} port ${port}: ${why}`;
    const hint = 'stop the other program, or set AGENT_HTTP_PORT to a free port (0 picks one)';
    throw new AppError('bad-setting', message, { hint, cause });
  });
}
