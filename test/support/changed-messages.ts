/**
 * Good and bad messages for the question whether everybody gives the same verdict: good ones of
 * made-up trading days, some with a field gone, replaced, or a number moved by a cent.
 */
import { fc } from './fast-check.ts';
import { dayArb } from './messages.ts';

export type Json = Record<string, unknown>;

const messageArb = dayArb
  .filter(day => day.length > 0)
  .chain(day => fc.constantFrom(...day))
  .map(({ transaction }) => JSON.parse(JSON.stringify(transaction)) as Json);

const oddArb = fc.constantFrom<unknown[]>(
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  -1e12,
  2 ** 53,
  '',
  'x',
  'x'.repeat(65),
  'x'.repeat(256),
  'SGD',
  '2026-11-22',
  '2026-02-30T00:00:00Z',
  'sale',
  'refund',
  'void',
  'tip',
  [],
  {},
  [{}],
);

/** Nothing, a field taken away, a field replaced, or a number moved by a cent. */
const changedArb = fc.oneof(
  messageArb,
  fc.tuple(messageArb, fc.nat(), fc.constant(undefined)).map(change),
  fc.tuple(messageArb, fc.nat(), oddArb).map(change),
  fc.tuple(messageArb, fc.nat(), fc.constantFrom(1, -1)).map(nudge),
);

function change([message, at, value]: [Json, number, unknown]): Json {
  const places = placesOf(message);
  const [holder, key] = places[at % places.length] ?? [message, 'id'];
  if (value === undefined) delete holder[key];
  else holder[key] = value;
  return message;
}

function nudge([message, at, by]: [Json, number, number]): Json {
  const places = placesOf(message).filter(([holder, key]) => typeof holder[key] === 'number');
  const [holder, key] = places[at % places.length] ?? [message, 'sequence'];
  holder[key] = Number(holder[key]) + by;
  return message;
}

/** Every field at any depth, as the object that holds it and its name. */
function placesOf(value: unknown): [Json, string][] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Json;
  const own = Object.keys(holder).map((key): [Json, string] => [holder, key]);
  return [...own.filter(() => !Array.isArray(value)), ...Object.values(holder).flatMap(placesOf)];
}

/** The same messages each time. */
export function changedMessages(count: number): Json[] {
  return fc.sample(changedArb, { numRuns: count, seed: 20261122 });
}
