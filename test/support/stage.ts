/**
 * A whole shop for flow tests: stand-in, relay and agent as processes on free ports in a temporary
 * folder, enrolled and connected the way people do it. Everything stops with the test.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import {
  ADMIN,
  connectXero,
  controlXero,
  mapNames,
  prepareXero,
} from '../../deploy/demo/head-office.ts';
import {
  type Environment,
  freePort,
  Processes,
  type Program,
} from '../../deploy/demo/processes.ts';

export const TIMEZONE = 'Asia/Singapore';
const IN_TIME_MS = 30_000;

export interface StageDay {
  store: string;
  date: string;
  revision: number;
  state: string;
  reason?: unknown;
  documents: { kind: string; number: string; id: string; total: number }[];
  totals: { gross: number; tax: number; tenders: Record<string, number> };
  reconciled: boolean;
}

/** What is run as agent and relay: compiled code, or what was installed somewhere. */
export interface StagePrograms {
  agent?: string;
  relay?: string;
  /** Settings of the agent beside those of every stage. */
  agentEnv?: Environment;
}

export class Stage {
  readonly folder: string;
  readonly #agentProgram: string;
  readonly #relayProgram: string;
  readonly processes: Processes;
  readonly relayEnv: Environment;
  readonly agentEnv: Environment;
  readonly xero: string;
  readonly relayUrl: string;
  store = '';
  token = '';
  relay: Program | undefined;
  agent: Program | undefined;

  private constructor(
    folder: string,
    processes: Processes,
    xero: string,
    relayPort: number,
    programs: StagePrograms,
  ) {
    this.#agentProgram = programs.agent ?? 'agent/main.js';
    this.#relayProgram = programs.relay ?? 'relay/main.js';
    this.folder = folder;
    this.processes = processes;
    this.xero = xero;
    this.relayUrl = `http://127.0.0.1:${relayPort}`;
    this.relayEnv = {
      RELAY_DATA_DIR: join(folder, 'relay'),
      RELAY_PORT: String(relayPort),
      RELAY_PUBLIC_URL: this.relayUrl,
      XERO_LOGIN_URL: xero,
      XERO_IDENTITY_URL: xero,
      XERO_API_URL: xero,
    };
    this.agentEnv = {
      AGENT_DATA_DIR: join(folder, 'agent'),
      AGENT_MQTT_HOST: '127.0.0.1',
      AGENT_MQTT_PORT: '0',
      AGENT_HTTP_HOST: '127.0.0.1',
      AGENT_HTTP_PORT: '0',
      ...programs.agentEnv,
    };
  }

  /**
   * Everything up, enrolled, connected and mapped.
   * @param relayEnv settings of the relay beside those of every stage
   */
  static async raise(relayEnv: Environment = {}, programs: StagePrograms = {}): Promise<Stage> {
    const stage = await Stage.bare(relayEnv, programs);
    try {
      await stage.startRelay();
      await stage.startAgent();
      await stage.#enrolAndConnect();
      return stage;
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  /** Only the stand-in for Xero runs. */
  static async bare(relayEnv: Environment = {}, programs: StagePrograms = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'tillbook-flow-'));
    const processes = new Processes(folder);
    const xero = await processes.start('xero', 'test/support/xero/main.js', ['--port', '0'], {});
    const address = String(xero.listening['http']);
    const stage = new Stage(folder, processes, address, await freePort(), programs);
    Object.assign(stage.relayEnv, relayEnv);
    return stage;
  }

  async startRelay(env: Environment = {}): Promise<void> {
    const all = { ...this.relayEnv, ...env };
    this.relay = await this.processes.start('relay', this.#relayProgram, ['run'], all);
  }

  async startAgent(env: Environment = {}): Promise<void> {
    const all = { ...this.agentEnv, ...env };
    this.agent = await this.processes.start('agent', this.#agentProgram, ['run'], all);
    // The same port after a restart, as a till expects it.
    this.agentEnv['AGENT_MQTT_PORT'] = new URL(this.broker).port;
  }

  get broker(): string {
    return String(this.agent?.listening['mqtt']);
  }

  get statusUrl(): string {
    return String(this.agent?.listening['http']);
  }

  agentCommand(...args: string[]): Promise<string> {
    return this.processes.run(this.#agentProgram, args, this.agentEnv);
  }

  relayCommand(args: string[], input?: string): Promise<string> {
    return this.processes.run(this.#relayProgram, args, this.relayEnv, input);
  }

  async addTerminal(id: string): Promise<string> {
    const added = await this.agentCommand('terminal', 'add', id, '--json');
    return (JSON.parse(added) as { password: string }).password;
  }

  /** The day's row of the API, once `until` says it is as wanted. */
  async waitForDay(
    date: string,
    until: (day: StageDay) => boolean,
    limitMs = IN_TIME_MS,
  ): Promise<StageDay> {
    const end = Date.now() + limitMs;
    let last: unknown;
    while (Date.now() < end) {
      const answer = await request(`${this.relayUrl}/api/v1/days/${this.store}/${date}`, {
        headers: { authorization: `Bearer ${this.token}` },
      }).catch(() => undefined); // The relay may be down just now: that is what some tests want.
      last = answer === undefined ? 'no answer' : await answer.body.json();
      if (answer?.statusCode === 200 && until(last as StageDay)) return last as StageDay;
      await wait(100);
    }
    throw new Error(`${date} did not get there in time: ${JSON.stringify(last)}`);
  }

  async documents(): Promise<Record<string, unknown>[]> {
    return (await controlXero(this.xero, 'documents', {})) as Record<string, unknown>[];
  }

  async payments(): Promise<Record<string, unknown>[]> {
    return (await controlXero(this.xero, 'payments', {})) as Record<string, unknown>[];
  }

  control(call: string, argument: object): Promise<unknown> {
    return controlXero(this.xero, call, argument);
  }

  async stop(): Promise<void> {
    await this.processes.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #enrolAndConnect(): Promise<void> {
    await this.relayCommand(['admin', 'add', ADMIN.email], `${ADMIN.password}\n`);
    const zone = ['--timezone', TIMEZONE, '--currency', 'SGD'];
    const store = await this.relayCommand(['store', 'add', 'Tanjong Pagar', ...zone, '--json']);
    const { id, code } = JSON.parse(store) as { id: string; code: string };
    this.store = id;
    await this.agentCommand('enrol', '--relay', this.relayUrl, '--code', code);
    const addresses = { relay: this.relayUrl, xero: this.xero };
    await prepareXero(addresses);
    await connectXero(addresses, () => undefined);
    const token = await this.relayCommand([
      'token',
      'add',
      'flow',
      '--role',
      'bookkeeper',
      '--json',
    ]);
    this.token = (JSON.parse(token) as { token: string }).token;
    await mapNames(this.relayUrl, this.store, this.token);
  }
}

/** Kills without a chance to tidy up, and waits until the process is gone. */
export async function kill(program: Program | undefined): Promise<void> {
  const child = program?.child;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise(done => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
}
