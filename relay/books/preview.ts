/**
 * What the books would show without touching Xero: the open day as a heartbeat tells it, or any day
 * before its first post. Pure: the same rules as posting, by the same function.
 */
import type { Heartbeat } from '../../protocol/agent-relay.ts';
import type { Chart } from '../xero/chart.ts';
import { planRevision } from './invoice.ts';
import type { Mapping } from './mapping.ts';
import { type NameToMap, namesOf, namesToMap } from './names.ts';
import type { Plan, PlanInput } from './plan.ts';
import type { Reason } from './reasons.ts';

export interface Preview {
  plan: Plan;
  /** Every name of the day and where it goes, unmapped ones first. */
  names: NameToMap[];
}

export interface TodayInput {
  store: PlanInput['store'];
  heartbeat: Pick<Heartbeat, 'today' | 'names'>;
  mapping: Mapping;
  chart: Chart;
}

/** The digest that stands in for a summary which is not signed yet. */
const NOT_SIGNED = '';

/** The document that today so far would make; undefined when the agent told of no open day. */
export function previewToday({
  store,
  heartbeat,
  mapping,
  chart,
}: TodayInput): Preview | undefined {
  const { today, names } = heartbeat;
  if (today === undefined) return undefined;
  const { businessDate: date, currency, ...parts } = today;
  const plan = planRevision({
    store: { ...store, currency },
    date,
    revision: { revision: 1, digest: NOT_SIGNED, parts, quarantined: 0, damaged: 0 },
    mapping,
    chart,
    options: { released: true },
  });
  return { plan, names: namesToMap(mergeNames(names, namesOf(parts)), mapping, chart, parts) };
}

/** Any planned input as it would be posted, with the names it uses. */
export function previewRevision(input: PlanInput): Preview {
  const { revision, mapping, chart } = input;
  const names = namesToMap(namesOf(revision.parts), mapping, chart, revision.parts);
  return { plan: planRevision(input), names };
}

/**
 * What HQ must map before tonight's close, each with its fix; empty when the day could be posted.
 * Told from the moment a name is first seen.
 */
export function unmappedReasons(names: readonly NameToMap[]): Reason[] {
  return names
    .filter(({ state }) => state === 'unmapped')
    .map(({ kind, name }) => ({
      code: 'unmapped',
      message: `The ${KIND_WORDS[kind]} “${name}” is not mapped yet: days with it will wait.`,
      fix: 'Open the mapping of the store, choose where it goes, and Save.',
    }));
}

const KIND_WORDS: Readonly<Record<NameToMap['kind'], string>> = {
  category: 'category',
  'tax-code': 'tax code',
  tender: 'tender',
  'line-kind': 'kind of line',
  'cash-reason': 'cash reason',
  'over-short': 'account for',
  rounding: 'account for',
};

function mergeNames(a: Heartbeat['names'], b: Heartbeat['names']): Heartbeat['names'] {
  const both = (one: readonly string[], other: readonly string[]) => [
    ...new Set([...one, ...other]),
  ];
  return {
    categories: both(a.categories, b.categories),
    taxCodes: both(a.taxCodes, b.taxCodes),
    tenders: both(a.tenders, b.tenders),
    kinds: both(a.kinds, b.kinds),
    cashReasons: both(a.cashReasons, b.cashReasons),
  };
}
