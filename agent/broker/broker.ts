/**
 * The local MQTT broker. Comes in: connections of known terminals, each publishing its own
 * transactions. Goes out: an acknowledgement after the intake has the message on disk, or none and
 * a closed connection when it could not be stored. A problem is answered on the terminal's own topic.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Aedes, AedesOptions, Client, PublishPacket } from 'aedes';
import { AppError, messageOf } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import { problemsTopic } from '../../protocol/topics.ts';
import type { Clock } from '../clock.ts';
import type { Intake, Verdict } from '../intake/ports.ts';
import { AckQueue, type Done } from './acks.ts';
import { Bans } from './bans.ts';
import { Connections, type TerminalConnection } from './connections.ts';
import { type Admission, Doorkeeper } from './doorkeeper.ts';
import { Pace } from './pace.ts';
import { checkConnect, checkPublish, checkSubscription } from './rules.ts';
import type { Terminals } from './terminals.ts';
import { createTillAedes } from './till-aedes.ts';

const CONNECT_WITHIN_MS = 5000;
const STOP_WITHIN_MS = 5000;
const REFUSAL_REST_MS = 500;

export interface BrokerOptions {
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** MQTT over TLS as well; PEM texts. */
  tls?: { port: number; cert: string | Buffer; key: string | Buffer };
  intake: Intake;
  terminals: Terminals;
  clock: Clock;
  log: Logger;
}

export interface Broker {
  /** `mqtt://host:port` */
  address: string;
  /** `mqtts://host:port` */
  tlsAddress: string | undefined;
  connections(): TerminalConnection[];
  /** Lets new connections see a new certificate. */
  reloadTls(cert: string | Buffer, key: string | Buffer): void;
  /** Takes no more, finishes what is on its way to the disk, closes. */
  stop(): Promise<void>;
}

/** @throws the system's error when a port cannot be had */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const desk = new Desk(options);
  const aedes = await createTillAedes(desk.rules());
  desk.attach(aedes);
  const plain = createServer(socket => desk.admit(socket));
  await listen(plain, options.port, options.host);
  const { tls, host } = options;
  const secure =
    tls === undefined
      ? undefined
      : createTlsServer(
          {
            cert: tls.cert,
            key: tls.key,
            minVersion: 'TLSv1.2',
            handshakeTimeout: CONNECT_WITHIN_MS,
          },
          socket => desk.admit(socket),
        );
  // A failed handshake is the other side's trouble; the socket is gone already.
  secure?.on('tlsClientError', error => options.log.debug({ err: error }, 'TLS handshake failed'));
  if (secure !== undefined && tls !== undefined) await listen(secure, tls.port, host);
  return {
    address: `mqtt://${reachableAt(host)}:${portOf(plain)}`,
    tlsAddress: secure === undefined ? undefined : `mqtts://${reachableAt(host)}:${portOf(secure)}`,
    connections: () => desk.connections.list(),
    reloadTls: (cert, key) => secure?.setSecureContext({ cert, key }),
    stop: async () => {
      plain.close();
      secure?.close();
      await desk.finish();
      await new Promise<void>(resolve => aedes.close(resolve));
      desk.clear();
    },
  };
}

/** What happens at the broker's counter: aedes asks, the intake answers. */
class Desk {
  readonly connections: Connections;
  readonly #options: BrokerOptions;
  readonly #bans: Bans;
  readonly #pace: Pace;
  readonly #door = new Doorkeeper();
  readonly #acks = new Map<Client, AckQueue>();
  readonly #admissions = new WeakMap<Client, Admission>();
  readonly #refusals = new WeakMap<Client, { returnCode: number; message: string }>();
  #aedes: Aedes | undefined;
  #stopping = false;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.connections = new Connections(options.clock);
    this.#bans = new Bans(options.clock);
    this.#pace = new Pace(options.clock);
  }

  admit(socket: Socket): void {
    if (this.#stopping || this.#aedes === undefined) {
      socket.destroy();
      return;
    }
    let client: Client | undefined;
    const admitted = this.#door.admit(socket, verdict => {
      const terminal = client?.id;
      this.#options.log.warn({ terminal, verdict }, 'a connection sent bytes that are not taken');
      if (terminal && this.#options.terminals.has(terminal)) {
        this.connections.problem(terminal, verdict, 'it sent a packet that is too large or broken');
      }
    });
    if (admitted === undefined) return;
    socket.setNoDelay(true);
    client = this.#aedes.handle(socket);
    this.#admissions.set(client, admitted);
  }

  rules(): AedesOptions {
    return {
      connectTimeout: CONNECT_WITHIN_MS,
      maxClientsIdLength: 64,
      preConnect: (client, packet, callback) => {
        const refusal = checkConnect(packet);
        if (refusal !== undefined) this.#refusals.set(client, refusal);
        callback(null, true);
      },
      authenticate: (client, user, password, done) => {
        const refusal = this.#refusals.get(client) ?? this.#signIn(client, user, password);
        if (refusal === undefined) return done(null, true);
        const { returnCode, message } = refusal;
        done(Object.assign(new Error(message), { returnCode }), null);
      },
      authorizePublish: (client, packet, done) => this.#publish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => {
        const message = checkSubscription(client.id, subscription.topic);
        if (message === undefined) return done(null, subscription);
        this.connections.problem(client.id, 'subscription', message);
        done(null, null); // SUBACK 0x80: refused
      },
    };
  }

  attach(aedes: Aedes): void {
    this.#aedes = aedes;
    aedes.on('client', client => {
      this.#acks.set(client, new AckQueue());
      this.connections.connected(client.id, true);
    });
    aedes.on('clientDisconnect', client => {
      this.#acks.delete(client);
      const other = [...this.#acks.keys()].some(({ id }) => id === client.id);
      if (!other) this.connections.connected(client.id, false);
    });
    // aedes reads on by itself right after this.
    aedes.on('connackSent', ({ returnCode }, client) => {
      if (returnCode === 0) this.#admissions.get(client)?.open();
    });
    aedes.on('ping', (_packet, client) => this.connections.seen(client.id));
    aedes.on('clientError', (client, error) => this.#lost(client, error));
    aedes.on('connectionError', (client, error) => this.#lost(client, error));
    this.#options.terminals.onRevoked(id => {
      this.#bans.forgive(id);
      for (const client of this.#acks.keys()) if (client.id === id) client.close();
      if (this.#options.terminals.has(id)) return;
      this.connections.forget(id);
      this.#pace.forget(id);
    });
  }

  /** Waits until every message that came in is stored and acknowledged. */
  async finish(): Promise<void> {
    this.#stopping = true;
    const until = Date.now() + STOP_WITHIN_MS;
    while ([...this.#acks.values()].some(acks => acks.waiting > 0) && Date.now() < until) {
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    // One turn more, so that the acknowledgements are in the sockets.
    await new Promise(resolve => setTimeout(resolve, 20));
  }

  clear(): void {
    this.#door.clear();
  }

  #signIn(client: Client, user: string | undefined, password: Buffer | undefined) {
    const { terminals, log } = this.#options;
    const socket = client.conn as Socket;
    const address = socket.remoteAddress ?? 'unknown';
    const name = user !== undefined && terminals.has(user) ? user : '(unknown)';
    if (this.#bans.isBanned(address, name)) {
      return { returnCode: 5, message: 'too many failed sign-ins; try again in a minute' };
    }
    if (user !== client.id) {
      this.#bans.fail(address, name);
      return { returnCode: 2, message: 'the client id must be the user name' };
    }
    if (password === undefined || !terminals.check(user, password)) {
      const banned = this.#bans.fail(address, name);
      if (banned) log.warn({ address, terminal: name }, 'too many failed sign-ins: banned a while');
      if (name !== '(unknown)')
        this.connections.problem(name, 'password', `wrong password from ${address}`);
      return { returnCode: 4, message: 'bad user name or password' };
    }
    this.#bans.succeed(address, name);
    this.#door.signedIn(socket);
    return undefined;
  }

  #publish(client: Client | null, packet: PublishPacket, done: Done): void {
    const acks = client === null ? undefined : this.#acks.get(client);
    if (client === null || acks === undefined || this.#stopping) {
      done(new Error('not taken: the agent is stopping or the connection is gone'));
      return;
    }
    const message = checkPublish(client.id, packet);
    if (message !== undefined) {
      this.connections.problem(client.id, 'publish', message);
      done(new Error(message));
      return;
    }
    const { qos, retain } = packet;
    packet.retain = false;
    this.connections.message(client.id, qos, retain);
    const settle = acks.enter(done);
    if (acks.refusal !== undefined) {
      settle(acks.refusal);
      return;
    }
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
    this.#options.intake.take(client.id, payload, { qos, retained: retain }).then(
      verdict => {
        const broken = verdict.kind === 'quarantined';
        if (broken) this.#answer(client.id, verdict);
        later(this.#pace.delayMs(client.id, broken), settle);
      },
      error => {
        const refusal = this.#refused(client.id, error);
        acks.refusal = refusal;
        // A terminal connects again at once: without a rest it would turn in circles.
        later(REFUSAL_REST_MS, () => settle(refusal));
      },
    );
  }

  /** The message could not be stored: no acknowledgement, the terminal sends it again. */
  #refused(terminal: string, error: unknown): Error {
    if (!(error instanceof AppError)) {
      // Our own mistake must not be hidden behind a closed connection.
      setImmediate(() => {
        throw error;
      });
      return new Error('internal error');
    }
    this.connections.problem(terminal, error.code, `not acknowledged: ${error.message}`);
    return error;
  }

  #answer(terminal: string, { problem, id, sequence }: Verdict & { kind: 'quarantined' }): void {
    this.connections.problem(terminal, problem.code, problem.message);
    const payload = Buffer.from(JSON.stringify({ id, sequence, ...problem }));
    const topic = problemsTopic(terminal);
    const packet = {
      cmd: 'publish' as const,
      topic,
      payload,
      qos: 1 as const,
      retain: false,
      dup: false,
    };
    this.#aedes?.publish(packet, error => {
      if (error) this.#options.log.debug({ terminal, err: error }, 'a problem was not answered');
    });
  }

  #lost(client: Client, error: Error): void {
    this.#options.log.debug({ terminal: client.id, reason: messageOf(error) }, 'connection lost');
  }
}

function later(delayMs: number, act: () => void): void {
  if (delayMs === 0) act();
  else setTimeout(act, delayMs).unref();
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Where this machine itself can reach a listener; an address for every interface is none. */
function reachableAt(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
