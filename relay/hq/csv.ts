/**
 * Tables as CSV (RFC 4180) that are safe to open in a spreadsheet: a cell that a spreadsheet would
 * take for a formula gets an apostrophe in front (OWASP, "CSV Injection").
 */

export type Cell = string | number | undefined;

const FORMULA = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;
const PLAIN_NUMBER = /^-?\d+(?:\.\d+)?$/;

/** Rows with CRLF at the end of each; numbers stay numbers. */
export function toCsv(rows: readonly (readonly Cell[])[]): string {
  return rows.map(row => `${row.map(cellText).join(',')}\r\n`).join('');
}

function cellText(cell: Cell): string {
  if (cell === undefined) return '';
  const text = String(cell);
  const safe = FORMULA.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
