/**
 * Lines that prove themselves and their place. A line is a JSON object whose last members are
 * `prev` (hash of the line before) and `hash` (SHA-256 of the line's bytes up to `,"hash"`).
 * Used by the journal and by the quarantine.
 */
import { hash as digestOf } from 'node:crypto';

/** `prev` of a first line, and the head of an empty file. */
export const NO_HASH = '0'.repeat(64);

export interface ChainState {
  /** Bytes. */
  size: number;
  /** Hash of the last line; 64 zeros when there is none. */
  head: string;
  entries: number;
}

/** Of a file without lines. */
export const EMPTY_CHAIN: ChainState = { size: 0, head: NO_HASH, entries: 0 };

const HASH_KEY = ',"hash":"';
const PREV_KEY = ',"prev":"';
const HEX_LENGTH = 64;
/** `,"hash":"<64 hex>"}` */
const SEAL_BYTES = HASH_KEY.length + HEX_LENGTH + 2;
/** `,"prev":"<64 hex>"` */
const LINK_BYTES = PREV_KEY.length + HEX_LENGTH + 1;

/** What a seal adds to a body, with the line's newline, bytes. */
export const SEALED_BYTES = LINK_BYTES + SEAL_BYTES + 1;

export interface SealedLine {
  /** Where the next line begins, bytes. */
  end: number;
  hash: string;
}

/**
 * Writes a line with its seal and newline into a buffer. Hashed where it will be written from, so
 * that its text is turned into bytes once.
 * @param body an object's JSON text without its closing brace
 * @param at bytes; there must be room for the body's bytes and `SEALED_BYTES`
 */
export function sealLine(into: Buffer, at: number, body: string, prev: string): SealedLine {
  const linkAt = at + into.write(body, at);
  const sealAt = linkAt + into.write(`${PREV_KEY}${prev}"`, linkAt, 'latin1');
  const hash = digestOf('sha256', into.subarray(at, sealAt), 'hex');
  return { end: sealAt + into.write(`${HASH_KEY}${hash}"}\n`, sealAt, 'latin1'), hash };
}

export interface ProvenLine {
  prev: string;
  hash: string;
}

/** The links of a line (without newline) whose hash is right; undefined for any other bytes. */
export function proveLine(line: Buffer): ProvenLine | undefined {
  const sealAt = line.length - SEAL_BYTES;
  const linkAt = sealAt - LINK_BYTES;
  if (linkAt < 1 || line[0] !== 0x7b) return undefined;
  const links = line.toString('latin1', linkAt);
  if (!links.startsWith(PREV_KEY) || !links.startsWith(HASH_KEY, LINK_BYTES)) return undefined;
  const hash = links.slice(LINK_BYTES + HASH_KEY.length, -2);
  if (!links.endsWith('"}')) return undefined;
  if (digestOf('sha256', line.subarray(0, sealAt), 'hex') !== hash) return undefined;
  return { prev: links.slice(PREV_KEY.length, PREV_KEY.length + HEX_LENGTH), hash };
}

/** Longest line there may be: a quarantined payload of 256 KiB whose bytes are all escaped. */
export const LINE_BYTES_MAX = 2 * 1024 * 1024;
