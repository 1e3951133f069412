/**
 * `npm run bench:relay`: every shop closes at midnight and delivers its signed summary, to two
 * relays on one real PostgreSQL and to one relay on its folder, beside the bare cost of verify and
 * commit. 100, 1,000 and 10,000 shops in the same run. Writes its part of RESULTS.md.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Environment, Processes } from '../../deploy/demo/processes.ts';
import { openLowdb } from '../../relay/db/lowdb.ts';
import { openPostgres } from '../../relay/db/postgres.ts';
import { TestPostgres } from '../support/postgres.ts';
import { type Absorbed, absorbBare, deliverTo, together } from './absorb.ts';
import { cpuSeconds, peakMiB } from './process-cost.ts';
import { table, writeSection } from './results.ts';
import { enrolShops, makeShops, type Shop, signNight } from './shops.ts';

const SIZES = (process.env['BENCH_SHOPS'] ?? '100,1000,10000').split(',').map(Number);
/** Summaries that are delivered before anything is measured: a relay that just started is slow. */
const WARM_UP = 500;
/** Small numbers of shops deliver several nights, for a figure that can be believed. */
const MEASURED_MIN = 1000;
const TARGET_SECONDS = 60;
/** The cost of a summary may grow this much from the fewest shops to the most. */
const GROWTH_MAX = 1.25;

interface Measured extends Absorbed {
  way: string;
  shops: number;
  /** Most that the relays took together, MiB; NaN where there is none. */
  peakMiB: number;
  /** Processor time of the relays for one summary; NaN where there is none. */
  cpuMs: number;
}

const BARE = 'verify + one INSERT, no relay';
const TWO = 'two relays, PostgreSQL';
const ONE = 'one relay, JSON files';

const today = new Date().toISOString().slice(0, 10);
const folder = await mkdtemp(join(tmpdir(), 'tillbook-absorb-'));
const postgres = await TestPostgres.start(true);
const results: Measured[] = [];
try {
  for (const size of SIZES) {
    for (const measure of [measureBare, measureTwo, measureOne]) {
      const measured = await measure(size);
      console.log(measured);
      results.push(measured);
    }
  }
} finally {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
console.log(await writeSection(report()));

async function measureBare(size: number): Promise<Measured> {
  const shops = await makeShops(Math.max(size, MEASURED_MIN));
  const url = await postgres.newUrl();
  await absorbBare(url, await signNight(shops.slice(0, WARM_UP), today));
  const absorbed = await absorbBare(url, await signNight(shops, today));
  return { way: BARE, shops: size, peakMiB: Number.NaN, cpuMs: Number.NaN, ...absorbed };
}

async function measureTwo(size: number): Promise<Measured> {
  const shops = await makeShops(size);
  const url = await postgres.newUrl();
  const db = await openPostgres(url);
  await enrolShops(db, shops);
  await db.close();
  const key = join(folder, `secret-${size}.key`);
  const env = { DATABASE_URL: url, RELAY_SECRET_KEY_FILE: key };
  return await measureRelays(TWO, shops, [env, env]);
}

async function measureOne(size: number): Promise<Measured> {
  const shops = await makeShops(size);
  const env = { RELAY_DATA_DIR: join(folder, `one-${size}`) };
  const db = await openLowdb(env.RELAY_DATA_DIR);
  await enrolShops(db, shops);
  await db.close();
  return await measureRelays(ONE, shops, [env]);
}

async function measureRelays(
  way: string,
  shops: Shop[],
  environments: readonly Environment[],
): Promise<Measured> {
  const processes = new Processes(folder);
  try {
    const relays: { url: string; pid: number }[] = [];
    for (const [index, env] of environments.entries()) {
      relays.push(await startRelay(processes, `${shops.length}-${index}`, env));
    }
    const urls = relays.map(({ url }) => url);
    const pids = relays.map(({ pid }) => pid);
    await warmUp(urls, shops);
    const cpuBefore = await cpuSeconds(pids);
    const absorbed = await deliverNights(urls, shops);
    const cpuMs = (((await cpuSeconds(pids)) - cpuBefore) * 1000) / absorbed.count;
    return { way, shops: shops.length, peakMiB: await peakMiB(pids), cpuMs, ...absorbed };
  } finally {
    await processes.stop();
  }
}

async function startRelay(processes: Processes, name: string, env: Environment) {
  const dataDir = join(folder, `relay-${name}`);
  await mkdir(dataDir, { recursive: true });
  const { child, listening } = await processes.start(`relay-${name}`, 'relay/main.js', ['run'], {
    RELAY_DATA_DIR: dataDir,
    RELAY_PORT: '0',
    ...env,
  });
  return { url: String(listening['http']), pid: child.pid ?? 0 };
}

async function warmUp(relays: readonly string[], shops: Shop[]): Promise<void> {
  for (let warm = 0; warm < WARM_UP; ) {
    const some = shops.slice(0, WARM_UP);
    await deliverTo(relays, await signNight(some, today));
    warm += some.length;
  }
}

async function deliverNights(relays: readonly string[], shops: Shop[]): Promise<Absorbed> {
  const nights: Absorbed[] = [];
  for (let measured = 0; measured < MEASURED_MIN; measured += shops.length) {
    nights.push(await deliverTo(relays, await signNight(shops, today)));
  }
  return together(nights);
}

function report() {
  return {
    part: 'relay' as const,
    title: 'Midnight: every shop delivers its summary',
    command: 'npm run bench:relay',
    targets: [absorbTarget(), growthTarget()],
    body: `${resultTable()}

64 deliveries under way, each over a connection of its own; signatures were made before. The load,
the relays and PostgreSQL (commits synced) share the processors. Fewer than ${MEASURED_MIN} shops
deliver several nights. "Again": a relay asked the shop to come again.`,
  };
}

function absorbTarget() {
  const shops = Math.max(...SIZES);
  const two = results.find(({ way, shops: of }) => way === TWO && of === shops);
  const seconds = two?.seconds ?? Number.NaN;
  return {
    target: `${shops} summaries are absorbed by two relays within ${TARGET_SECONDS} s`,
    measured: `${seconds.toFixed(1)} s`,
    reached: seconds <= TARGET_SECONDS,
  };
}

function growthTarget() {
  const costs = results.filter(({ way }) => way === TWO).map(({ perSecond }) => 1 / perSecond);
  const growth = (costs.at(-1) ?? Number.NaN) / (costs[0] ?? Number.NaN);
  return {
    target: `the cost of a summary is flat from ${SIZES[0]} to ${SIZES.at(-1)} shops (× ${GROWTH_MAX})`,
    measured: `× ${growth.toFixed(2)}`,
    reached: growth <= GROWTH_MAX,
  };
}

function resultTable(): string {
  const rows = results.map(row => {
    const bare = results.find(({ way, shops }) => way === BARE && shops === row.shops);
    const isRelay = row.way !== BARE;
    const costs = isRelay ? [row.cpuMs.toFixed(1), row.peakMiB.toFixed(0)] : ['', ''];
    return [
      ...[row.way, row.shops, row.count, row.seconds.toFixed(1), row.perSecond.toFixed(0)],
      ...[row.p50Ms.toFixed(0), row.p99Ms.toFixed(0), ...costs, row.again],
      (row.perSecond / (bare?.perSecond ?? Number.NaN)).toFixed(2),
    ];
  });
  const times = ['summaries', 's', 'per s', 'p50 ms', 'p99 ms'];
  const measured = [...times, 'relay CPU ms each', 'peak memory MiB', 'again'];
  return table(['way', 'shops', ...measured, 'per s vs bare'], rows);
}
