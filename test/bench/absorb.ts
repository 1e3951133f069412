/**
 * A night's summaries given to relays over real HTTP, a connection for each shop; and the bare cost
 * of the same night: verify the signature, one INSERT in a transaction. How long each took.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'pg';
import { JOSE_TYPE } from '../../protocol/agent-relay.ts';
import { readUnverifiedPayload, verifyJws } from '../../protocol/signing.ts';
import { quantile } from './results.ts';
import type { Delivery } from './shops.ts';

/** Deliveries under way at any time, over all relays. */
const IN_FLIGHT = 64;
const BARE_CONNECTIONS = 10;
const RETRY_MS = 50;
const TRIES_MAX = 20;

export interface Absorbed {
  count: number;
  seconds: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers that told to come again. */
  again: number;
}

/** Until each has its receipt. A shop that is told to come again comes again. */
export async function deliverTo(
  relays: readonly string[],
  deliveries: readonly Delivery[],
): Promise<Absorbed> {
  const agent = new Agent({ keepAlive: false });
  let again = 0;
  const absorbed = await timed(deliveries, async (delivery, index) => {
    for (let tries = 1; ; tries += 1) {
      const relay = relays[(index + tries) % relays.length] ?? '';
      const { status, body } = await put(agent, `${relay}${delivery.path}`, delivery.jws);
      if (status === 200) return checkReceipt(body, delivery);
      if (tries === TRIES_MAX) throw new Error(`${delivery.path} answered ${status}: ${body}`);
      again += 1;
      await wait(RETRY_MS * Math.random());
    }
  });
  return { ...absorbed, again };
}

/** In this process, with the public keys in memory: less than this no relay can do. */
export async function absorbBare(url: string, deliveries: readonly Delivery[]): Promise<Absorbed> {
  const keys = new Map(deliveries.map(({ kid, jwk }) => [kid, jwk]));
  const pool = new Pool({ connectionString: url, max: BARE_CONNECTIONS });
  try {
    await pool.query(
      'CREATE TABLE IF NOT EXISTS bare (digest text PRIMARY KEY, jws text NOT NULL)',
    );
    return await timed(deliveries, async ({ jws, digest }) => {
      await verifyJws(jws, 'tillbook-day+jws', kid => keys.get(kid));
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query('INSERT INTO bare VALUES ($1, $2)', [digest, jws]);
        await client.query('COMMIT');
      } finally {
        client.release();
      }
    });
  } finally {
    await pool.end();
  }
}

/** Several nights as one figure. */
export function together(nights: readonly Absorbed[]): Absorbed {
  const sum = (of: (night: Absorbed) => number) => nights.reduce((all, one) => all + of(one), 0);
  const [count, seconds] = [sum(night => night.count), sum(night => night.seconds)];
  const worst = (of: (night: Absorbed) => number) => Math.max(...nights.map(of));
  return {
    ...{ count, seconds, perSecond: count / seconds, again: sum(night => night.again) },
    p50Ms: quantile(
      nights.map(night => night.p50Ms),
      0.5,
    ),
    p99Ms: worst(night => night.p99Ms),
  };
}

async function timed(
  deliveries: readonly Delivery[],
  absorb: (delivery: Delivery, index: number) => Promise<void>,
): Promise<Absorbed> {
  const times: number[] = [];
  const queue = deliveries.entries();
  const startedAt = performance.now();
  const lane = async () => {
    for (const [index, delivery] of queue) {
      const sentAt = performance.now();
      await absorb(delivery, index);
      times.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const seconds = (performance.now() - startedAt) / 1000;
  const [p50Ms, p99Ms] = [quantile(times, 0.5), quantile(times, 0.99)];
  return {
    count: times.length,
    seconds,
    perSecond: times.length / seconds,
    p50Ms,
    p99Ms,
    again: 0,
  };
}

function put(agent: Agent, url: string, body: string): Promise<{ status: number; body: string }> {
  return new Promise((done, failed) => {
    const headers = { 'Content-Type': JOSE_TYPE, 'Content-Length': body.length };
    const call = request(url, { method: 'PUT', agent, headers }, response => {
      readAll(response).then(
        text => done({ status: response.statusCode ?? 0, body: text }),
        failed,
      );
    });
    call.once('error', failed);
    call.end(body);
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) text += chunk;
  return text;
}

/** Whatever is not an acceptance of these very bytes would make the figures worthless. */
function checkReceipt(body: string, { digest, path }: Delivery): void {
  const receipt = readUnverifiedPayload(body) as { digest: string; verdict: string };
  if (receipt.digest === digest && receipt.verdict === 'accepted') return;
  throw new Error(`${path}: ${JSON.stringify(receipt)}`);
}
