/**
 * Empties the outbox into the agent over MQTT 3.1.1, QoS 1, clean session: from the oldest receipt
 * on, several on their way at once, each again and again until its PUBACK. A connection that breaks,
 * is refused or gives no answer is made anew with a growing pause.
 */
import mqtt, { type ErrorWithReasonCode, type MqttClient } from 'mqtt';
import { messageOf } from '../../protocol/errors.ts';
import { problemsTopic, transactionsTopic } from '../../protocol/topics.ts';
import type { Disconnected, Problem } from './events.ts';
import type { Outbox } from './outbox.ts';
import type { Message } from './receipt.ts';

const ON_THE_WAY_MAX = 32;
const CONNECT_WITHIN_MS = 10_000;
/** The agent's answer waits for its disk; after this much silence the connection is given up. */
const ANSWER_WITHIN_MS = 30_000;
const KEEPALIVE_S = 20;
const PAUSE_MIN_MS = 1000;
const PAUSE_MAX_MS = 60_000;

export interface SenderOptions {
  /** `mqtt://host:1883` or `mqtts://host:8883` */
  url: string;
  terminal: string;
  password: string;
  /** PEM of the certificate or authority to trust. */
  ca: string | undefined;
  outbox: Outbox;
  pauseMinMs: number | undefined;
  answerWithinMs: number | undefined;
  onConnected: () => void;
  onDisconnected: (why: Disconnected) => void;
  onDelivered: (message: Message) => void;
  onProblem: (problem: Problem) => void;
}

export class Sender {
  readonly #options: SenderOptions;
  #client: MqttClient | undefined;
  #ready = false;
  readonly #onTheWay = new Set<Message>();
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #answerTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#ready;
  }

  /** Connects, and goes on trying until `stop`; never throws. */
  start(): void {
    if (this.#stopped) return;
    const { url, terminal, password, ca } = this.#options;
    const client = mqtt.connect(url, {
      ...{ protocolVersion: 4, clean: true, clientId: terminal, username: terminal, password },
      ...{ reconnectPeriod: 0, connectTimeout: CONNECT_WITHIN_MS, keepalive: KEEPALIVE_S },
      ...{ resubscribe: false, ...(ca === undefined ? {} : { ca }) },
    });
    this.#client = client;
    let reason: Error | undefined;
    client.on('error', error => {
      reason = error;
    });
    client.on('message', (_topic, payload) => this.#takeProblem(payload));
    client.on('connect', () => {
      // Problems are not kept for who is away: ask for them before anything is sent.
      client.subscribe(problemsTopic(terminal), { qos: 1 }, () => this.#begin(client));
    });
    client.once('close', () => this.#end(client, reason));
  }

  /** Something may be waiting. */
  wake(): void {
    const client = this.#client;
    if (client === undefined || !this.#ready) return;
    for (const message of this.#options.outbox.waiting()) {
      if (this.#onTheWay.size >= ON_THE_WAY_MAX) break;
      if (!this.#onTheWay.has(message)) this.#send(client, message);
    }
  }

  /** What has no PUBACK yet stays in the outbox. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#answerTimer);
    const force = this.#onTheWay.size > 0 || !this.#ready;
    await this.#client?.endAsync(force).catch(() => undefined);
  }

  #begin(client: MqttClient): void {
    if (client !== this.#client || !client.connected) return;
    this.#ready = true;
    if (this.#options.outbox.waitingCount === 0) this.#failures = 0;
    this.#options.onConnected();
    this.wake();
  }

  #send(client: MqttClient, message: Message): void {
    const { terminal, outbox } = this.#options;
    this.#onTheWay.add(message);
    this.#watchAnswers(client);
    client.publish(transactionsTopic(terminal), message.body, { qos: 1 }, error => {
      if (error) return; // The connection is gone: it is sent again over the next one.
      this.#failures = 0;
      if (client === this.#client) this.#onTheWay.delete(message);
      if (outbox.acknowledged(message)) this.#options.onDelivered(message);
      this.#watchAnswers(client);
      this.wake();
    });
  }

  /** Every answer gives the next one the whole time. */
  #watchAnswers(client: MqttClient): void {
    if (client !== this.#client) return;
    clearTimeout(this.#answerTimer);
    if (this.#onTheWay.size === 0) return;
    const withinMs = this.#options.answerWithinMs ?? ANSWER_WITHIN_MS;
    this.#answerTimer = setTimeout(() => client.stream.destroy(), withinMs);
  }

  #end(client: MqttClient, reason: Error | undefined): void {
    if (client !== this.#client) return;
    const wasReady = this.#ready;
    this.#client = undefined;
    this.#ready = false;
    this.#onTheWay.clear();
    clearTimeout(this.#answerTimer);
    client.end(true);
    if (this.#stopped) return;
    const retryInMs = this.#nextPause();
    this.#timer = setTimeout(() => this.start(), retryInMs);
    this.#options.onDisconnected({ ...whyOf(wasReady, reason), retryInMs });
  }

  /** Doubles up to a minute; a random half of it, so that not all tills come back at once. */
  #nextPause(): number {
    const least = this.#options.pauseMinMs ?? PAUSE_MIN_MS;
    const limit = Math.min(PAUSE_MAX_MS, least * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    return Math.round(limit * (0.5 + Math.random() / 2));
  }

  #takeProblem(payload: Buffer): void {
    try {
      this.#options.onProblem(JSON.parse(payload.toString()) as Problem);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error; // A listener's own.
    }
  }
}

function whyOf(wasReady: boolean, reason: Error | undefined): Omit<Disconnected, 'retryInMs'> {
  if (wasReady) {
    const message = reason === undefined ? 'the connection to the agent broke' : messageOf(reason);
    return { code: 'lost', message };
  }
  // CONNACK 4: bad user name or password; 5: not authorized (MQTT 3.1.1, 3.2.2.3).
  const returned = (reason as ErrorWithReasonCode | undefined)?.code;
  if (returned === 4 || returned === 5) {
    return { code: 'refused', message: 'the agent does not know this name and password' };
  }
  return { code: 'unreachable', message: reason ? messageOf(reason) : 'the agent does not answer' };
}
