/**
 * A small relay for tests of the agent's delivery: signs what a relay signs, keeps what it got, and
 * can be told to misbehave like the networks between a shop and its head office.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type {
  Command,
  DayProgress,
  Heartbeat,
  LastKnown,
  StoreSettings,
} from '../../protocol/agent-relay.ts';
import type { DaySummary } from '../../protocol/day-summary.ts';
import {
  digestOf,
  makeSigningKey,
  readUnverifiedPayload,
  type SigningKey,
  signJws,
} from '../../protocol/signing.ts';

/** What stands between the shop and its relay just now. */
export type Weather =
  | 'fair'
  | 'captive-portal'
  | 'redirect'
  | 'truncated'
  | 'other-receipt'
  | 'foreign-key'
  | 'problem'
  | 'refusal'
  | 'hang';

export interface FakeRelay {
  url: string;
  weather: Weather;
  store: StoreSettings;
  last: LastKnown;
  commands: Command[];
  days: DayProgress[];
  verdict: 'accepted' | 'kept-aside';
  /** The relay's clock minus the machine's, ms; undefined: the machine's own. */
  timeMs: (() => number) | undefined;
  /** Where the chain ends after a restore from a backup; undefined: as received. */
  lastNumber: number | undefined;
  /** Summaries in the order of their arrival, repeats included. */
  received: { path: string; compact: string; summary: DaySummary }[];
  heartbeats: Heartbeat[];
  /** Calls of any kind, answered or not. */
  calls: number;
  stop(): Promise<void>;
}

export async function startFakeRelay(t: Pick<TestContext, 'after'>): Promise<FakeRelay> {
  const key = await makeSigningKey();
  const server = createServer((request, response) => {
    void answer(relay, key, request, response);
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const relay: FakeRelay = {
    url: `http://127.0.0.1:${port}`,
    weather: 'fair',
    store: {
      id: 'store-1',
      name: 'Tanjong Pagar',
      timezone: 'Asia/Singapore',
      currency: 'SGD',
      cutOver: '00:00',
    },
    last: { number: 0, digest: '', dates: [], terminals: [] },
    commands: [],
    days: [],
    verdict: 'accepted',
    timeMs: undefined,
    lastNumber: undefined,
    received: [],
    heartbeats: [],
    calls: 0,
    stop: () =>
      new Promise(done => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  t.after(relay.stop);
  return relay;
}

async function answer(
  relay: FakeRelay,
  key: SigningKey,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  relay.calls += 1;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const path = request.url ?? '';
  if (spoil(relay, response)) return;
  if (path === '/healthz') return void response.end('ok');
  const compact = await signedAnswer(relay, key, path, body);
  const whole = relay.weather === 'truncated' ? compact.slice(0, -20) : compact;
  response.writeHead(200, { 'content-type': 'application/jose' }).end(whole);
}

/** True when the weather has answered already, or never will. */
function spoil({ weather }: FakeRelay, response: ServerResponse): boolean {
  switch (weather) {
    case 'captive-portal':
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<h1>Welcome to our hotspot</h1>');
      return true;
    case 'redirect':
      response.writeHead(302, { location: 'https://portal.example/' }).end();
      return true;
    case 'problem':
      response.writeHead(503, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ code: 'busy', detail: 'down for repair', hint: 'wait' }));
      return true;
    case 'refusal':
      response.writeHead(403, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({ code: 'revoked', detail: 'the key of this store was revoked' }),
      );
      return true;
    case 'hang':
      return true;
    default:
      return false;
  }
}

async function signedAnswer(
  relay: FakeRelay,
  key: SigningKey,
  path: string,
  body: string,
): Promise<string> {
  const time = new Date(relay.timeMs?.() ?? Date.now()).toISOString();
  if (path === '/v1/enrolments') {
    const { store, last } = relay;
    return await signJws({ store, relayKey: key.publicJwk, last }, 'tillbook-answer+jws', key);
  }
  if (path === '/v1/heartbeats') {
    const heartbeat = readUnverifiedPayload(body) as Heartbeat;
    relay.heartbeats.push(heartbeat);
    const { counter } = heartbeat;
    const { commands, days, store: settings } = relay;
    const chain = chainOf(relay);
    return await signJws(
      { counter, settings, commands, days, ...chain, time },
      'tillbook-answer+jws',
      key,
    );
  }
  return await receiptFor(relay, key, path, body, time);
}

async function receiptFor(
  relay: FakeRelay,
  key: SigningKey,
  path: string,
  compact: string,
  receivedAt: string,
): Promise<string> {
  const summary = readUnverifiedPayload(compact) as DaySummary;
  relay.received.push({ path, compact, summary });
  if (relay.lastNumber === summary.number - 1) relay.lastNumber = summary.number;
  const { storeId, businessDate, revision, number } = summary;
  const other = relay.weather === 'other-receipt';
  const receipt = {
    version: 1,
    ...{ storeId, businessDate, revision, number },
    digest: other ? 'A'.repeat(43) : digestOf(compact),
    verdict: relay.verdict,
    ...(relay.verdict === 'accepted' ? {} : { reason: 'broken-chain' }),
    receivedAt,
  };
  const signer = relay.weather === 'foreign-key' ? await makeSigningKey() : key;
  return await signJws(receipt, 'tillbook-receipt+jws', signer);
}

function chainOf({ last, lastNumber, received }: FakeRelay) {
  const newest = received
    .filter(({ summary }) => lastNumber === undefined || summary.number <= lastNumber)
    .sort((a, b) => a.summary.number - b.summary.number)
    .at(-1);
  if (newest === undefined) return { lastNumber: last.number, lastDigest: last.digest };
  return { lastNumber: newest.summary.number, lastDigest: digestOf(newest.compact) };
}
