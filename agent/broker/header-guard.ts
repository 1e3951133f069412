/**
 * Looks at the fixed headers of MQTT packets as the bytes pass, before aedes buffers them: aedes has
 * no limit on packet size, and a stranger may declare 256 MB (MQTT 3.1.1 section 2.2.3). Keeps no
 * bytes. Also insists that the first packet is a CONNECT.
 */
import { PAYLOAD_BYTES_MAX } from '../../protocol/transaction.ts';

/** A CONNECT carries ids and a password, no more (no wills here). */
export const CONNECT_BYTES_MAX = 4096;
/** A payload of the largest size that is kept, its topic and its packet id. */
export const PACKET_BYTES_MAX = PAYLOAD_BYTES_MAX + 512;

const CONNECT = 1;

export type GuardVerdict = 'ok' | 'not-connect' | 'bad-length' | 'too-large';

const NOT_YET = Number.POSITIVE_INFINITY;

/** One per connection; feed it every chunk in order, stop at the first verdict that is not ok. */
export class HeaderGuard {
  #state: 'type' | 'length' | 'body' = 'type';
  #first = true;
  #length = 0;
  #shift = 0;
  #rest = 0;
  #passed = 0;
  #connectLength = NOT_YET;

  /** Bytes of the CONNECT packet with its header; infinite until it has passed whole. */
  get connectLength(): number {
    return this.#connectLength;
  }

  inspect(chunk: Uint8Array): GuardVerdict {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'body') {
        const step = Math.min(this.#rest, chunk.length - at);
        this.#rest -= step;
        at += step;
        if (this.#rest === 0) this.#endPacket(at);
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      const verdict = this.#state === 'type' ? this.#takeType(byte) : this.#takeLength(byte);
      if (verdict !== 'ok') return verdict;
      if (this.#state === 'type') this.#endPacket(at);
    }
    this.#passed += chunk.length;
    return 'ok';
  }

  /** @param at where the packet ends in the chunk in hand */
  #endPacket(at: number): void {
    this.#state = 'type';
    if (this.#connectLength === NOT_YET) this.#connectLength = this.#passed + at;
  }

  #takeType(byte: number): GuardVerdict {
    if (this.#first && byte >> 4 !== CONNECT) return 'not-connect';
    this.#state = 'length';
    this.#length = 0;
    this.#shift = 0;
    return 'ok';
  }

  #takeLength(byte: number): GuardVerdict {
    this.#length += (byte & 0x7f) * 2 ** this.#shift;
    this.#shift += 7;
    if (this.#length > (this.#first ? CONNECT_BYTES_MAX : PACKET_BYTES_MAX)) return 'too-large';
    if ((byte & 0x80) !== 0) return this.#shift === 28 ? 'bad-length' : 'ok';
    this.#first = false;
    this.#rest = this.#length;
    this.#state = this.#rest === 0 ? 'type' : 'body';
    return 'ok';
  }
}
