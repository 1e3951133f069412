/**
 * The texts of a document by which people and programs know it again: number, reference, contact,
 * descriptions. All deterministic, and no longer than Xero's fields.
 */
import type { PlanInput } from './plan.ts';

/** Xero's limits for InvoiceNumber, Reference and Contact.Name (OpenAPI 16.1.0), characters. */
export const TEXT_MAX = 255;
/** Xero allows 4,000; more than this nobody reads. */
export const DESCRIPTION_MAX = 500;
/** ` (23)` */
const ROOM_FOR_COUNT = 6;

/** `<prefix>-<slug>-<yyyymmdd>[-A1][-R1]`, unique over invoices and credit notes. */
export function documentNumber(input: PlanInput): string {
  const { mapping, store, date, before, options = {} } = input;
  const adjustment = options.adjustment ?? (before === undefined ? 0 : 1);
  const repost = options.repost ?? 0;
  return [
    mapping.prefix,
    store.slug,
    date.replaceAll('-', ''),
    ...(adjustment > 0 ? [`A${adjustment}`] : []),
    ...(repost > 0 ? [`R${repost}`] : []),
  ].join('-');
}

/** The first 16 hex digits of a base64url digest: they say whose document it is. */
export function shortDigest(digest: string): string {
  return Buffer.from(digest, 'base64url').toString('hex').slice(0, 16);
}

/**
 * `<store> <date> r<n> <16 hex>`, or HQ's template with `{store} {date} {revision} {digest}
 * {number}`. The digest is put at the end when the template leaves it out.
 */
export function documentReference(input: PlanInput): string {
  const { store, date, revision, mapping } = input;
  const digest = shortDigest(revision.digest);
  const template = mapping.reference ?? '{store} {date} r{revision}';
  const own = template.includes('{digest}') ? template : `${template} {digest}`;
  const fill = (name: string) =>
    fillTemplate(own, {
      store: name,
      date,
      revision: String(revision.revision),
      digest,
      number: documentNumber(input),
    });
  const filled = fill(store.name);
  if (filled.length <= TEXT_MAX) return filled;
  const shorter = fill(
    clip(store.name, Math.max(8, TEXT_MAX - (filled.length - store.name.length))),
  );
  if (shorter.length <= TEXT_MAX) return shorter;
  return `${clip(shorter.replace(digest, ''), TEXT_MAX - digest.length - 1)} ${digest}`;
}

/** HQ's contact with `{store}` filled in; by default the store's own: `<store> daily sales`. */
export function contactName({ store, mapping }: Pick<PlanInput, 'store' | 'mapping'>): string {
  const template = mapping.contact ?? '{store} daily sales';
  const filled = fillTemplate(template, { store: store.name });
  if (filled.length <= TEXT_MAX) return filled.trim();
  const room = TEXT_MAX - (filled.length - store.name.length);
  return clip(fillTemplate(template, { store: clip(store.name, Math.max(8, room)) }), TEXT_MAX);
}

/**
 * `<number> <tender>` for each. A payment has no other name in Xero: tenders that differ in white
 * space only (`card`, `card `) are told apart by a number.
 */
export function paymentReferences(number: string, tenders: readonly string[]): string[] {
  const used = new Set<string>();
  return tenders.map(tender => {
    const own = clip(`${number} ${tender}`, TEXT_MAX - ROOM_FOR_COUNT);
    let reference = own;
    for (let count = 2; used.has(reference); count += 1) reference = `${own} (${count})`;
    used.add(reference);
    return reference;
  });
}

/** Tills may send any character in a name; on one line it reads as it will in Xero. */
export function onOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** `Sales: Coffee, Food and 12 more`. */
export function describe(label: string, names: readonly string[]): string {
  const others = names.filter(name => name !== label);
  if (others.length === 0) return clip(label, DESCRIPTION_MAX);
  let text = label;
  for (const [index, name] of others.entries()) {
    const next = `${text}${index === 0 ? ': ' : ', '}${name}`;
    const left = others.length - index;
    if (next.length > DESCRIPTION_MAX - 20) {
      return index === 0 ? clip(next, DESCRIPTION_MAX) : `${text} and ${left} more`;
    }
    text = next;
  }
  return text;
}

/** On one line, at most `max` UTF-16 units, ending in … when cut, never in half a character. */
export function clip(text: string, max: number): string {
  const trimmed = onOneLine(text);
  if (trimmed.length <= max) return trimmed;
  const cut = trimmed.slice(0, max - 1);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}

function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) =>
    Object.hasOwn(values, key) ? (values[key] ?? whole) : whole,
  );
}
