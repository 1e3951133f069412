/**
 * A shop for tests of the agent: data folder, calendar, clock, messages, terminals over real MQTT.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import mqtt, { type MqttClient } from 'mqtt';
import { type Broker, type BrokerOptions, startBroker } from '../../agent/broker/broker.ts';
import { openTerminals, type Terminals } from '../../agent/broker/terminals.ts';
import { type Clock, systemClock } from '../../agent/clock.ts';
import type { StoreCalendar } from '../../agent/intake/ports.ts';
import { openShop, type Shop, type ShopOptions } from '../../agent/intake.ts';
import { businessDateOf } from '../../protocol/business-date.ts';
import { silentLog } from '../../protocol/host/log.ts';

export async function tempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestCalendar extends StoreCalendar {
  closed: Set<string>;
  foreign: Set<string>;
  clockTrusted: boolean;
}

export function testCalendar(clock: Clock = systemClock, fixed?: string): TestCalendar {
  const zone = { timezone: 'Asia/Singapore', cutOver: '00:00' };
  let currency = fixed;
  const calendar: TestCalendar = {
    closed: new Set(),
    foreign: new Set(),
    clockTrusted: true,
    businessDateOf: instantMs => businessDateOf(instantMs, zone),
    today: () => businessDateOf(clock.nowMs(), zone),
    currency: () => currency,
    fixCurrency: async chosen => {
      currency = chosen;
    },
    clockVerdictOn: () => calendar.clockTrusted,
    isClosed: date => calendar.closed.has(date),
    acceptsDate: date => !calendar.foreign.has(date),
  };
  return calendar;
}

export async function openTestShop(
  dataDir: string,
  options: Partial<ShopOptions> = {},
): Promise<Shop> {
  return await openShop({
    dataDir,
    clock: systemClock,
    calendar: testCalendar(),
    log: silentLog(),
    diskReserveMb: 1,
    onFatal: () => undefined,
    ...options,
  });
}

export interface RunningShop {
  dataDir: string;
  shop: Shop;
  broker: Broker;
  terminals: Terminals;
  port: number;
  /** A connected terminal, added first if it is new. */
  terminal(id: string): Promise<MqttClient>;
  stop(): Promise<void>;
}

/** Broker, intake and disk of one shop; stops with the test. */
export async function runShop(
  t: TestContext,
  options: Partial<ShopOptions> & { broker?: Partial<BrokerOptions> } = {},
): Promise<RunningShop> {
  const dataDir = options.dataDir ?? (await tempFolder(t));
  const shop = await openTestShop(dataDir, options);
  const clock = options.clock ?? systemClock;
  const terminals = await openTerminals(dataDir, clock);
  const broker = await startBroker({
    host: '127.0.0.1',
    port: 0,
    intake: shop.intake,
    terminals,
    clock,
    log: silentLog(),
    ...options.broker,
  });
  const port = Number(new URL(broker.address).port);
  const clients: MqttClient[] = [];
  const passwords = new Map<string, string>();
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    for (const client of clients) client.end(true);
    await broker.stop();
    await shop.stop();
  };
  t.after(stop);
  return {
    ...{ dataDir, shop, broker, terminals, port, stop },
    terminal: async id => {
      const password = passwords.get(id) ?? (await terminals.add(id)).password;
      passwords.set(id, password);
      const client = await connectTerminal(port, id, password);
      clients.push(client);
      return client;
    },
  };
}

export async function connectTerminal(
  port: number,
  id: string,
  password: string,
): Promise<MqttClient> {
  return await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId: id,
    username: id,
    password,
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 5000,
  });
}

export async function publish(client: MqttClient, message: unknown, qos: 0 | 1 | 2 = 1) {
  const terminal = String(client.options.clientId);
  const payload =
    typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message);
  await client.publishAsync(`pos/v1/${terminal}/transactions`, payload, { qos });
}

/** A sale of one item for cash; `changes` go over it. */
export function sale(sequence: number, changes: Record<string, unknown> = {}) {
  const amount = 100 + sequence;
  return {
    version: 1,
    id: `sale-${sequence}`,
    type: 'sale',
    sequence,
    occurredAt: new Date().toISOString(),
    currency: 'SGD',
    lines: [{ kind: 'item', category: 'Coffee', amount, taxCode: 'GST9', tax: 8 }],
    tenders: [{ method: 'cash', amount }],
    ...changes,
  };
}

/** The parsed lines of a journal file. */
export async function journalLines(dataDir: string, date: string): Promise<JournalLine[]> {
  const text = await readFile(join(dataDir, 'journal', `${date}.ndjson`), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as JournalLine);
}

export interface JournalLine {
  receivedAt: string;
  terminal: string;
  transaction: { id: string; sequence: number };
  prev: string;
  hash: string;
}
