/**
 * Two relays on one PostgreSQL. One is a process that is killed, or frozen beyond its lease and woken
 * up again, at every step of a post; the other takes over: one invoice, one set of payments, and the
 * late word of the first does not count. At night (TILLBOOK_STOPS=both) every step is tried both ways.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { compiled } from '../../deploy/demo/processes.ts';
import { openPostgres } from '../../relay/db/postgres.ts';
import { TestPostgres } from '../support/postgres.ts';
import {
  addStore,
  busyDay,
  connect,
  dayIn,
  deliver,
  makeRig,
  type Rig,
  SEAL_KEY,
} from '../support/posting.ts';
import { needs } from '../support/tools.ts';
import type { Doom } from './doomed-relay.ts';

const LEASE = { ttlMs: 2_000, renewMs: 400, pollMs: 100 };
/** A request that is under way arrives when the other relay has taken over. */
const UNDER_WAY_MS = 3_000;
const IN_TIME_MS = 90_000;
const AT_ONCE = 8;
const BOTH = process.env['TILLBOOK_STOPS'] === 'both';

type Signal = 'SIGKILL' | 'SIGSTOP';

interface Shop {
  rig: Rig;
  url: string;
  keys: string[];
}

let server: TestPostgres;

/** A refund day and a busy one, and an access token that must be renewed first. */
async function shopOf(t: TestContext): Promise<Shop> {
  // A frozen relay's open transaction is cut off by the server: here after two seconds, not ten.
  const url = `${await server.newUrl()}&idle_in_transaction_session_timeout=2000`;
  const db = await openPostgres(url);
  const rig = await makeRig(t, { db, lease: LEASE });
  await connect(rig, 60_000);
  await addStore(rig);
  const refund = { sales: [{ amount: -550, tax: 0 }], tenders: { cash: -550 } };
  const keys = [
    await deliver(rig, '2026-11-19', busyDay(refund)),
    await deliver(rig, '2026-11-20', busyDay()),
  ];
  return { rig, url, keys };
}

interface Doomed {
  child: ChildProcess;
  /** Every step so far. */
  steps: string[];
  /** Resolves when it has said that it is there. */
  reached: (step: string) => Promise<void>;
}

function startDoomed(
  t: TestContext,
  { rig, url }: Shop,
  at: Pick<Doom, 'step' | 'signal'>,
): Doomed {
  const doom: Doom = {
    ...{ databaseUrl: url, xeroUrl: rig.standIn.url, lease: LEASE, ...at },
    sealKey: SEAL_KEY.toString('base64'),
  };
  const program = compiled('test/flow/doomed-relay.js');
  const child = spawn(process.execPath, [program, JSON.stringify(doom)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const steps: string[] = [];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', line => steps.push(line));
  const reached = async (step: string) => {
    while (!steps.includes(step))
      await once(lines, 'line', { signal: AbortSignal.timeout(IN_TIME_MS) });
  };
  return { child, steps, reached };
}

/** One invoice with two payments, one credit note with one, and nothing else. */
function assertOnce({ rig }: Shop): void {
  const { control } = rig.standIn;
  const documents = control.documents().map(one => `${one['Status']} ${one['Total']}`);
  assert.deepEqual(documents.sort(), ['PAID 24', 'PAID 5.5']);
  const paid = control.payments().map(one => String(one['Reference']));
  assert.equal(new Set(paid).size, 3);
  assert.equal(paid.length, 3);
}

/** The other relay takes over and finishes; then the frozen one wakes up and is told to stop. */
async function takeOver(shop: Shop, { child }: Doomed, signal: Signal): Promise<void> {
  const { rig, keys } = shop;
  const other = rig.start(rig.db, 'the other relay');
  const nudge = setInterval(() => other.wake(), 200);
  try {
    for (const key of keys) await dayIn(rig, key, ['reconciled'], IN_TIME_MS);
  } finally {
    clearInterval(nudge);
  }
  assertOnce(shop);
  if (signal === 'SIGKILL') return;
  const rows = () => Promise.all(keys.map(key => rig.db.get('days', key)));
  const settled = await rows();
  const gone = once(child, 'exit');
  child.kill('SIGCONT');
  child.stdin?.end('stop\n');
  assert.equal((await gone)[0], 0);
  assert.deepEqual(await rows(), settled);
  assertOnce(shop);
}

/** The process stops itself when it is there. */
async function stopAtStep(t: TestContext, step: string, signal: Signal): Promise<void> {
  const shop = await shopOf(t);
  const doomed = startDoomed(t, shop, { step, signal });
  await doomed.reached(step);
  await takeOver(shop, doomed, signal);
}

interface Request {
  method: string;
  path: string;
  nth: number;
  when: 'before' | 'after';
}

/** The process is stopped while a request of its is under way, or the answer to it. */
async function stopAtRequest(t: TestContext, request: Request, signal: Signal): Promise<void> {
  const shop = await shopOf(t);
  const { control } = shop.rig.standIn;
  const { method, path, nth, when } = request;
  const answer = { kind: 'delay', delayMs: UNDER_WAY_MS } as const;
  control.fault({ method, path: `${path}$`, skip: nth - 1, when, answer });
  const doomed = startDoomed(t, shop, {});
  const isThere = () => control.requests({ method }).some(({ fault }) => fault === 'delay');
  for (const end = Date.now() + IN_TIME_MS; !isThere() && Date.now() < end; ) await wait(10);
  assert.ok(isThere());
  doomed.child.kill(signal);
  await takeOver(shop, doomed, signal);
}

/** A run without a death: all steps and all requests, in their order. */
async function rehearse(t: TestContext): Promise<{ steps: string[]; requests: Request[] }> {
  const shop = await shopOf(t);
  const doomed = startDoomed(t, shop, {});
  for (const key of shop.keys) await dayIn(shop.rig, key, ['reconciled'], IN_TIME_MS);
  doomed.child.stdin?.end('stop\n');
  await once(doomed.child, 'exit');
  assertOnce(shop);
  const counts = new Map<string, number>();
  const requests = shop.rig.standIn.control.requests().flatMap(({ method, path }): Request[] => {
    const nth = (counts.get(`${method} ${path}`) ?? 0) + 1;
    counts.set(`${method} ${path}`, nth);
    const one = { method, path, nth };
    // What only reads is the same whether the question or the answer is under way.
    if (method === 'GET') return [{ ...one, when: 'before' }];
    return [
      { ...one, when: 'before' },
      { ...one, when: 'after' },
    ];
  });
  return { steps: doomed.steps, requests };
}

describe('two relays on one PostgreSQL, one stopped at any step', needs('postgres'), () => {
  before(async () => {
    server = await TestPostgres.start();
  });
  after(() => server?.stop());

  it('one invoice and one set of payments', { timeout: 900_000, concurrency: AT_ONCE }, async t => {
    const { steps, requests } = await rehearse(t);
    const stops = [
      ...steps.map(step => ({
        name: step,
        run: (c: TestContext, signal: Signal) => stopAtStep(c, step, signal),
      })),
      ...requests.map(request => ({
        name: `${request.method} ${request.path} ${request.nth}, ${request.when}`,
        run: (c: TestContext, signal: Signal) => stopAtRequest(c, request, signal),
      })),
    ];
    assert.ok(stops.length > 50, `${stops.length} steps`);
    const tests = stops.flatMap(({ name, run }, i) => {
      const turns = ['SIGKILL', 'SIGSTOP'] as const;
      const signals = BOTH ? turns : turns.slice(i % 2, (i % 2) + 1);
      return signals.map(signal => t.test(`${signal}: ${name}`, c => run(c, signal)));
    });
    await Promise.all(tests);
  });
});
