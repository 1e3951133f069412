/**
 * Xero's `where` filters: `Status=="PAID" AND Date>=DateTime(2026,11,1)`, `Name.Contains("x")`,
 * `Invoice.InvoiceID==guid("…")`. A filter that cannot be read is an error, never ignored.
 */
import type { Json } from './answers.ts';

/** Raised for a filter outside the language; the API answers 400 `QueryParseException`. */
export class WhereError extends Error {}

type Value = string | number | boolean | null | undefined;
type Test = (record: Json) => boolean;

const TOKEN =
  /\s*(?:(&&|\|\||==|!=|>=|<=|[()=<>,])|"((?:[^"\\]|\\.)*)"|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*))/y;

interface Token {
  readonly kind: 'sign' | 'text' | 'number' | 'word';
  readonly value: string;
}

/** Compiles a filter. Throws WhereError. */
export function parseWhere(source: string): Test {
  const tokens = tokenise(source);
  const test = parseEither(tokens);
  if (tokens.length > 0) throw new WhereError(`Unexpected "${tokens[0]?.value}" in the filter.`);
  return test;
}

function tokenise(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.trimEnd().length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null)
      throw new WhereError(`The filter cannot be read from "${source.slice(at)}".`);
    at = TOKEN.lastIndex;
    tokens.push(tokenOf(match));
  }
  return tokens;
}

function tokenOf([, sign, text, number, word]: RegExpExecArray): Token {
  if (sign !== undefined) return { kind: 'sign', value: sign };
  if (text !== undefined) return { kind: 'text', value: text.replace(/\\(.)/g, '$1') };
  if (number !== undefined) return { kind: 'number', value: number };
  return { kind: 'word', value: word ?? '' };
}

function parseEither(tokens: Token[]): Test {
  let left = parseBoth(tokens);
  while (takeIf(tokens, '||', 'OR')) {
    const [first, second] = [left, parseBoth(tokens)];
    left = record => first(record) || second(record);
  }
  return left;
}

function parseBoth(tokens: Token[]): Test {
  let left = parseOne(tokens);
  while (takeIf(tokens, '&&', 'AND')) {
    const [first, second] = [left, parseOne(tokens)];
    left = record => first(record) && second(record);
  }
  return left;
}

function parseOne(tokens: Token[]): Test {
  if (takeIf(tokens, '(')) {
    const inner = parseEither(tokens);
    expect(tokens, ')');
    return inner;
  }
  const word = take(tokens, 'word');
  const method = /^(.+)\.(Contains|StartsWith|EndsWith)$/i.exec(word);
  if (method !== null) return parseMethod(tokens, method[1] ?? '', method[2] ?? '');
  const sign = take(tokens, 'sign');
  const wanted = parseValue(tokens);
  return record => compare(field(record, word), sign, wanted);
}

function parseMethod(tokens: Token[], path: string, method: string): Test {
  expect(tokens, '(');
  const part = take(tokens, 'text').toLowerCase();
  expect(tokens, ')');
  const has = (text: string): boolean => {
    if (/^contains$/i.test(method)) return text.includes(part);
    return /^startswith$/i.test(method) ? text.startsWith(part) : text.endsWith(part);
  };
  return record => {
    const text = field(record, path);
    // Xero: "it is best that you add a not null at the start", else an optional element fails it.
    if (text === null || text === undefined) {
      throw new WhereError(`Object reference not set: ${path} is null in one of the records.`);
    }
    return has(String(text).toLowerCase());
  };
}

function parseValue(tokens: Token[]): Value {
  const token = tokens.shift();
  if (token?.kind === 'text') return token.value;
  if (token?.kind === 'number') return Number(token.value);
  const word = token?.value.toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === 'null') return null;
  if (word === 'guid') return parseCall(tokens).join('');
  if (word === 'datetime') {
    const [year = 0, month = 1, day = 1] = parseCall(tokens).map(Number);
    return Date.UTC(year, month - 1, day);
  }
  throw new WhereError(`"${token?.value ?? ''}" is not a value.`);
}

function parseCall(tokens: Token[]): string[] {
  expect(tokens, '(');
  const values: string[] = [];
  while (!takeIf(tokens, ')')) {
    const token = tokens.shift();
    if (token === undefined) throw new WhereError('A bracket is not closed.');
    if (token.value !== ',') values.push(token.value);
  }
  return values;
}

function field(record: Json, path: string): Value {
  let value: unknown = record;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return null;
    value = (value as Json)[name];
  }
  // What was never filled in is shown as an empty text, and is null to a filter.
  if (value === '') return null;
  if (typeof value === 'string') {
    const date = /^\/Date\((-?\d+)/.exec(value);
    return date === null ? value : Number(date[1]);
  }
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function compare(actual: Value, sign: string, wanted: Value): boolean {
  const a = typeof actual === 'string' ? actual.toLowerCase() : actual;
  const b = typeof wanted === 'string' ? wanted.toLowerCase() : wanted;
  switch (sign) {
    case '=':
    case '==':
      return a === b;
    case '!=':
      return a !== b;
  }
  if (a === null || a === undefined || b === null || b === undefined) return false;
  switch (sign) {
    case '>':
      return a > b;
    case '<':
      return a < b;
    case '>=':
      return a >= b;
    case '<=':
      return a <= b;
    default:
      throw new WhereError(`"${sign}" does not compare anything.`);
  }
}

function takeIf(tokens: Token[], ...values: readonly string[]): boolean {
  const next = tokens[0];
  if (next === undefined || next.kind === 'text') return false;
  if (!values.includes(next.value.toUpperCase())) return false;
  tokens.shift();
  return true;
}

function expect(tokens: Token[], value: string): void {
  if (!takeIf(tokens, value)) throw new WhereError(`"${value}" is missing.`);
}

function take(tokens: Token[], kind: Token['kind']): string {
  const token = tokens.shift();
  if (token?.kind !== kind) throw new WhereError(`"${token?.value ?? ''}" is out of place.`);
  return token.value;
}
