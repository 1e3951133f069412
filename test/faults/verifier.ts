/**
 * The one verifier in which every fault run ends. It reads a data folder with code of its own and
 * holds it to the tills' record: acknowledged ⊆ stored ⊆ sent, nothing twice, altered or on another
 * day, order per terminal, chain intact, the signed summaries equal to what the tills add up to.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type DaySummary, parseDaySummary } from '../../protocol/day-summary.ts';
import { digestOf, privateJwkSchema, publicJwkSchema, verifyJws } from '../../protocol/signing.ts';
import { type Effect, sumOf } from './receipts.ts';
import { SEED } from './runs.ts';
import type { ClientRecord, Sent } from './tills.ts';

const NO_HASH = '0'.repeat(64);
/** Of the fault suites' shops, whose days begin at midnight. */
export const SHOP_ZONE_MS = 8 * 3_600_000;

export interface Findings {
  /** What is wrong, as sentences; empty when all is well. */
  faults: string[];
  /** Ids by business date. */
  stored: Map<string, string[]>;
  /** Acknowledged and not stored. */
  lost: string[];
  /** Newest summary per business date. */
  summaries: Map<string, DaySummary>;
}

/** Looks at a folder in which nobody writes just now. */
export async function inspect(folder: string, record: ClientRecord): Promise<Findings> {
  const faults: string[] = [];
  const stored = new Map<string, string[]>();
  const seen = new Map<string, Numbers>();
  const names = await readdir(join(folder, 'journal'));
  for (const name of names.filter(each => each.endsWith('.ndjson')).sort()) {
    const lines = await readChain(join(folder, 'journal', name), faults);
    stored.set(
      name.slice(0, 10),
      lines.map(({ transaction }) => transaction.id),
    );
    for (const line of lines) checkLine(name.slice(0, 10), line, record, seen, faults);
  }
  const all = new Set([...stored.values()].flat());
  const lost = [...record.acknowledged].filter(id => !all.has(id));
  for (const id of lost) faults.push(`${id} was acknowledged and is lost`);
  const summaries = await readSummaries(folder, faults);
  return { faults, stored, lost, summaries };
}

/** The same, after the last close: the summaries must be what the tills add up to. */
export async function inspectClosed(folder: string, record: ClientRecord): Promise<Findings> {
  const findings = await inspect(folder, record);
  const { faults, stored, summaries } = findings;
  for (const [date, ids] of stored) {
    const summary = summaries.get(date);
    if (summary === undefined) {
      if (ids.length > 0) faults.push(`${date} was never closed`);
      continue;
    }
    const effects = ids.map(id => record.sent.get(id)?.effect ?? {});
    compare(date, sumOf(effects), totalsOf(summary), faults);
  }
  return findings;
}

/** Fails with the first few faults and the seed that repeats the run. */
export function assertNoFaults({ faults }: Findings): void {
  assert.deepEqual(faults.slice(0, 8), [], `${faults.length} faults; TILLBOOK_SEED=${SEED}`);
}

/** What was seen of one terminal. */
interface Numbers {
  numbers: Set<number>;
  last: number;
}

interface Line {
  terminal: string;
  transaction: { id: string; sequence: number };
  prev: string;
}

/** Every line of a journal file; each must prove itself and follow the one before. */
async function readChain(path: string, faults: string[]): Promise<Line[]> {
  const text = await readFile(path, 'utf8');
  if (text !== '' && !text.endsWith('\n')) faults.push(`${path} ends in half a line`);
  const lines: Line[] = [];
  let head = NO_HASH;
  for (const [index, raw] of text.split('\n').slice(0, -1).entries()) {
    const at = raw.lastIndexOf(',"hash":"');
    const hash = raw.slice(at + 9, at + 73);
    const right = createHash('sha256').update(raw.slice(0, at)).digest('hex') === hash;
    if (at === -1 || !right) {
      faults.push(`${path}, line ${index + 1} does not prove itself`);
      continue;
    }
    const line = JSON.parse(raw) as Line;
    if (line.prev !== head)
      faults.push(`${path}, line ${index + 1} does not follow the one before`);
    head = hash;
    lines.push(line);
  }
  return lines;
}

function checkLine(
  date: string,
  { terminal, transaction }: Line,
  record: ClientRecord,
  seen: Map<string, Numbers>,
  faults: string[],
): void {
  const { id, sequence } = transaction;
  const sent = record.sent.get(id);
  if (sent === undefined) faults.push(`${id} is stored and was never sent`);
  else if (sent.terminal !== terminal) faults.push(`${id} is stored as sold on ${terminal}`);
  else if (!isDeepStrictEqual(JSON.parse(sent.text), transaction)) faults.push(`${id} was altered`);
  else if (dateOf(sent) !== date) faults.push(`${id} is stored on ${date}, not on ${dateOf(sent)}`);
  const { numbers, last } = seen.get(terminal) ?? { numbers: new Set(), last: 0 };
  if (numbers.has(sequence)) faults.push(`${id} is stored twice`);
  if (last > sequence) faults.push(`${id} is out of order`);
  seen.set(terminal, { numbers: numbers.add(sequence), last: Math.max(last, sequence) });
}

/** The day on which the till sold it, as the calendars in Singapore show it. */
function dateOf({ text }: Sent): string {
  const { occurredAt } = JSON.parse(text) as { occurredAt: string };
  return new Date(Date.parse(occurredAt) + SHOP_ZONE_MS).toISOString().slice(0, 10);
}

/** All signed summaries: one chain, each signed by this shop and adding up; newest per date. */
async function readSummaries(folder: string, faults: string[]): Promise<Map<string, DaySummary>> {
  const newest = new Map<string, DaySummary>();
  const files = await readdir(join(folder, 'summaries')).catch(() => []);
  const compacts = await Promise.all(
    files.filter(name => name.endsWith('.jws')).map(name => readSigned(folder, name)),
  );
  compacts.sort((a, b) => a.summary.number - b.summary.number);
  let [number, digest] = [0, ''];
  for (const { compact, summary, problem } of compacts) {
    const name = `${summary.businessDate}.${summary.revision}`;
    if (problem !== '') faults.push(`summary ${name} does not add up: ${problem}`);
    if (summary.number !== number + 1) faults.push(`summary ${name} has number ${summary.number}`);
    if (summary.previous !== digest) faults.push(`summary ${name} breaks the chain`);
    [number, digest] = [summary.number, digestOf(compact)];
    const known = newest.get(summary.businessDate);
    if ((known?.revision ?? 0) + 1 !== summary.revision) faults.push(`${name} follows no revision`);
    newest.set(summary.businessDate, summary);
  }
  return newest;
}

async function readSigned(folder: string, name: string) {
  const compact = await readFile(join(folder, 'summaries', name), 'utf8');
  const identity = JSON.parse(await readFile(join(folder, 'identity.jwk'), 'utf8')) as unknown;
  const { d: _, ...jwk } = privateJwkSchema.parse(identity);
  const key = publicJwkSchema.parse(jwk);
  const { payload } = await verifyJws(compact, 'tillbook-day+jws', () => key);
  const parsed = parseDaySummary(payload);
  return { compact, summary: payload as DaySummary, problem: parsed.ok ? '' : parsed.message };
}

/** A summary in the words of the tills' own sums. */
function totalsOf(summary: DaySummary): Record<string, number> {
  const { counts, sales, tenders, cash, terminals } = summary;
  const effects: Effect[] = [
    ...Object.entries(counts).map(([type, count]) => ({ [`count ${type}`]: count })),
    ...sales.map(row => ({
      [`sold ${row.category} ${row.taxCode}`]: row.amount,
      [`tax ${row.category} ${row.taxCode}`]: row.tax,
    })),
    ...tenders.map(row => ({ [`tender ${row.method}`]: row.amount })),
    ...cash.map(row => ({ [`cash ${row.reason}`]: row.amount })),
    ...terminals.map(row => ({ [`entries ${row.terminal}`]: row.count })),
    { rounding: summary.rounding, overShort: summary.overShort },
  ];
  return sumOf(effects);
}

function compare(
  date: string,
  tills: Record<string, number>,
  summary: Record<string, number>,
  faults: string[],
): void {
  for (const name of new Set([...Object.keys(tills), ...Object.keys(summary)])) {
    const [sold = 0, signed = 0] = [tills[name], summary[name]];
    if (sold !== signed)
      faults.push(`${date}: "${name}" is ${sold} at the tills, ${signed} signed`);
  }
}
