/**
 * JSON as the wire contract wants it. `JSON.parse` is too kind for money: of two equal keys it keeps
 * the last, and it lets lone surrogates through. Comes in: bytes. Goes out: the value and the same
 * text without white space between tokens (one journal line, numbers as they were written).
 */
import { isUtf8 } from 'node:buffer';
import { quoted } from './schema-words.ts';

export const DEPTH_MAX = 32;

export type StrictJson =
  | { ok: true; value: unknown; compact: string }
  | { ok: false; code: 'not-utf8' | 'not-json' | 'too-deep'; message: string; path: string };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Never throws. Refuses: invalid UTF-8, a byte order mark, duplicate keys, lone surrogates, depth > 32. */
export function parseStrictJson(bytes: Buffer): StrictJson {
  if (!isUtf8(bytes)) {
    return refuse('not-utf8', 'the message is not valid UTF-8; encode the JSON text as UTF-8');
  }
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return refuse('not-json', `the message is not JSON: ${cause}`);
  }
  const { keys, depth, hasEscapes, hasSpaces } = survey(bytes);
  if (depth > DEPTH_MAX) return refuse('too-deep', `nested deeper than ${DEPTH_MAX} levels`);
  // JSON.parse keeps one of two equal keys: then the value has fewer of them than the text.
  if (keys !== keysIn(value)) {
    return refuse('not-json', `the key ${quoted(repeatedKey(text))} stands twice`);
  }
  // Bytes were valid UTF-8, so only a `\ud…` escape can write half a pair.
  if (hasEscapes && /\\u[dD][89a-fA-F]/.test(text) && !isWellFormed(value)) {
    return refuse('not-json', 'a string holds half of a surrogate pair (\\ud800 … \\udfff)');
  }
  return { ok: true, value, compact: hasSpaces ? withoutSpaces(text) : text };
}

/** One walk over bytes that are known to be JSON; UTF-8 has none of these inside a character. */
function survey(bytes: Buffer) {
  let keys = 0;
  let depth = 0;
  let deepest = 0;
  let hasEscapes = false;
  let hasSpaces = false;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      for (i += 1; i < bytes.length && bytes[i] !== QUOTE; i += 1) {
        if (bytes[i] !== BACKSLASH) continue;
        hasEscapes = true;
        i += 1; // Whatever it escapes ends no string.
      }
      if (bytes[i + 1] === COLON || (isSpace(bytes[i + 1]) && nextAfterSpace(bytes, i) === COLON)) {
        keys += 1;
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
    else if (isSpace(byte)) hasSpaces = true;
  }
  return { keys, depth: deepest, hasEscapes, hasSpaces };
}

function nextAfterSpace(bytes: Buffer, at: number): number | undefined {
  let next = at + 1;
  while (isSpace(bytes[next])) next += 1;
  return bytes[next];
}

/** Keys of all objects within, at most 32 levels deep. */
function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) keys += keysIn(item);
    return keys;
  }
  // What JSON.parse makes has nothing to inherit from but Object.prototype, which lists no keys.
  for (const key in value) keys += 1 + keysIn((value as Record<string, unknown>)[key]);
  return keys;
}

/** No half of a surrogate pair in any text within, keys too. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, part]) => key.isWellFormed() && isWellFormed(part));
}

/** The same JSON without white space between its tokens. */
function withoutSpaces(text: string): string {
  let compact = '';
  let keptFrom = 0;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (char === QUOTE) i = endOfString(text, i);
    else if (isSpace(char)) {
      compact += text.slice(keptFrom, i);
      keptFrom = i + 1;
    }
  }
  return compact + text.slice(keptFrom);
}

/** The first key that stands twice in one object; only asked when there is one. */
function repeatedKey(text: string): string {
  const keysOfDepth: Set<string>[] = [];
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (char === QUOTE) {
      const end = endOfString(text, i);
      if (isKey(text, end)) {
        const key = keyAt(text, i, end);
        if (keysOfDepth[depth]?.has(key)) return key;
        keysOfDepth[depth]?.add(key);
      }
      i = end;
    } else if (char === 0x7b || char === 0x5b) {
      depth += 1;
      keysOfDepth[depth] = new Set();
    } else if (char === 0x7d || char === 0x5d) depth -= 1;
  }
  throw new Error('no key stands twice');
}

function refuse(code: 'not-utf8' | 'not-json' | 'too-deep', message: string): StrictJson {
  return { ok: false, code, message, path: '' };
}

function isSpace(char: number | undefined): boolean {
  return char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09;
}

/** Index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(index - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

function isKey(text: string, end: number): boolean {
  let next = end + 1;
  while (isSpace(text.charCodeAt(next))) next += 1;
  return text.charCodeAt(next) === COLON;
}

function keyAt(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end);
  return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
}

/** Same JSON value: object keys in any order, numbers by value. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameJson(item, b[index]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    key =>
      Object.hasOwn(b, key) &&
      sameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
