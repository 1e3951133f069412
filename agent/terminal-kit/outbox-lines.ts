/**
 * The outbox file's lines. Each is a JSON value with its own checksum before it, so that a torn or
 * damaged line is known for what it is, and the lines after it are still read.
 *   `<16 hex digits of SHA-256> <json>\n`
 */
import { hash as digestOf } from 'node:crypto';

const MARK = 16;
/** No shorter line ever held a receipt: what is damaged held at most bytes / this many. */
const RECEIPT_BYTES_MIN = 100;

export type OutboxLine =
  /** First line: whose outbox this is and how it counts on. */
  | { kind: 'head'; terminal: string; epoch: number; next: number }
  /** A receipt that was recorded; `body` is what is sent. */
  | { kind: 'receipt'; id: string; epoch: number; sequence: number; digest: string; body: string }
  /** The receipt recorded last under this number is on the agent's disk. */
  | { kind: 'sent'; epoch: number; sequence: number }
  /** A receipt sent a while ago: what is left of it after tidying up. */
  | { kind: 'known'; id: string; epoch: number; sequence: number; digest: string }
  /** From here on numbers are counted from 1 under a new epoch. */
  | { kind: 'epoch'; epoch: number };

export interface ReadLines {
  lines: OutboxLine[];
  /** Whole lines that are not what was written. */
  damaged: Buffer[];
  /** How many receipts may have been in damage after the last intact receipt or head. */
  lostAtEnd: number;
  /** True when the last line is not finished: its receipt was never said to be recorded. */
  torn: boolean;
}

export function writeLine(line: OutboxLine): string {
  const json = JSON.stringify(line);
  return `${markOf(json)} ${json}\n`;
}

export function readLines(bytes: Buffer): ReadLines {
  const read: ReadLines = { lines: [], damaged: [], lostAtEnd: 0, torn: false };
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(0x0a, from);
    const raw = bytes.subarray(from, end < 0 ? bytes.length : end);
    const line = parseLine(raw.toString('utf8'));
    if (line !== undefined) take(read, line);
    else if (end < 0) read.torn = true;
    else {
      read.damaged.push(raw);
      read.lostAtEnd += Math.ceil(raw.length / RECEIPT_BYTES_MIN);
    }
    from = end < 0 ? bytes.length : end + 1;
  }
  return read;
}

function take(read: ReadLines, line: OutboxLine): void {
  read.lines.push(line);
  if (line.kind !== 'sent') read.lostAtEnd = 0;
}

function parseLine(text: string): OutboxLine | undefined {
  const json = text.slice(MARK + 1);
  if (text[MARK] !== ' ' || text.slice(0, MARK) !== markOf(json)) return undefined;
  return JSON.parse(json) as OutboxLine;
}

/** What a receipt is compared with when its id comes again. */
export function digestOfText(text: string): string {
  return digestOf('sha256', text, 'hex').slice(0, 32);
}

function markOf(json: string): string {
  return digestOf('sha256', json, 'hex').slice(0, MARK);
}
