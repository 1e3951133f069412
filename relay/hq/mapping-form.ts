/**
 * The mapping page's form ↔ a mapping. Names come from tills and may hold anything, so rows are
 * numbered: `tenders.3.name` (hidden, or typed for a new one) and `tenders.3.to` (chosen).
 */
import { z } from 'zod';
import { type Mapping, mappingSchema } from '../books/mapping.ts';
import { type FieldError, textOf } from './call.ts';

/** More rows than any store has names; the body's size limits it anyway. */
const ROWS_MAX = 2000;

export type RowKind = 'tenders' | 'categories' | 'kinds' | 'taxes' | 'cash';

interface Row {
  name: string;
  to: string;
  tracking: string;
}

export type ReadMapping =
  | { mapping: Mapping; errors: [] }
  | { mapping: undefined; errors: FieldError[] };

/**
 * @param body what the browser sent
 * @param organisation the store's; the form cannot change it
 */
export function readMapping(body: unknown, organisation: string): ReadMapping {
  const text = (name: string) => textOf(body, name);
  const given = (name: string) => text(name) || undefined;
  const chosen = (kind: RowKind) => readRows(body, kind);
  const entries = (kind: RowKind) => record(chosen(kind).map(row => [row.name, row.to]));
  const parsed = mappingSchema.safeParse(
    withoutAbsent({
      organisation,
      products: text('products'),
      payment: text('payment'),
      noTax: given('noTax'),
      outOfScope: given('outOfScope'),
      taxes: entries('taxes'),
      kinds: entries('kinds'),
      categories: record(chosen('categories').map(row => [row.name, categoryOf(row)])),
      tenders: record(chosen('tenders').map(row => [row.name, tenderOf(row.to)])),
      cashTender: given('cashTender'),
      rounding: given('rounding'),
      overShort: given('overShort'),
      cash: entries('cash'),
      cashOther: given('cashOther'),
      discounts: given('discounts'),
      tracking: trackingOf([text('tracking1'), text('tracking2')]),
      lines: given('lines'),
      status: given('status'),
      lockPolicy: given('lockPolicy'),
      zeroInvoice: text('zeroInvoice') === 'yes',
      taxTolerance: given('taxTolerance') === undefined ? undefined : Number(text('taxTolerance')),
      gaps: given('gaps'),
      contact: given('contact'),
      prefix: given('prefix'),
      reference: given('reference'),
    }),
  );
  if (parsed.success) return { mapping: parsed.data, errors: [] };
  return { mapping: undefined, errors: parsed.error.issues.map(issueError) };
}

const WORDS: Record<string, string> = {
  products: 'Choose Accounts for Products.',
  payment: 'Choose Default Payment Account.',
  prefix: 'The number prefix takes up to 20 letters, digits and hyphens.',
  taxTolerance: 'The tax tolerance is a whole number of cents, 0 or more.',
  contact: 'The contact is at most 255 characters long.',
  reference: 'The reference is at most 255 characters long.',
};

function issueError({ path, message }: { path: PropertyKey[]; message: string }): FieldError {
  const name = String(path[0] ?? '');
  const known = WORDS[name];
  return known === undefined ? { message: `${name}: ${message}` } : { field: name, message: known };
}

/** Rows with a name and a choice; the others fall back to the defaults. */
function readRows(body: unknown, kind: RowKind): Row[] {
  const rows: Row[] = [];
  for (let index = 0; index < ROWS_MAX; index += 1) {
    const name = textOf(body, `${kind}.${index}.name`);
    const to = textOf(body, `${kind}.${index}.to`);
    if (name !== '' && to !== '') {
      rows.push({ name, to, tracking: textOf(body, `${kind}.${index}.tracking`) });
    }
  }
  return rows;
}

function categoryOf({ to, tracking }: Row) {
  const chosen = trackingOf([tracking]);
  return chosen === undefined ? { account: to } : { account: to, tracking: chosen };
}

/** `payment <id>` or `line <id>`. */
function tenderOf(to: string) {
  const [by = '', account = ''] = to.split(' ');
  return by === 'line' ? { line: account } : { payment: account };
}

export function tenderChoice(chosen: Mapping['tenders'][string] | undefined): string {
  if (chosen === undefined) return '';
  return 'payment' in chosen ? `payment ${chosen.payment}` : `line ${chosen.line}`;
}

function trackingOf(choices: readonly string[]) {
  const chosen = choices.filter(choice => choice !== '').map(parseTracking);
  return chosen.length === 0 ? undefined : chosen;
}

const trackingSchema = z.tuple([z.string(), z.string()]);

/** A forged choice becomes one that no organisation has: the check of the mapping refuses it. */
function parseTracking(choice: string): { category: string; option: string } {
  const [category, option] = trackingSchema.catch([choice, '']).parse(jsonOf(choice));
  return { category, option };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not one of our choices: the schema says so
  }
}

/** A tracking option as a choice's value. */
export function trackingChoice(chosen: { category: string; option: string } | undefined): string {
  return chosen === undefined ? '' : JSON.stringify([chosen.category, chosen.option]);
}

/** Without a prototype a category may be called `__proto__`. */
function record<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  const made: Record<string, Value> = Object.create(null);
  for (const [name, value] of entries) made[name] = value;
  return made;
}

function withoutAbsent(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
