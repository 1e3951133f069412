/** The relay's port: opened before the application is built, so that it can know its own address. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '../protocol/errors.ts';

/** Slow clients give way; the largest body over a bad line takes less. */
const REQUEST_TIMEOUT_MS = 120_000;
const HEADERS_TIMEOUT_MS = 20_000;
const CONNECTIONS_MAX = 2000;

export interface Listening {
  /** `http://127.0.0.1:8090`, with the port that was picked. */
  url: string;
  port: number;
  serve(application: RequestListener): void;
  /** Takes no new requests, lets those in hand finish for so long, then cuts them. */
  stop(withinMs: number): Promise<void>;
}

/** @throws AppError `bad-setting` when the port is taken or not allowed */
export async function listen(host: string, port: number): Promise<Listening> {
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((done, failed) => {
    server.once('error', cause => failed(cannotListen(host, port, cause)));
    server.listen(port, host, done);
  });
  const picked = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${picked}`,
    port: picked,
    serve: application => server.on('request', application),
    stop: withinMs => stop(server, withinMs),
  };
}

async function stop(server: Server, withinMs: number): Promise<void> {
  const closed = new Promise<void>(done => server.close(() => done()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), withinMs);
  await closed;
  clearTimeout(timer);
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): AppError {
  const taken = cause.code === 'EADDRINUSE';
  const why = taken ? 'another program has this port' : (cause.code ?? cause.message);
  return new AppError('bad-setting', `cannot listen on ${host} port ${port}: ${why}`, {
    path: taken ? 'RELAY_PORT' : 'RELAY_HOST',
    hint: 'stop the other program, or set RELAY_HOST and RELAY_PORT',
    cause,
  });
}
