/**
 * How many sockets there may be: in all, per address, and of those that have not signed in yet.
 * When there are too many, the oldest stranger goes, so that idle strangers never keep a terminal
 * out. Every socket is watched by the header guard.
 */
import type { Socket } from 'node:net';
import { type GuardVerdict, HeaderGuard } from './header-guard.ts';

export const CONNECTIONS_MAX = 1000;
export const CONNECTIONS_PER_ADDRESS_MAX = 100;
const STRANGERS_MAX = 250;

export interface Admission {
  /** The terminal has signed in: what it sent behind its CONNECT may pass. */
  open(): void;
}

export class Doorkeeper {
  readonly #all = new Map<Socket, string>();
  readonly #perAddress = new Map<string, Set<Socket>>();
  /** Not signed in, oldest first. */
  readonly #strangers = new Set<Socket>();

  /** Lets a socket in, or destroys it; undefined when it was destroyed. */
  admit(socket: Socket, onBadBytes: (verdict: GuardVerdict) => void): Admission | undefined {
    const address = addressOf(socket);
    const here = this.#perAddress.get(address) ?? new Set();
    if (here.size >= CONNECTIONS_PER_ADDRESS_MAX && !this.#evict(here)) return refuse(socket);
    if (this.#all.size >= CONNECTIONS_MAX && !this.#evict(this.#strangers)) return refuse(socket);
    if (this.#strangers.size >= STRANGERS_MAX) this.#evict(this.#strangers);
    this.#all.set(socket, address);
    this.#strangers.add(socket);
    this.#perAddress.set(address, here.add(socket));
    socket.once('close', () => this.#forget(socket));
    return watchBytes(socket, onBadBytes);
  }

  /** The socket belongs to a known terminal now. */
  signedIn(socket: Socket): void {
    this.#strangers.delete(socket);
  }

  /** Drops every socket. */
  clear(): void {
    for (const socket of this.#all.keys()) socket.destroy();
  }

  #evict(from: ReadonlySet<Socket>): boolean {
    for (const socket of from) {
      if (!this.#strangers.has(socket)) continue;
      socket.destroy();
      this.#forget(socket);
      return true;
    }
    return false;
  }

  #forget(socket: Socket): void {
    const address = this.#all.get(socket);
    if (address === undefined) return;
    this.#all.delete(socket);
    this.#strangers.delete(socket);
    const here = this.#perAddress.get(address);
    here?.delete(socket);
    if (here?.size === 0) this.#perAddress.delete(address);
  }
}

export function addressOf(socket: Socket): string {
  return socket.remoteAddress ?? 'unknown';
}

function refuse(socket: Socket): undefined {
  socket.destroy();
  return undefined;
}

/**
 * Every chunk passes the guard on its way from the socket to aedes, which only ever calls `read`. A
 * client need not wait for CONNACK [MQTT-3.1.4-5], but aedes takes a packet that comes in its own
 * chunk before it knows the client's name (it refuses the subscription, or ends the connection), and
 * ends one that sends more than 42 packets with its CONNECT: they stay in the socket until then.
 */
function watchBytes(socket: Socket, onBadBytes: (verdict: GuardVerdict) => void): Admission {
  const guard = new HeaderGuard();
  const read = socket.read.bind(socket);
  let door: 'connect' | 'shut' | 'open' = 'connect';
  let passed = 0;
  let kept: Buffer | null = null;

  /** The rest of CONNECT; what stands behind it in the same chunk is kept. */
  function connectOf(chunk: Buffer): Buffer {
    const length = guard.connectLength - passed;
    passed += chunk.length;
    if (length > chunk.length) return chunk;
    door = 'shut';
    kept = length < chunk.length ? chunk.subarray(length) : null;
    return chunk.subarray(0, length);
  }

  socket.read = (size?: number): Buffer | null => {
    if (door === 'shut') return null;
    const chunk = kept ?? (read(size) as Buffer | null);
    if (chunk === null) return null;
    // What was kept has been looked at.
    const verdict = chunk === kept ? 'ok' : guard.inspect(chunk);
    kept = null;
    if (verdict === 'ok') return door === 'open' ? chunk : connectOf(chunk);
    onBadBytes(verdict);
    socket.destroy();
    return null;
  };
  return {
    open: () => {
      door = 'open';
    },
  };
}
