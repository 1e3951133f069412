/**
 * One shop under faults: a real agent process, enrolled at a relay in the test, with tills that keep
 * their own record. `end` heals everything, closes and sends the day, and asks the verifier.
 */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openTerminals } from '../../agent/broker/terminals.ts';
import { systemClock } from '../../agent/clock.ts';
import type { AgentStatus } from '../../agent/status/status.ts';
import { askControl } from '../../protocol/host/control-socket.ts';
import { tempFolder } from '../support/agent.ts';
import { type AgentProcess, agentEnv, startAgent } from '../support/agent-process.ts';
import { type FakeRelay, startFakeRelay } from '../support/fake-relay.ts';
import { type Broken, WHOLE } from './canaries.ts';
import type { ReceiptOptions } from './receipts.ts';
import { ClientRecord, Till } from './tills.ts';
import { assertNoFaults, type Findings, inspectClosed } from './verifier.ts';

/** Generous: a busy machine must not make a test fail. */
export const IN_TIME_MS = 90_000;

const ASK_EVERY_MS = 50;
/** What a broker of the shop's own still has for the agent: thousands a second. */
const TAKEN_WITHIN_MS = 20_000;

export interface StartOptions {
  /** A program and its arguments that runs the agent. */
  wrap?: readonly string[];
  env?: Record<string, string>;
}

export interface Invitation {
  relay: string;
  code: string;
}

export interface OpenOptions {
  /** A folder to live in; else a temporary one. */
  place?: string;
  /** Else the shop is enrolled at a small relay in the test. */
  invitation?: Invitation;
  /** A canary's environment. */
  broken?: Broken;
  /** Of every agent that is started. */
  env?: Record<string, string>;
  /** A broker of the shop's own, where tills publish and from which the agent takes sales. */
  broker?: string;
}

export class FaultyShop {
  readonly folder: string;
  readonly relay: FakeRelay;
  readonly record = new ClientRecord();
  readonly #t: TestContext;
  tills: readonly Till[] = [];
  agent: AgentProcess | undefined;
  /** False when it is enrolled at another relay than that of the test. */
  #sendsHere = true;
  readonly #env: Record<string, string>;
  readonly #broker: string | undefined;

  private constructor(t: TestContext, folder: string, relay: FakeRelay, options: OpenOptions) {
    this.#t = t;
    this.folder = folder;
    this.relay = relay;
    const { broken = WHOLE, broker, env } = options;
    const upstream = broker === undefined ? {} : { AGENT_UPSTREAM_URL: broker };
    this.#env = { ...env, ...upstream, ...broken };
    this.#broker = broker;
  }

  /** Enrolled, with its tills; no agent runs yet. */
  static async open(t: TestContext, tills = 3, options: OpenOptions = {}): Promise<FaultyShop> {
    let opened: FaultyShop | undefined;
    t.after(() => opened?.abandon()); // Before its folder goes.
    const folder = join(options.place ?? (await tempFolder(t)), 'agent');
    const relay = await startFakeRelay(t);
    const shop = new FaultyShop(t, folder, relay, options);
    opened = shop;
    await shop.start();
    await shop.#enrol(options.invitation ?? { relay: relay.url, code: 'code' });
    await shop.stop();
    const terminals = await openTerminals(folder, systemClock);
    const added = [];
    for (let number = 1; number <= tills; number += 1) {
      const { id, password } = await terminals.add(`till-${number}`);
      added.push(new Till(shop.record, id, password));
    }
    shop.tills = added;
    return shop;
  }

  async #enrol(options: Invitation): Promise<void> {
    await askControl(this.folder, 'enrol', { positionals: [], options });
    this.#sendsHere = options.relay === this.relay.url;
  }

  /** @throws Error when the agent ends before it listens */
  async start({ wrap = [], env = {} }: StartOptions = {}): Promise<AgentProcess> {
    const quick = { AGENT_CLOSE_GRACE_MINUTES: '0', UV_THREADPOOL_SIZE: '1' };
    const environment = agentEnv(this.folder, { ...quick, ...this.#env, ...env });
    this.agent = await startAgent(this.#t, environment, wrap);
    return this.agent;
  }

  get running(): AgentProcess {
    if (this.agent === undefined) throw new Error('no agent runs');
    return this.agent;
  }

  async stop(): Promise<number | null> {
    const code = await this.running.stop();
    this.agent = undefined;
    return code;
  }

  async kill(): Promise<void> {
    await this.running.stop('SIGKILL');
    this.agent = undefined;
  }

  /** Whatever a test that failed has left: tills that sell, an agent that runs. */
  async abandon(): Promise<void> {
    for (const till of this.tills) till.hangUp();
    await this.agent?.stop('SIGKILL');
  }

  /** All tills sell until it is enough or the agent is gone. */
  async sell(enough: () => boolean, window = 1, receipt: ReceiptOptions = {}): Promise<void> {
    const broker = this.#broker ?? this.running.mqtt;
    const options = { window, enough, ...receipt };
    await Promise.all(this.tills.map(till => till.sell(broker, options)));
  }

  /** So many new acknowledgements, if the agent lives. */
  async sellSome(count: number, window = 1, receipt: ReceiptOptions = {}): Promise<void> {
    const goal = this.record.acknowledged.size + count;
    await this.sell(() => this.record.acknowledged.size >= goal, window, receipt);
  }

  async status(): Promise<AgentStatus> {
    const answer = await fetch(`${this.running.http}/status.json`);
    return (await answer.json()) as AgentStatus;
  }

  async waitForStatus(
    what: string,
    until: (status: AgentStatus) => boolean,
    withinMs = IN_TIME_MS,
  ): Promise<AgentStatus> {
    const ask = async () => {
      const status = await this.status();
      return until(status) ? status : undefined;
    };
    return await waitFor(what, ask, withinMs);
  }

  /** The tills send what they still have, until the agent has it all. */
  async settle(): Promise<void> {
    const { child } = this.running;
    await waitFor('every receipt is acknowledged', async () => {
      await this.sell(() => true, 20);
      const settled = this.tills.every(till => this.record.waiting(till.id).length === 0);
      return settled || child.exitCode !== null || undefined;
    });
    if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}`);
    if (this.#broker === undefined) return;
    // Only its broker has acknowledged them.
    const hasAll = ({ today }: AgentStatus) => today.transactions >= this.record.sent.size;
    await this.waitForStatus('the agent has every receipt', hasAll, TAKEN_WITHIN_MS);
  }

  /** Closes every date with sales, the current one too. */
  async close(): Promise<void> {
    for (const name of (await readdir(join(this.folder, 'journal'))).sort()) {
      if (!name.endsWith('.ndjson')) continue;
      const positionals = [basename(name, '.ndjson')];
      await askControl(this.folder, 'close', { positionals, options: {} });
    }
  }

  /** Everything is healed: what do the tills, the journal, the summaries and the relay say? */
  async end(): Promise<Findings> {
    if (this.agent === undefined) await this.start();
    const trouble = await this.#finish().then(
      () => [],
      error => [String(error)],
    );
    await this.stop();
    const findings = await inspectClosed(this.folder, this.record);
    findings.faults.unshift(...trouble);
    if (!this.#sendsHere) return findings;
    const sent = new Map(this.relay.received.map(({ summary }) => [summary.number, summary]));
    for (const { businessDate, number } of findings.summaries.values()) {
      if (!sent.has(number)) findings.faults.push(`${businessDate} never came to head office`);
    }
    return findings;
  }

  async #finish(): Promise<void> {
    await this.settle();
    await this.close();
    await this.waitForStatus('every day is delivered', ({ outbox }) => outbox.waiting === 0);
  }

  /** The usual end of a fault run. */
  async endWell(): Promise<void> {
    assertNoFaults(await this.end());
  }
}

/** Asks until there is an answer; an error counts as none. @throws Error after `withinMs` */
export async function waitFor<Result>(
  what: string,
  ask: () => Promise<Result | undefined>,
  withinMs = IN_TIME_MS,
): Promise<Result> {
  const end = Date.now() + withinMs;
  let last: unknown = 'no';
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error; // The agent may be away just now: that is what some tests want.
    }
    await wait(ASK_EVERY_MS);
  }
  throw new Error(`not in time: ${what} (${String(last)})`);
}
