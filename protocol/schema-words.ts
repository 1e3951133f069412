/**
 * What zod found wrong, in words that name the field and the fix. One place, so that a till's
 * programmer reads the same sentence on the problems topic, on the status page and from `try`.
 */
import type { z } from 'zod';

/** How much of a foreign text a sentence repeats. */
const QUOTED_MAX = 64;

/**
 * Parses and, when that fails, says the first thing that is wrong.
 * @param whole what the value is called when the fault is not inside it, e.g. `the message`
 */
export function parseWith<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  whole: string,
): { ok: true; data: Output } | { ok: false; message: string; path: string } {
  const parsed = schema.safeParse(value, { error: wordsFor });
  if (parsed.success) return { ok: true, data: parsed.data };
  const issue = parsed.error.issues[0];
  const path = pathOf(issue?.path ?? []);
  return { ok: false, message: `${path || whole} ${issue?.message ?? 'is wrong'}`, path };
}

/** `['lines', 0, 'amount']` → `lines[0].amount`. */
export function pathOf(parts: readonly PropertyKey[]): string {
  return parts
    .map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

/** A foreign text for a sentence: JSON-escaped and short. */
export function quoted(text: string): string {
  const short = text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}…` : text;
  return JSON.stringify(short);
}

/** Undefined leaves zod's own words. */
function wordsFor(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'is missing'
        : `must be ${expectedBy(issue)}, not ${kindOf(issue.input)}`;
    case 'too_small':
      return issue.origin === 'array'
        ? `needs at least ${issue.minimum} element`
        : `must be at least ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'array'
        ? `may have at most ${issue.maximum} elements`
        : `must be at most ${issue.maximum}`;
    case 'invalid_value':
      return issue.input === undefined ? 'is missing' : `must be ${issue.values.join(' or ')}`;
    case 'unrecognized_keys':
      return `has a field of no use: ${issue.keys.map(quoted).slice(0, 5).join(', ')}`;
    default:
      return undefined;
  }
}

/** zod says `number` where a text stands in the place of a whole number. */
function expectedBy(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string {
  const format = (issue.inst?._zod.def as { format?: string } | undefined)?.format;
  const expected = format === 'safeint' ? 'int' : issue.expected;
  return TYPE_WORDS[expected] ?? expected;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
};

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return String(value);
  return TYPE_WORDS[typeof value] ?? typeof value;
}
