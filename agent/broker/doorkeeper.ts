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

export class Doorkeeper {
  readonly #all = new Map<Socket, string>();
  readonly #perAddress = new Map<string, Set<Socket>>();
  /** Not signed in, oldest first. */
  readonly #strangers = new Set<Socket>();

  /** Lets a socket in, or destroys it; false when it was destroyed. */
  admit(socket: Socket, onBadBytes: (verdict: GuardVerdict) => void): boolean {
    const address = addressOf(socket);
    const here = this.#perAddress.get(address) ?? new Set();
    if (here.size >= CONNECTIONS_PER_ADDRESS_MAX && !this.#evict(here)) return refuse(socket);
    if (this.#all.size >= CONNECTIONS_MAX && !this.#evict(this.#strangers)) return refuse(socket);
    if (this.#strangers.size >= STRANGERS_MAX) this.#evict(this.#strangers);
    this.#all.set(socket, address);
    this.#strangers.add(socket);
    this.#perAddress.set(address, here.add(socket));
    socket.once('close', () => this.#forget(socket));
    watchBytes(socket, onBadBytes);
    return true;
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

function refuse(socket: Socket): false {
  socket.destroy();
  return false;
}

/** Every chunk passes the guard on its way from the socket to aedes, which only ever calls `read`. */
function watchBytes(socket: Socket, onBadBytes: (verdict: GuardVerdict) => void): void {
  const guard = new HeaderGuard();
  const read = socket.read.bind(socket);
  socket.read = (size?: number): Buffer | null => {
    const chunk = read(size) as Buffer | null;
    const verdict = chunk === null ? 'ok' : guard.inspect(chunk);
    if (verdict === 'ok') return chunk;
    onBadBytes(verdict);
    socket.destroy();
    return null;
  };
}
