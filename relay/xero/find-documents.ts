/**
 * Reads sales documents with their lines and payments: those of given numbers, whatever their
 * status, and those that anybody made or changed since an instant. One page is one call.
 */
import { isAppError } from '../../protocol/errors.ts';
import { type CallDeps, callXero, listOf } from './calls.ts';
import { decodeCreditNote, decodeInvoice } from './documents.ts';
import { unavailable } from './failures.ts';
import {
  type BankedPayment,
  type CallerKind,
  type DocumentKind,
  type OrganisationRef,
  READ_MAX,
  REFERENCES_MAX,
  type ReferenceQuery,
  type XeroDocument,
} from './port.ts';

/** Per number: it is unique, but a deleted draft may share one with a living document. */
const FOUND_MAX = 2;
/** The most that Xero gives; a page is a call. */
const CHANGED_PAGE = 1000;
/** A night of more changes than these is another program's: what lies beyond is not looked at. */
const CHANGED_PAGES_MAX = 50;

interface Asked {
  numbers?: readonly string[];
  reference?: ReferenceQuery;
  since?: Date;
  page: number;
  size: number;
}

/** At most READ_MAX numbers; a supplier's bill of the same number does not count. */
export async function findDocuments(
  deps: CallDeps,
  ref: OrganisationRef,
  kind: DocumentKind,
  numbers: readonly string[],
  caller: CallerKind,
): Promise<XeroDocument[]> {
  if (numbers.length === 0) return [];
  if (numbers.length > READ_MAX[kind]) throw new RangeError(`a look-up of ${numbers.length}`);
  const size = READ_MAX[kind] * FOUND_MAX;
  const found = await read(deps, ref, kind, { numbers, page: 1, size }, caller);
  return found.filter(document => numbers.includes(document.number));
}

export async function findByReference(
  deps: CallDeps,
  ref: OrganisationRef,
  kind: DocumentKind,
  reference: ReferenceQuery,
): Promise<XeroDocument[]> {
  const { texts } = reference;
  if (texts.length === 0) return [];
  if (texts.length > REFERENCES_MAX) throw new RangeError(`a look-up of ${texts.length}`);
  const asked = { reference, size: CHANGED_PAGE };
  const found = await allPages(page => read(deps, ref, kind, { ...asked, page }, 'poster'));
  return found.filter(document => texts.some(text => document.reference.includes(text)));
}

/**
 * Type and Date keep the search small; a text filter on a field that may be empty fails without the
 * null check (Xero: Requests and responses, "where").
 */
function whereReference({ texts, from }: ReferenceQuery): string {
  const [year, month, day] = from.split('-').map(Number);
  const any = texts.map(text => `Reference.Contains("${text}")`).join(' OR ');
  return `Date>=DateTime(${year},${month},${day}) AND Reference!=null AND (${any})`;
}

export async function changedDocuments(
  deps: CallDeps,
  ref: OrganisationRef,
  kind: DocumentKind,
  since: string,
): Promise<XeroDocument[]> {
  const asked = { since: new Date(since), size: CHANGED_PAGE };
  return allPages(page => read(deps, ref, kind, { ...asked, page }, 'poster'));
}

/** One list: a refunded credit note stands under `invoice` there, as Xero shows it. */
export async function changedPayments(
  deps: CallDeps,
  ref: OrganisationRef,
  since: string,
): Promise<BankedPayment[]> {
  const at = new Date(since);
  const found = await allPages(async page => {
    const { payments } = await callXero(deps, ref, { caller: 'poster', writes: false }, api =>
      api.getPayments(ref.organisation, at, undefined, undefined, page, CHANGED_PAGE),
    );
    return listOf(payments, false);
  });
  return found.flatMap(({ paymentID: id, status, invoice, creditNote, isReconciled }) => {
    const number = invoice?.invoiceNumber ?? creditNote?.creditNoteNumber;
    if (id === undefined || number === undefined || String(status) === 'DELETED') return [];
    return [{ id, number, isBanked: isReconciled === true }];
  });
}

async function allPages<Found>(readPage: (page: number) => Promise<Found[]>): Promise<Found[]> {
  const all: Found[] = [];
  for (let page = 1; page <= CHANGED_PAGES_MAX; page += 1) {
    const some = await readPage(page);
    all.push(...some);
    if (some.length < CHANGED_PAGE) break;
  }
  return all;
}

async function read(
  deps: CallDeps,
  ref: OrganisationRef,
  kind: DocumentKind,
  asked: Asked,
  caller: CallerKind,
): Promise<XeroDocument[]> {
  try {
    return kind === 'invoice'
      ? await readInvoices(deps, ref, asked, caller)
      : await readCreditNotes(deps, ref, asked, caller);
  } catch (error) {
    if (isAppError(error, 'bad-answer')) throw unavailable(error.message, error);
    throw error;
  }
}

async function readInvoices(
  deps: CallDeps,
  ref: OrganisationRef,
  { numbers, reference, since, page, size }: Asked,
  caller: CallerKind,
): Promise<XeroDocument[]> {
  const sales = 'Type=="ACCREC"';
  const where = reference === undefined ? sales : `${sales} AND ${whereReference(reference)}`;
  // One text with commas is how Xero documents lists. A page brings the lines along.
  const list = numbers && [numbers.join(',')];
  const none = undefined;
  const before = [ref.organisation, since, where, none, none, list, none, none] as const;
  const after = [page, none, none, none, none, size] as const;
  const { invoices } = await callXero(deps, ref, { caller, writes: false }, api =>
    api.getInvoices(...before, ...after),
  );
  return listOf(invoices, false).flatMap(one => decodeAsked(one, decodeInvoice, numbers));
}

async function readCreditNotes(
  deps: CallDeps,
  ref: OrganisationRef,
  { numbers, reference, since, page, size }: Asked,
  caller: CallerKind,
): Promise<XeroDocument[]> {
  const where =
    reference === undefined
      ? numbers?.map(number => `CreditNoteNumber=="${number}"`).join(' OR ')
      : `Type=="ACCRECCREDIT" AND ${whereReference(reference)}`;
  const { creditNotes } = await callXero(deps, ref, { caller, writes: false }, api =>
    api.getCreditNotes(ref.organisation, since, where, undefined, page, undefined, size),
  );
  return listOf(creditNotes, false)
    .filter(note => String(note.type) === 'ACCRECCREDIT')
    .flatMap(one => decodeAsked(one, decodeCreditNote, numbers));
}

/** Among all changes there are other people's documents, of shapes that are none of ours. */
function decodeAsked<Source>(
  source: Source,
  decode: (source: Source) => XeroDocument,
  numbers: readonly string[] | undefined,
): XeroDocument[] {
  try {
    return [decode(source)];
  } catch (error) {
    if (numbers === undefined && isAppError(error, 'bad-answer')) return [];
    throw error;
  }
}
