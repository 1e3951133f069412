/**
 * The agent's core on a temporary folder with a clock that tests set: real files, real journal, no
 * broker. Sales go straight into the intake.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from '../../agent/broker/broker.ts';
import type { Core } from '../../agent/cli/core.ts';
import { type Config, readConfig } from '../../agent/config.ts';
import { openRelayHttp, type RelayHttp } from '../../agent/delivery/relay-http.ts';
import { type Outside, openCore } from '../../agent/open-core.ts';
import type { DaySummary } from '../../protocol/day-summary.ts';
import { silentLog } from '../../protocol/host/log.ts';
import type { FakeRelay } from './fake-relay.ts';
import { saleMessage } from './messages.ts';

export interface TestClock {
  nowMs(): number;
  /** Sets the wall clock, RFC 3339. */
  set(instant: string): void;
  add(ms: number): void;
}

export function testClock(instant: string): TestClock {
  let nowMs = Date.parse(instant);
  return {
    nowMs: () => nowMs,
    set(next) {
      nowMs = Date.parse(next);
    },
    add(ms) {
      nowMs += ms;
    },
  };
}

export interface TestCore extends Core {
  clock: TestClock;
  http: RelayHttp;
  outside: Outside;
  dataDir: string;
  /** What works on the core and is stopped before it. */
  loops: { stop(): Promise<void> }[];
  /** Tills that count as connected. */
  connected: Set<string>;
  /** A sale of 11.00 in cash; the number is also its id. */
  sell(sequence: number, changes?: Record<string, unknown>, terminal?: string): Promise<string>;
  /** The newest signed summary of a date. */
  signedSummary(date: string): Promise<DaySummary>;
}

export interface TestCoreOptions {
  at?: string;
  clock?: TestClock;
  dataDir?: string;
  relay?: FakeRelay;
  env?: Record<string, string>;
}

const folders: string[] = [];
// Not with the test: what it started may still write while it is being stopped.
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-'));
  folders.push(folder);
  return folder;
}

/** Opens the core; enrolled when a relay is given. */
export async function openTestCore(
  t: TestContext,
  { at = '2026-11-22T12:00:00+08:00', relay, env = {}, ...given }: TestCoreOptions = {},
): Promise<TestCore> {
  const dataDir = given.dataDir ?? (await makeFolder());
  const clock = given.clock ?? testClock(at);
  const config = testConfig(dataDir, env);
  const proxy = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
  const http = await openRelayHttp({ proxy, caFile: undefined, deadlineMs: 1000 });
  const connected = new Set(['till-1']);
  const outside: Outside = { broker: brokerWith(connected) };
  const log = silentLog();
  const onFatal = () => undefined;
  const core = await openCore({ version: '0.0.0', config, clock, log, http, outside, onFatal });
  const loops: { stop(): Promise<void> }[] = [];
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    for (const loop of loops) await loop.stop();
    await core.stop();
    await http.stop();
  };
  t.after(stop);
  await core.watch.check();
  if (relay !== undefined && core.state.data.enrolment === undefined) {
    await core.enrol(relay.url, 'CODE');
  }
  return {
    ...core,
    ...{ clock, http, outside, dataDir, connected, loops, stop },
    sell: (sequence, changes = {}, terminal = 'till-1') =>
      sell(core, clock, terminal, { sequence, id: `${terminal}-${sequence}`, ...changes }),
    async signedSummary(date) {
      const day = core.signed.newest(date);
      if (day === undefined) throw new Error(`${date} is not closed`);
      return await core.signed.summary(day);
    },
  };
}

export function testConfig(dataDir: string, env: Record<string, string> = {}): Config {
  return readConfig({
    AGENT_TIMEZONE: 'Asia/Singapore',
    AGENT_DATA_DIR: dataDir,
    AGENT_DISK_RESERVE_MB: '1',
    ...env,
  });
}

/** Waits until the condition holds; a test that needs longer than this has failed. */
export async function until(condition: () => boolean, withinMs = 5000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error('it did not happen in time');
    await wait(10);
  }
}

async function sell(
  core: Core,
  clock: TestClock,
  terminal: string,
  changes: Record<string, unknown>,
): Promise<string> {
  const occurredAt = new Date(clock.nowMs()).toISOString();
  const payload = Buffer.from(JSON.stringify(saleMessage({ occurredAt, ...changes })));
  const verdict = await core.shop.intake.take(terminal, payload, { qos: 1, retained: false });
  return verdict.kind === 'quarantined' ? verdict.problem.code : verdict.kind;
}

/** As much of a broker as the core asks for. */
export function brokerWith(connected: ReadonlySet<string>): Broker {
  return {
    address: 'mqtt://127.0.0.1:1883',
    tlsAddress: undefined,
    connections: () =>
      [...connected].map(terminal => ({
        terminal,
        connected: true,
        lastSeenMs: undefined,
        qos0: 0,
        retained: 0,
        problems: [],
      })),
    reloadTls: () => undefined,
    stop: async () => undefined,
  };
}
