/**
 * HTTP to the relay, by undici. Gives status and text of an answer, or an AppError in plain words.
 * One deadline for the whole attempt; no redirect is followed (a captive portal's are not the
 * relay's); plain http only to this machine. What the answer is worth is for its signature to say.
 */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { JOSE_TYPE } from '../../protocol/agent-relay.ts';
import { AppError, messageOf } from '../../protocol/errors.ts';
import { JWS_BYTES_MAX } from '../../protocol/signing.ts';

export const ATTEMPT_DEADLINE_MS = 30_000;

const PROBE_DEADLINE_MS = 10_000;

export interface ProxySettings {
  httpProxy: string | undefined;
  httpsProxy: string | undefined;
  noProxy: string | undefined;
}

/** The usual names; the small ones win, as with curl. */
export function proxyOf(env: NodeJS.ProcessEnv): ProxySettings {
  return {
    httpProxy: env['http_proxy'] ?? env['HTTP_PROXY'],
    httpsProxy: env['https_proxy'] ?? env['HTTPS_PROXY'],
    noProxy: env['no_proxy'] ?? env['NO_PROXY'],
  };
}

export interface RelayCall {
  method: 'POST' | 'PUT';
  /** Full address. */
  url: string;
  /** A compact JWS. */
  body: string;
}

export interface RelayHttp {
  /** The text of a 2xx answer. @throws AppError `unreachable`, `bad-answer`, `refused` */
  call(call: RelayCall): Promise<string>;
  /** True when something that speaks like a relay answers there. */
  probe(url: string): Promise<boolean>;
  stop(): Promise<void>;
}

export interface RelayHttpOptions {
  proxy: ProxySettings;
  /** PEM file of further authorities. */
  caFile: string | undefined;
  deadlineMs?: number;
}

export async function openRelayHttp(options: RelayHttpOptions): Promise<RelayHttp> {
  const dispatcher = await dispatcherFor(options);
  const deadlineMs = options.deadlineMs ?? ATTEMPT_DEADLINE_MS;
  const stopping = new AbortController();
  const signal = (ms: number) => AbortSignal.any([AbortSignal.timeout(ms), stopping.signal]);
  return {
    call: call => send(dispatcher, call, signal(deadlineMs)),
    probe: url => probe(dispatcher, url, signal(Math.min(deadlineMs, PROBE_DEADLINE_MS))),
    async stop() {
      stopping.abort();
      await dispatcher.destroy();
    },
  };
}

/** Refuses plain http to anything but this machine: a summary must not be read on the way. */
export function checkRelayAddress(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || isLoopback(hostname)) return;
  throw new AppError('bad-input', `${url}: plain http is only for a relay on this machine`, {
    hint: 'use the https:// address of the relay',
    path: 'relay',
  });
}

export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

async function dispatcherFor({ proxy, caFile }: RelayHttpOptions): Promise<Dispatcher> {
  const connect = caFile === undefined ? {} : { ca: await authorities(caFile) };
  const { httpProxy, httpsProxy, noProxy } = proxy;
  if (httpProxy === undefined && httpsProxy === undefined) return new Agent({ connect });
  return new EnvHttpProxyAgent({
    connect,
    requestTls: connect,
    httpProxy: httpProxy ?? '',
    httpsProxy: httpsProxy ?? '',
    noProxy: [noProxy, 'localhost', '127.0.0.1', '::1'].filter(Boolean).join(','),
  });
}

async function authorities(caFile: string): Promise<string[]> {
  try {
    return [...rootCertificates, await readFile(caFile, 'utf8')];
  } catch (cause) {
    throw new AppError('bad-setting', `AGENT_RELAY_CA_FILE: ${caFile} cannot be read`, {
      hint: 'name a readable PEM file',
      cause,
    });
  }
}

async function send(
  dispatcher: Dispatcher,
  { method, url, body }: RelayCall,
  signal: AbortSignal,
): Promise<string> {
  checkRelayAddress(url);
  try {
    const answer = await request(url, {
      method,
      body: Buffer.from(body),
      headers: { 'content-type': JOSE_TYPE, accept: `${JOSE_TYPE}, application/problem+json` },
      dispatcher,
      signal,
    });
    const text = await readLimited(answer);
    if (answer.statusCode >= 200 && answer.statusCode < 300) return text;
    throw refusal(answer, text, url);
  } catch (cause) {
    throw cause instanceof AppError ? cause : unreachable(url, cause);
  }
}

async function probe(dispatcher: Dispatcher, url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await request(url, { method: 'GET', dispatcher, signal });
    await answer.body.dump();
    const fine = answer.statusCode >= 200 && answer.statusCode < 300;
    return isProblem(answer) || (fine && !isPage(answer));
  } catch {
    return false; // Whatever the reason: it cannot be reached. The next real call says why.
  }
}

/** A relay's calls never answer with a page; a hotspot's login does. */
function isPage({ headers }: Dispatcher.ResponseData): boolean {
  return String(headers['content-type'] ?? '').startsWith('text/html');
}

function isProblem({ headers }: Dispatcher.ResponseData): boolean {
  return String(headers['content-type'] ?? '').startsWith('application/problem+json');
}

async function readLimited(answer: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > JWS_BYTES_MAX) {
      answer.body.destroy();
      throw new AppError('bad-answer', `the answer is larger than ${JWS_BYTES_MAX} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A problem document (RFC 9457) in its own words; anything else is not our relay speaking. */
function refusal(answer: Dispatcher.ResponseData, text: string, url: string): AppError {
  const status = answer.statusCode;
  const retryAfterMs = retryAfter(answer);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (isProblem(answer)) {
    const { detail, title, hint } = parseProblem(text);
    const words = `${detail ?? title ?? 'no reason given'} (${status})`;
    const details = { ...(hint === undefined ? {} : { hint }), ...wait };
    if (status === 429)
      return new AppError('too-many', `the relay asks to wait: ${words}`, details);
    if (status >= 500)
      return new AppError('unreachable', `the relay has trouble: ${words}`, details);
    return new AppError('refused', `the relay refused: ${words}`, details);
  }
  const message = `${new URL(url).host} answered ${status}, which is not the relay's answer`;
  return new AppError('bad-answer', message, {
    hint: 'a hotspot login page, a proxy or a wrong address may be in the way',
    retryable: true,
    ...wait,
  });
}

function parseProblem(text: string): { detail?: string; title?: string; hint?: string } {
  try {
    const problem = JSON.parse(text) as Record<string, unknown>;
    const words = ['detail', 'title', 'hint'].flatMap(key =>
      typeof problem[key] === 'string' ? [[key, String(problem[key]).slice(0, 500)]] : [],
    );
    return Object.fromEntries(words);
  } catch {
    return {}; // The status alone is told then.
  }
}

function retryAfter(answer: Dispatcher.ResponseData): number | undefined {
  const seconds = Number(answer.headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

function unreachable(url: string, cause: unknown): AppError {
  const { host } = new URL(url);
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const timedOut = error.name === 'TimeoutError' || error.name === 'AbortError';
  const why = timedOut ? 'no whole answer in time' : reasonOf(error);
  return new AppError('unreachable', `the relay at ${host} cannot be reached: ${why}`, {
    hint: 'check the internet connection of the shop; sales are kept meanwhile',
    retryable: true,
    cause,
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody answers there',
  ENOTFOUND: 'its name is not known (DNS)',
  EAI_AGAIN: 'names cannot be looked up (DNS)',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted here',
  CERT_HAS_EXPIRED: 'its certificate has expired, or the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: the clock of this machine is wrong',
};

function reasonOf(error: Error & { code?: string }): string {
  const nested = error instanceof AggregateError ? error.errors[0] : error.cause;
  const code = error.code ?? (nested as { code?: string } | undefined)?.code;
  return (code !== undefined ? REASONS[code] : undefined) ?? code ?? messageOf(error);
}
