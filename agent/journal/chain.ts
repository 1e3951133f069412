/**
 * Lines that prove themselves and their place. A line is a JSON object whose last members are
 * `prev` (hash of the line before) and `hash` (SHA-256 of the line's bytes up to `,"hash"`).
 * Used by the journal and by the quarantine.
 */
import { hash as digestOf } from 'node:crypto';

/** `prev` of a first line, and the head of an empty file. */
export const NO_HASH = '0'.repeat(64);

const HASH_KEY = ',"hash":"';
const PREV_KEY = ',"prev":"';
const HEX_LENGTH = 64;
/** `,"hash":"<64 hex>"}` */
const SEAL_BYTES = HASH_KEY.length + HEX_LENGTH + 2;
/** `,"prev":"<64 hex>"` */
const LINK_BYTES = PREV_KEY.length + HEX_LENGTH + 1;

export interface SealedLine {
  /** The line with its newline. */
  text: string;
  hash: string;
}

/** @param body an object's JSON text without its closing brace */
export function sealLine(body: string, prev: string): SealedLine {
  const content = `${body}${PREV_KEY}${prev}"`;
  const hash = digestOf('sha256', content, 'hex');
  return { text: `${content}${HASH_KEY}${hash}"}\n`, hash };
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
