/**
 * Xero's list parameters, `order` and paging, over records as they stand in its JSON.
 */
import type { Json } from './answers.ts';
import type { Call } from './gate.ts';

const PAGE_SIZE = 100;
const PAGE_SIZE_MAX = 1000;

/** A list parameter: `A=x,y`, as xero-node writes it, or `A=x&A=y`. */
export function listParameter(call: Call, name: string): string[] {
  return call.query
    .getAll(name)
    .flatMap(value => value.split(','))
    .map(value => value.trim().replace(/^"|"$/g, ''))
    .filter(value => value !== '');
}

export interface Paged<T> {
  readonly records: readonly T[];
  /** Asked for by page: then line items are shown. */
  readonly paged: boolean;
  readonly pagination?: Json;
}

/** Cuts one page out of the records when the caller asked for pages. */
export function page<T>(call: Call, records: readonly T[]): Paged<T> {
  const number = Number(call.query.get('page') ?? 0);
  if (!(number >= 1)) return { records, paged: false };
  const asked = Number(call.query.get('pageSize') ?? PAGE_SIZE);
  const size = Math.min(PAGE_SIZE_MAX, Math.max(1, asked || PAGE_SIZE));
  return {
    records: records.slice((number - 1) * size, number * size),
    paged: true,
    pagination: {
      page: number,
      pageSize: size,
      pageCount: Math.ceil(records.length / size),
      itemCount: records.length,
    },
  };
}

/** Sorts by `order=Field DESC`; without it the records stay as they are. */
export function inOrder<T extends object>(call: Call, records: readonly T[]): readonly T[] {
  const [field, direction] = (call.query.get('order') ?? '').trim().split(/\s+/);
  if (field === undefined || field === '') return records;
  const sign = direction?.toUpperCase() === 'DESC' ? -1 : 1;
  const key = (record: T): string | number => {
    const value = (record as Json)[field];
    return typeof value === 'number' ? value : String(value ?? '');
  };
  return records.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x === y ? 0 : x < y ? -sign : sign;
  });
}
