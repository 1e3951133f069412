/**
 * Takes sales from a broker that a shop already has. Comes in: every terminal's transactions, by a
 * subscription with a session that lasts. Goes out: that broker gets its acknowledgement only after
 * the intake has the message on disk; until then it keeps it and sends it again. Its own word to
 * the terminal is only as good as its own disk: the README says how it must be set.
 */
import { hash as digestOf } from 'node:crypto';
import { hostname } from 'node:os';
import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import { AppError, messageOf } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import {
  problemsTopic,
  TERMINAL_ID_PATTERN,
  terminalOfTransactionsTopic,
} from '../../protocol/topics.ts';
import { PAYLOAD_BYTES_MAX, type Problem } from '../../protocol/transaction.ts';
import type { Clock } from '../clock.ts';
import type { Intake, Verdict } from '../intake/ports.ts';
import { Connections, type TerminalConnection } from './connections.ts';

const EVERY_TERMINAL = 'pos/v1/+/transactions';
const RECONNECT_MS = 2000;
const CONNECT_WITHIN_MS = 10_000;

export interface UpstreamOptions {
  /** `mqtt://user:password@host:port` or `mqtts://…` */
  url: string;
  /** Makes the client id, so that the session is found again after a restart. */
  dataDir: string;
  intake: Intake;
  clock: Clock;
  log: Logger;
  reconnectMs?: number;
}

export interface Upstream {
  /** Connected: sales come in, the subscription is granted. */
  status(): { connected: boolean; lastError: string | undefined };
  /** What each terminal does that it should not; whether it is connected, only that broker knows. */
  connections(): TerminalConnection[];
  stop(): Promise<void>;
}

/** Connects, and goes on trying for ever; never throws. */
export function startUpstream(options: UpstreamOptions): Upstream {
  const { url, dataDir, clock, log } = options;
  const connections = new Connections(clock);
  let lastError: string | undefined;
  let subscribed = false;
  const client = mqtt.connect(url, {
    clientId: clientIdOf(dataDir),
    clean: false,
    protocolVersion: 4,
    reconnectPeriod: options.reconnectMs ?? RECONNECT_MS,
    connectTimeout: CONNECT_WITHIN_MS,
    // Subscribed by hand on every connect: the session may have been forgotten over there.
    resubscribe: false,
  });
  const fail = (error: unknown, what: string) => {
    lastError = `${what}: ${messageOf(error)}`;
    log.warn({ reason: messageOf(error) }, what);
  };
  client.on('connect', ({ sessionPresent }) => {
    // The answer to the subscription waits behind all that was kept for us; the session has it.
    subscribed = sessionPresent;
    client.subscribe(EVERY_TERMINAL, { qos: 1 }, (error, granted) => {
      const lower = granted?.some(({ qos }) => qos < 1) ? new Error('it grants QoS 0') : undefined;
      const refusal = error ?? lower;
      if (refusal) return fail(refusal, 'the upstream broker refuses the subscription');
      subscribed = true;
      lastError = undefined;
      log.info('subscribed at the upstream broker');
    });
  });
  client.on('close', () => {
    subscribed = false;
  });
  client.on('error', error => fail(error, 'the upstream broker cannot be used'));
  // The `message` event acknowledges before anybody could have stored it; this does not.
  client.handleMessage = (packet, done) => {
    takePacket({ ...options, client, connections }, packet).then(
      () => done(),
      error => {
        if (!(error instanceof AppError)) {
          // Our own mistake must not be hidden behind a connection that is made again and again.
          setImmediate(() => {
            throw error;
          });
          return;
        }
        fail(error, 'a message from upstream could not be stored; it comes again');
        // No acknowledgement: over a new connection the broker sends it again.
        client.stream.destroy();
      },
    );
  };
  return {
    status: () => ({ connected: subscribed, lastError }),
    connections: () => connections.list(),
    // What is on its way to the disk is not acknowledged any more: it comes again, as a duplicate.
    stop: () => client.endAsync(true),
  };
}

interface Desk {
  client: MqttClient;
  intake: Intake;
  connections: Connections;
}

async function takePacket(desk: Desk, packet: IPublishPacket): Promise<void> {
  const { connections, intake } = desk;
  const { topic, qos, retain } = packet;
  const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
  const terminal = terminalOfTransactionsTopic(topic);
  if (terminal === undefined || payload.length > PAYLOAD_BYTES_MAX) {
    await setAside(intake, topic, payload);
    return;
  }
  connections.message(terminal, qos, retain);
  const verdict = await intake.take(terminal, payload, { qos, retained: retain });
  if (verdict.kind === 'quarantined') answer(desk, terminal, verdict);
}

/** What no broker of ours would have let in is kept as far as it fits. */
async function setAside(intake: Intake, topic: string, payload: Buffer): Promise<void> {
  const segment = topic.split('/')[2] ?? '';
  const wrongName = !TERMINAL_ID_PATTERN.test(segment);
  const problem: Problem = wrongName
    ? { code: 'schema', message: `the topic ${topic.slice(0, 128)} names no terminal`, path: '' }
    : { code: 'too-large', message: `the message has ${payload.length} bytes`, path: '' };
  const terminal = wrongName ? 'unknown' : segment;
  await intake.setAside(terminal, payload.subarray(0, PAYLOAD_BYTES_MAX), problem);
}

function answer(
  { client, connections }: Desk,
  terminal: string,
  { problem, id, sequence }: Verdict & { kind: 'quarantined' },
): void {
  connections.problem(terminal, problem.code, problem.message);
  const text = JSON.stringify({ id, sequence, ...problem });
  // Only a service to the till's programmer: if it is lost, the status page still says it.
  client.publish(problemsTopic(terminal), text, { qos: 0 }, () => undefined);
}

/** The same for this folder on this machine, always. */
function clientIdOf(dataDir: string): string {
  return `tillbook-${digestOf('sha256', `${hostname()} ${dataDir}`, 'hex').slice(0, 14)}`;
}
