/**
 * `npm run bench:viewers`: do 50 people who watch the status page slow the tills? The same agent
 * takes sales with and without viewers in turn, at a shop's steady pace and as fast as it can.
 * Writes its part of RESULTS.md.
 */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Processes } from '../../deploy/demo/processes.ts';
import { agentEnv, residentMiB } from './contenders.ts';
import { cpuSeconds } from './process-cost.ts';
import { quantile, table, writeSection } from './results.ts';

const VIEWERS = 50;
const TILLS = 4;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const STEADY_PER_SECOND = 250;
const STEADY_SECONDS = 10;
const FAST_SALES = 60_000;
const FAST_WINDOW = 100;
/** Viewers may cost this share of the speed, and of the answer's time. */
const LOSS_MAX = 0.1;

interface Figures {
  acknowledged: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}
type Pace = 'steady' | 'fast';
interface Round extends Figures {
  pace: Pace;
  watched: boolean;
  memoryMiB: number;
  /** Of the agent alone: what the viewers' and the tills' own work does not blur. */
  cpuUsPerSale: number;
}

const folder = await mkdtemp(join(tmpdir(), 'tillbook-viewers-'));
const processes = new Processes(folder);
const rounds: Round[] = [];
let events = 0;
try {
  const shop = await startShop();
  await sell('fast', shop); // A program that just started is slow.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const pace of ['steady', 'fast'] as const) {
      for (const watched of [false, true]) rounds.push(await measure(shop, pace, watched));
    }
  }
} finally {
  await processes.stop();
  await rm(folder, { recursive: true, force: true });
}
console.log(await writeSection(report()));

interface Shop {
  mqtt: string;
  page: string;
  pid: number;
  passwords: Record<string, string>;
  runs: number;
}

async function startShop(): Promise<Shop> {
  const env = agentEnv(join(folder, 'agent'));
  const passwords: Record<string, string> = {};
  for (let till = 1; till <= TILLS; till += 1) {
    const add = ['terminal', 'add', `till-${till}`, '--json'];
    const { password } = JSON.parse(await processes.run('agent/main.js', add, env));
    passwords[`till-${till}`] = String(password);
  }
  const { child, listening } = await processes.start('agent', 'agent/main.js', ['run'], env);
  const [mqtt, page] = [String(listening['mqtt']), String(listening['http'])];
  return { mqtt, page, pid: child.pid ?? 0, passwords, runs: 0 };
}

async function measure(shop: Shop, pace: Pace, watched: boolean): Promise<Round> {
  const viewers = watched ? await watch(shop.page) : [];
  const before = events;
  const cpuBefore = await cpuSeconds([shop.pid]);
  const figures = await sell(pace, shop);
  const cpu = (await cpuSeconds([shop.pid])) - cpuBefore;
  const cpuUsPerSale = (cpu * 1e6) / figures.acknowledged;
  const memoryMiB = await residentMiB([shop.pid]);
  for (const viewer of viewers) viewer.destroy();
  if (watched && events - before < VIEWERS) throw new Error('the viewers saw nothing');
  const round = { pace, watched, memoryMiB, cpuUsPerSale, ...figures };
  console.log(round);
  return round;
}

async function sell(pace: Pace, shop: Shop): Promise<Figures> {
  shop.runs += 1;
  const secrets = JSON.stringify(shop.passwords);
  const script = pace === 'steady' ? 'test/bench/steady.js' : 'test/bench/load.js';
  const args =
    pace === 'steady'
      ? [shop.mqtt, STEADY_PER_SECOND, STEADY_SECONDS, secrets, shop.runs]
      : [shop.mqtt, TILLS, FAST_WINDOW, FAST_SALES, secrets, `run${shop.runs}`];
  return JSON.parse(await processes.run(script, args.map(String), {})) as Figures;
}

/** Browsers that keep the page open; what they are sent is read and counted. */
async function watch(page: string): Promise<IncomingMessage[]> {
  const viewers: IncomingMessage[] = [];
  for (let i = 0; i < VIEWERS; i += 1) {
    const [response] = (await once(get(`${page}/events`), 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`a viewer was sent ${response.statusCode}`);
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      events += text.split('event: status').length - 1;
    });
    response.on('error', () => undefined);
    viewers.push(response);
  }
  return viewers;
}

function of(pace: Pace, watched: boolean): Round[] {
  return rounds.filter(round => round.pace === pace && round.watched === watched);
}

/** Medians of the rounds. */
function middle(some: readonly Round[]): Omit<Round, 'pace' | 'watched'> {
  const median = (read: (round: Round) => number) => quantile(some.map(read), 0.5);
  return {
    acknowledged: some.reduce((sum, round) => sum + round.acknowledged, 0),
    perSecond: median(round => round.perSecond),
    p50Ms: median(round => round.p50Ms),
    p99Ms: median(round => round.p99Ms),
    memoryMiB: median(round => round.memoryMiB),
    cpuUsPerSale: median(round => round.cpuUsPerSale),
  };
}

function ratio(pace: Pace, read: (figures: Figures) => number): number {
  return read(middle(of(pace, true))) / read(middle(of(pace, false)));
}

function report() {
  const speed = ratio('fast', figures => figures.perSecond);
  const answer = ratio('steady', figures => figures.p99Ms);
  return {
    part: 'viewers' as const,
    title: `${VIEWERS} viewers of the status page while tills sell`,
    command: 'npm run bench:viewers',
    targets: [
      {
        target: `sales per second with viewers, of those without (at least ${1 - LOSS_MAX})`,
        measured: `× ${speed.toFixed(2)}`,
        reached: speed >= 1 - LOSS_MAX,
      },
      {
        target: `p99 with viewers at a steady pace, of that without (at most ${1 + LOSS_MAX})`,
        measured: `× ${answer.toFixed(2)}`,
        reached: answer <= 1 + LOSS_MAX,
      },
    ],
    body: `${resultTable()}

Medians of ${ROUNDS} rounds in turn on one agent, ${TILLS} tills: steady is ${STEADY_PER_SECOND} sales a second for ${STEADY_SECONDS} s, timed
from when each sale was due; fast keeps ${FAST_WINDOW} in flight per till. The viewers were sent ${events} events
while ${soldWatched()} sales were taken, several days of a busy shop.`,
  };
}

function soldWatched(): number {
  return rounds.reduce((sum, round) => sum + (round.watched ? round.acknowledged : 0), 0);
}

function resultTable(): string {
  const rows = (['steady', 'fast'] as const).flatMap(pace =>
    [false, true].map(watched => {
      const { perSecond, p50Ms, p99Ms, memoryMiB, cpuUsPerSale } = middle(of(pace, watched));
      const times = [p50Ms.toFixed(2), p99Ms.toFixed(2), cpuUsPerSale.toFixed(0)];
      return [
        pace,
        watched ? `${VIEWERS}` : 'none',
        perSecond.toFixed(0),
        ...times,
        memoryMiB.toFixed(0),
      ];
    }),
  );
  const times = ['p50 ms', 'p99 ms', 'agent CPU µs per sale', 'memory MiB'];
  return table(['pace', 'viewers', 'sales per s', ...times], rows);
}
