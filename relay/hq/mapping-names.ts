/**
 * Every name that a store's tills used lately, for the mapping page: from the last heartbeat, from
 * the days of the last month, and from what is mapped already; each with what becomes of it now.
 */
import type { DayParts } from '../../protocol/day-summary.ts';
import { LINE_KINDS } from '../../protocol/transaction.ts';
import type { Mapping } from '../books/mapping.ts';
import { type Names, type NameToMap, namesOf, namesToMap } from '../books/names.ts';
import { keysUnder, type Reader } from '../db/db.ts';
import type { StoreRecord } from '../db/records.ts';
import type { Chart } from '../xero/chart.ts';

const DAYS_READ = 31;

export interface SeenNames {
  names: Names;
  /** Sales, over/short and rounding of those days: they explain tax codes. */
  parts: Pick<DayParts, 'sales' | 'overShort' | 'rounding'>;
}

export async function readSeenNames(db: Reader, store: StoreRecord): Promise<SeenNames> {
  const beat = await db.get('heartbeats', store.id);
  const days = await db.list('days', {
    ...keysUnder(`${store.id}/`),
    limit: DAYS_READ,
    reverse: true,
  });
  const parts = days.flatMap(({ value }) => value.revisions.at(-1)?.parts ?? []);
  const today = beat?.heartbeat.today;
  const all = today === undefined ? parts : [today, ...parts];
  const told = beat?.heartbeat.names;
  return {
    names: mergeNames([...(told === undefined ? [] : [told]), ...all.map(namesOf)]),
    parts: {
      sales: all.flatMap(({ sales }) => sales),
      overShort: all.find(({ overShort }) => overShort !== 0)?.overShort ?? 0,
      rounding: all.find(({ rounding }) => rounding !== 0)?.rounding ?? 0,
    },
  };
}

/** A name and what becomes of it; `seen` is false for one that is only in the mapping. */
export interface MappedName extends NameToMap {
  seen: boolean;
}

/** All names, those that hold days first. */
export function listNames(seen: SeenNames, mapping: Mapping, chart: Chart): MappedName[] {
  const names = mergeNames([seen.names, namesIn(mapping)]);
  return namesToMap(names, mapping, chart, seen.parts).map(name => ({
    ...name,
    seen: isSeen(seen.names, name),
  }));
}

function isSeen(names: Names, { kind, name }: NameToMap): boolean {
  switch (kind) {
    case 'category':
      return names.categories.includes(name);
    case 'tax-code':
      return names.taxCodes.includes(name);
    case 'tender':
      return names.tenders.includes(name);
    case 'line-kind':
      return names.kinds.includes(name);
    case 'cash-reason':
      return names.cashReasons.includes(name);
    case 'over-short':
    case 'rounding':
      return true;
  }
}

/** What HQ mapped already, seen lately or not; the kinds of lines are always offered. */
function namesIn(mapping: Mapping): Names {
  return {
    categories: Object.keys(mapping.categories),
    taxCodes: Object.keys(mapping.taxes),
    tenders: Object.keys(mapping.tenders),
    kinds: LINE_KINDS.filter(kind => mapping.kinds[kind] !== undefined),
    cashReasons: Object.keys(mapping.cash),
  };
}

function mergeNames(all: readonly Names[]): Names {
  const merge = (read: (names: Names) => readonly string[]) =>
    [...new Set(all.flatMap(read))].sort((a, b) => a.localeCompare(b, 'en'));
  return {
    categories: merge(names => names.categories),
    taxCodes: merge(names => names.taxCodes),
    tenders: merge(names => names.tenders),
    kinds: merge(names => names.kinds),
    cashReasons: merge(names => names.cashReasons),
  };
}
