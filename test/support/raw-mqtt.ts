/** MQTT 3.1.1 as bytes, for clients that do what no library does: write when and how they like. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Packet {
  /** The first byte's upper half: 2 CONNACK, 4 PUBACK, 9 SUBACK. */
  type: number;
  /** What follows the remaining length. */
  body: Buffer;
}

export function connectPacket(id: string, password: string): Buffer {
  const flags = 0xc2; // user name, password, clean session
  const head = Buffer.from([...text('MQTT'), 4, flags, 0, 60]);
  return packet(0x10, Buffer.concat([head, text(id), text(id), text(password)]));
}

export function subscribePacket(messageId: number, topic: string): Buffer {
  return packet(0x82, Buffer.concat([uint16(messageId), text(topic), Buffer.from([1])]));
}

export function publishPacket(messageId: number, topic: string, message: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  return packet(0x32, Buffer.concat([text(topic), uint16(messageId), payload]));
}

/** A connection that gathers what the broker answers. */
export class RawClient {
  readonly socket: Socket;
  readonly packets: Packet[] = [];
  closed = false;
  #rest: Buffer = Buffer.alloc(0);
  #changed: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', chunk => this.#take(chunk));
    socket.on('error', () => undefined); // `close` follows.
    socket.on('close', () => {
      this.closed = true;
      this.#changed();
    });
  }

  /** @param url `mqtt://` or `mqtts://` */
  static async open(url: string): Promise<RawClient> {
    const { hostname, port, protocol } = new URL(url);
    const at = { host: hostname, port: Number(port) };
    const secure = protocol === 'mqtts:';
    const socket = secure ? connectTls({ ...at, rejectUnauthorized: false }) : createConnection(at);
    await once(socket, secure ? 'secureConnect' : 'connect');
    return new RawClient(socket);
  }

  /** Waits for so many packets in all, or the end of the connection. */
  async receive(count: number): Promise<Packet[]> {
    while (this.packets.length < count && !this.closed) {
      await new Promise<void>(done => {
        this.#changed = done;
      });
    }
    return this.packets;
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const length = this.#rest[1] ?? 128;
      if (length > 127 || this.#rest.length < 2 + length) break; // Answers are short.
      this.packets.push({
        type: (this.#rest[0] ?? 0) >> 4,
        body: this.#rest.subarray(2, 2 + length),
      });
      this.#rest = this.#rest.subarray(2 + length);
    }
    this.#changed();
  }
}

function packet(first: number, body: Buffer): Buffer {
  const length: number[] = [];
  let rest = body.length;
  do {
    const more = rest >= 128;
    length.push((rest % 128) + (more ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}
