/**
 * Signed webhooks as Standard Webhooks has them (standardwebhooks.com, spec 1.0.0): the receiver
 * checks `webhook-signature` over id, timestamp and body. An address inside our own network is
 * refused when it is connected to, not only when it is typed: a name may point elsewhere later.
 */
import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { AppError, messageOf } from '../../protocol/errors.ts';

const ATTEMPT_MAX_MS = 15_000;
const ANSWER_BYTES_MAX = 64 * 1024;

export interface Webhook {
  url: string;
  /** base64 behind `whsec_`. */
  secret: string;
}

export interface WebhookMessage {
  /** The same for every attempt. */
  id: string;
  event: object;
}

export interface WebhookSender {
  /** @throws AppError `unreachable`, `refused` or `not-allowed` */
  send(hook: Webhook, message: WebhookMessage, nowMs: number): Promise<void>;
  /** @throws AppError `bad-input` for an address that is never sent to */
  check(url: string): void;
  close(): Promise<void>;
}

/** @param allowPrivate true where the receivers stand in the relay's own network */
export function createWebhookSender(allowPrivate: boolean): WebhookSender {
  const agent = new Agent({ connect: { lookup: guardedLookup(allowPrivate) } });
  const check = (url: string) => checkAddress(url, allowPrivate);
  return {
    check,
    async send(hook, { id: messageId, event }, nowMs) {
      check(hook.url);
      const body = JSON.stringify(event);
      const id = `msg_${messageId}`;
      const timestamp = String(Math.floor(nowMs / 1000));
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signatureOf(hook.secret, `${id}.${timestamp}.${body}`)}`,
      };
      await post(agent, hook.url, headers, body);
    },
    close: () => agent.close(),
  };
}

async function post(agent: Agent, url: string, headers: Record<string, string>, body: string) {
  let status: number;
  try {
    const signal = AbortSignal.timeout(ATTEMPT_MAX_MS);
    const answer = await request(url, { method: 'POST', dispatcher: agent, headers, body, signal });
    status = answer.statusCode;
    await answer.body.dump({ limit: ANSWER_BYTES_MAX });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('unreachable', `${new URL(url).host} did not answer: ${messageOf(cause)}`, {
      hint: 'check the address of the webhook',
      retryable: true,
      cause,
    });
  }
  if (status >= 200 && status < 300) return;
  throw new AppError('refused', `${new URL(url).host} answered ${status}`, {
    hint: 'a webhook answers 200 to 299; redirects are not followed',
    retryable: true,
  });
}

export function signatureOf(secret: string, text: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(text).digest('base64');
}

/** Networks that the internet does not route (RFC 6890), and where cloud machines keep secrets. */
const OWN_NETWORKS = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  OWN_NETWORKS.addSubnet(network, bits, 'ipv4');
}
for (const [network, bits] of [
  ['::', 127],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  OWN_NETWORKS.addSubnet(network, bits, 'ipv6');
}

function isOwn(address: string): boolean {
  return OWN_NETWORKS.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function checkAddress(text: string, allowPrivate: boolean): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const wrong = (message: string) =>
    new AppError('bad-input', message, {
      path: 'url',
      hint: 'give an address such as https://example.com/tillbook',
    });
  if (url === undefined) throw wrong('this is no address');
  if (url.username !== '' || url.password !== '') throw wrong('the address holds a password');
  if (allowPrivate && url.protocol === 'http:') return;
  if (url.protocol !== 'https:') throw wrong('the address does not begin with https://');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivate && isIP(host) > 0 && isOwn(host)) {
    throw wrong('the address is inside the relay’s own network');
  }
}

function guardedLookup(allowPrivate: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const own = allowPrivate ? undefined : addresses?.find(({ address }) => isOwn(address));
      if (error !== null || own === undefined) {
        const [first] = addresses ?? [];
        if (options.all === true) callback(error, addresses);
        else callback(error, first?.address ?? '', first?.family);
        return;
      }
      callback(
        new AppError('not-allowed', `${hostname} points into the relay’s own network`, {
          hint: 'a webhook must be an address on the internet',
        }),
        '',
      );
    });
  };
}
