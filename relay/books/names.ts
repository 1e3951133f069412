/**
 * The names that a shop's tills use, held against the mapping: which are mapped, which fall back to
 * the two defaults, which must be mapped before the day can be posted. Told as soon as a name is
 * first seen in a heartbeat, long before the close.
 */
import type { Heartbeat } from '../../protocol/agent-relay.ts';
import type { DayParts } from '../../protocol/day-summary.ts';
import { LINE_KINDS, type LineKind } from '../../protocol/transaction.ts';
import type { Chart } from '../xero/chart.ts';
import {
  chooseForCash,
  chooseForRounding,
  chooseForSales,
  chooseForTender,
  PRODUCT_KINDS,
} from './accounts.ts';
import { findAccount, findTaxRate, ownValue } from './chart-lookup.ts';
import type { Mapping } from './mapping.ts';
import { explains } from './taxes.ts';

export type Names = Heartbeat['names'];

export interface NameToMap {
  kind:
    | 'category'
    | 'tax-code'
    | 'tender'
    | 'line-kind'
    | 'cash-reason'
    | 'over-short'
    | 'rounding';
  name: string;
  /** `mapped`: HQ chose; `fallback`: a default stands in; `unmapped`: the day will wait for it. */
  state: 'mapped' | 'fallback' | 'unmapped';
  /** Account code or id, or tax type, that it goes to now. */
  goesTo?: string;
}

/**
 * Every name with its state, unmapped ones first.
 * @param parts today so far or a whole day: tells which tax codes are explained by the default rate,
 *   and whether over/short and rounding occur
 */
export function namesToMap(
  names: Names,
  mapping: Mapping,
  chart: Chart,
  parts?: Pick<DayParts, 'sales' | 'overShort' | 'rounding'>,
): NameToMap[] {
  const found = [
    ...names.categories.map(name => category(mapping, name)),
    ...names.taxCodes.map(name => taxCode(mapping, chart, name, parts?.sales ?? [])),
    ...names.tenders.map(name => tender(mapping, name)),
    ...LINE_KINDS.filter(kind => names.kinds.includes(kind)).map(kind => lineKind(mapping, kind)),
    ...names.cashReasons.map(name => cashReason(mapping, name)),
    ...drawer(mapping, chart, parts),
  ];
  const order = { unmapped: 0, fallback: 1, mapped: 2 };
  return found.sort((a, b) => order[a.state] - order[b.state]);
}

/** The names of one day, as a heartbeat would list them. */
export function namesOf(parts: Pick<DayParts, 'sales' | 'tenders' | 'cash'>): Names {
  const distinct = (values: (string | undefined)[]) =>
    [...new Set(values)].filter(value => value !== undefined).sort();
  return {
    categories: distinct(parts.sales.map(row => row.category)),
    taxCodes: distinct(parts.sales.map(row => row.taxCode)),
    tenders: distinct(parts.tenders.map(row => row.method)),
    kinds: distinct(parts.sales.map(row => row.kind)),
    cashReasons: distinct(parts.cash.map(row => row.reason)),
  };
}

function category(mapping: Mapping, name: string): NameToMap {
  const own = ownValue(mapping.categories, name);
  return own !== undefined
    ? { kind: 'category', name, state: 'mapped', goesTo: own.account }
    : { kind: 'category', name, state: 'fallback', goesTo: mapping.kinds.item ?? mapping.products };
}

function taxCode(
  mapping: Mapping,
  chart: Chart,
  name: string,
  sales: DayParts['sales'],
): NameToMap {
  const own = ownValue(mapping.taxes, name);
  if (own !== undefined) return { kind: 'tax-code', name, state: 'mapped', goesTo: own };
  const taxType = findAccount(chart, mapping.products)?.taxType;
  const rate = taxType === undefined ? undefined : findTaxRate(chart, taxType);
  const rows = sales.filter(row => row.taxCode === name);
  const explained =
    rate !== undefined &&
    rows.length > 0 &&
    rows.every(row => explains(rate.ratePercent, row) || !taxMatters(row));
  return explained
    ? { kind: 'tax-code', name, state: 'fallback', goesTo: rate.taxType }
    : { kind: 'tax-code', name, state: 'unmapped' };
}

/** A gift card or deposit without tax is out of scope whatever its code. */
function taxMatters(row: DayParts['sales'][number]): boolean {
  return row.tax !== 0 || PRODUCT_KINDS.has(row.kind) || row.kind === 'tip';
}

function tender(mapping: Mapping, name: string): NameToMap {
  const { account } = chooseForTender(mapping, name);
  if (account === undefined) return { kind: 'tender', name, state: 'unmapped' };
  const state = ownValue(mapping.tenders, name) === undefined ? 'fallback' : 'mapped';
  return { kind: 'tender', name, state, goesTo: account };
}

function lineKind(mapping: Mapping, kind: LineKind): NameToMap {
  const { account } = chooseForSales(mapping, kind, undefined);
  if (account === undefined) return { kind: 'line-kind', name: kind, state: 'unmapped' };
  const state = mapping.kinds[kind] === undefined ? 'fallback' : 'mapped';
  return { kind: 'line-kind', name: kind, state, goesTo: account };
}

function cashReason(mapping: Mapping, name: string): NameToMap {
  const { account } = chooseForCash(mapping, name);
  if (account === undefined) return { kind: 'cash-reason', name, state: 'unmapped' };
  const state = ownValue(mapping.cash, name) === undefined ? 'fallback' : 'mapped';
  return { kind: 'cash-reason', name, state, goesTo: account };
}

/** Over/short and rounding have no names of their own; they are told when they occur. */
function drawer(
  mapping: Mapping,
  chart: Chart,
  parts: Pick<DayParts, 'overShort' | 'rounding'> | undefined,
): NameToMap[] {
  const found: NameToMap[] = [];
  if (parts !== undefined && parts.overShort !== 0) {
    const goesTo = mapping.overShort;
    const over = { kind: 'over-short', name: 'cash over/short' } as const;
    found.push(
      goesTo === undefined ? { ...over, state: 'unmapped' } : { ...over, state: 'mapped', goesTo },
    );
  }
  if (parts !== undefined && parts.rounding !== 0) {
    const { account } = chooseForRounding({ mapping, chart, currency: '', reasons: [] });
    const rounding = { kind: 'rounding', name: 'cash rounding' } as const;
    const state = mapping.rounding === undefined ? 'fallback' : 'mapped';
    found.push(
      account === undefined
        ? { ...rounding, state: 'unmapped' }
        : { ...rounding, state, goesTo: account },
    );
  }
  return found;
}
