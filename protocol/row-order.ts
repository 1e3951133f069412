/**
 * The order of the rows of a summary, by which the same totals always make the same bytes. The books
 * sort by it what they post.
 */

/** What tells one row of sales from another. */
export interface SalesKey {
  kind: string;
  category?: string | undefined;
  taxCode?: string | undefined;
}

/** Code-unit order, as JavaScript compares strings; absent first. */
export function compareText(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return a < b ? -1 : 1;
}

export function compareSales(a: SalesKey, b: SalesKey): number {
  return (
    compareText(a.kind, b.kind) ||
    compareText(a.category, b.category) ||
    compareText(a.taxCode, b.taxCode)
  );
}
