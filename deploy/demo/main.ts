/**
 * `npm run demo`: the whole of Tillbook on one machine. Real processes, real sockets, real files;
 * only Xero is a stand-in. Plays a trading day, closes it, and compares tills, agent, relay and
 * Xero. `-- --once` ends by itself: exit code 0 when all agree to the cent, else 1.
 */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { businessDateOf, dayStart, formatInstant } from '../../protocol/business-date.ts';
import { readUnverifiedPayload } from '../../protocol/signing.ts';
import {
  type ComparedRow,
  compareDay,
  isSettled,
  type RelayDay,
  type SignedDay,
  type XeroInvoice,
  type XeroPayment,
} from './comparison.ts';
import { ADMIN, connectXero, controlXero, mapNames, prepareXero } from './head-office.ts';
import { freePort, type Listening, Processes } from './processes.ts';
import { Progress, paint, say, step } from './screen.ts';
import { playDay } from './shop.ts';
import { showComparison, showInvoice } from './show.ts';
import { makeTradingDay, type TradingDay } from './trading-day.ts';

const TIMEZONE = 'Asia/Singapore';
const OPENING_HOURS_MS = 10 * 3_600_000;
const IN_THE_BOOKS_MAX_MS = 40_000;

interface Stage {
  processes: Processes;
  folder: string;
  relay: string;
  xero: string;
  status: string;
  broker: string;
  store: string;
  token: string;
  agentEnv: Record<string, string>;
}

const once = process.argv.includes('--once');
const folder = await mkdtemp(join(tmpdir(), 'tillbook-demo-'));
const processes = new Processes(folder);
/** Resolves at Ctrl-C or SIGTERM. The programs' pipes keep this process alive until then. */
const interrupted = new Promise<void>(done => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
});
let agrees = false;
try {
  await Promise.race([play(), interrupted]);
} catch (error) {
  say(paint('red', `\nThe demo failed: ${error instanceof Error ? error.message : error}`));
  say(`The logs are in ${folder}`);
} finally {
  await processes.stop();
}
process.exit(agrees ? 0 : 1);

async function play(): Promise<void> {
  say(paint('bold', '\nTillbook demo: one shop, three tills, one trading day\n'));
  const stage = await raise(processes);
  const day = await trade(stage);
  agrees = await close(stage, day);
  if (once) return;
  showAddresses(stage);
  await interrupted;
}

/** Starts every program and does what a new shop does once. */
async function raise(processes: Processes): Promise<Stage> {
  step('Starting the Xero stand-in, the relay and the agent');
  const xeroProgram = await processes.start(
    'xero',
    'test/support/xero/main.js',
    ['--port', '0'],
    {},
  );
  const xero = address(xeroProgram.listening, 'http');
  const relayPort = await freePort();
  const relay = `http://127.0.0.1:${relayPort}`;
  const relayEnv = {
    RELAY_DATA_DIR: join(folder, 'relay'),
    RELAY_PORT: String(relayPort),
    RELAY_PUBLIC_URL: relay,
    XERO_LOGIN_URL: xero,
    XERO_IDENTITY_URL: xero,
    XERO_API_URL: xero,
  };
  const agentEnv = {
    AGENT_DATA_DIR: join(folder, 'agent'),
    AGENT_MQTT_HOST: '127.0.0.1',
    AGENT_MQTT_PORT: '0',
    AGENT_HTTP_HOST: '127.0.0.1',
    AGENT_HTTP_PORT: '0',
  };
  await processes.start('relay', 'relay/main.js', ['run'], relayEnv);
  const agent = await processes.start('agent', 'agent/main.js', ['run'], agentEnv);
  const relayCommand = (args: string[], input?: string) =>
    processes.run('relay/main.js', args, relayEnv, input);
  await relayCommand(['admin', 'add', ADMIN.email], `${ADMIN.password}\n`);
  const store = parse<{ id: string; code: string }>(
    await relayCommand([
      'store',
      'add',
      'Tanjong Pagar',
      '--timezone',
      TIMEZONE,
      '--currency',
      'SGD',
      '--json',
    ]),
  );
  step('Enrolling the shop with its one-time code');
  await processes.run('agent/main.js', ['enrol', '--relay', relay, '--code', store.code], agentEnv);
  step('Head office connects Xero');
  await prepareXero({ relay, xero });
  await connectXero({ relay, xero }, text => say(paint('dim', `    ${text}`)));
  const token = parse<{ token: string }>(
    await relayCommand(['token', 'add', 'demo', '--role', 'bookkeeper', '--json']),
  ).token;
  await mapNames(relay, store.id, token);
  const status = address(agent.listening, 'http');
  const broker = address(agent.listening, 'mqtt');
  return { processes, folder, relay, xero, status, broker, store: store.id, token, agentEnv };
}

/** Three tills sell; everything they were told is safe must be in the books. */
async function trade({ processes, broker, agentEnv }: Stage): Promise<TradingDay> {
  const calendar = { timezone: TIMEZONE, cutOver: '00:00' };
  const now = Date.now();
  const date = businessDateOf(now, calendar);
  const opened = Math.max(dayStart(date, calendar), now - OPENING_HOURS_MS);
  const day = makeTradingDay(date, share =>
    formatInstant(opened + Math.floor(share * (now - opened)), TIMEZONE),
  );
  const passwords: Record<string, string> = {};
  for (const { id } of day.tills) {
    const added = await processes.run('agent/main.js', ['terminal', 'add', id, '--json'], agentEnv);
    passwords[id] = parse<{ password: string }>(added).password;
  }
  step(
    `Trading on ${date}: sales, refund, void, tip, gift cards, cash; till-3 is offline at first`,
  );
  const progress = new Progress('acknowledged (on disk)', day.tally.transactions);
  const played = await playDay(processes, { folder, broker, passwords }, day, () =>
    progress.add(1),
  );
  say(
    `  ${played.acknowledged} acknowledged, one set aside as ` +
      `“${played.problems[0]?.code}” and recorded anew, corrected`,
  );
  return day;
}

/** The day close, the wait for the invoice, and the comparison. */
async function close(stage: Stage, day: TradingDay): Promise<boolean> {
  step('Closing the day: one signed summary goes to the relay');
  await stage.processes.run('agent/main.js', ['close', day.date], stage.agentEnv);
  const relayDay = await waitForBooks(stage, day.date);
  const [invoice] = (await controlXero(stage.xero, 'documents', {})) as XeroInvoice[];
  if (invoice === undefined) throw new Error(`no invoice: ${JSON.stringify(relayDay)}`);
  const payments = (await controlXero(stage.xero, 'payments', {})) as XeroPayment[];
  showInvoice(invoice, payments);
  const jws = await readFile(join(folder, 'agent', 'summaries', `${day.date}.1.jws`), 'utf8');
  const signed = readUnverifiedPayload(jws.trim()) as SignedDay;
  const rows: ComparedRow[] = compareDay(day, signed, relayDay, invoice, payments);
  showComparison(rows, day.currency);
  const taxApart = Math.round(invoice.TotalTax * 100) - relayDay.totals.tax;
  if (taxApart !== 0) {
    say(
      paint(
        'dim',
        `  Xero computes tax per invoice line, the tills per receipt: ${taxApart} cents apart.`,
      ),
    );
  }
  const agrees = rows.every(row => row.agrees) && isSettled(relayDay, invoice);
  say(
    agrees
      ? paint(['bold', 'green'], '\nTills, agent, relay and Xero agree to the cent.')
      : paint(['bold', 'red'], `\nThe books do NOT agree: ${JSON.stringify(relayDay)}`),
  );
  return agrees;
}

async function waitForBooks(stage: Stage, date: string): Promise<RelayDay> {
  const url = `${stage.relay}/api/v1/days/${stage.store}/${date}`;
  const headers = { authorization: `Bearer ${stage.token}` };
  const until = Date.now() + IN_THE_BOOKS_MAX_MS;
  let last: RelayDay | undefined;
  while (Date.now() < until) {
    const answer = await request(url, { headers });
    const body = await answer.body.text();
    if (answer.statusCode === 200) last = parse<RelayDay>(body);
    if (last?.reconciled === true) return last;
    await wait(200);
  }
  throw new Error(`the day was not in the books in time: ${JSON.stringify(last)}`);
}

function showAddresses({ status, relay, xero }: Stage): void {
  say('\nEverything keeps running. Look around:');
  say(`  status page of the shop  ${paint('underline', status)}`);
  say(`  head office              ${paint('underline', `${relay}/days`)}`);
  say(`    sign in with ${ADMIN.email} / ${ADMIN.password}`);
  say(`  Xero stand-in            ${paint('underline', xero)}`);
  say('\nCtrl-C ends it.');
}

function address(listening: Listening, name: string): string {
  const value = listening[name];
  if (typeof value !== 'string')
    throw new Error(`no ${name} address: ${JSON.stringify(listening)}`);
  return value;
}

function parse<Shape>(json: string): Shape {
  return JSON.parse(json) as Shape;
}
