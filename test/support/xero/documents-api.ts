/**
 * `/Invoices` and `/CreditNotes`: PUT creates, POST creates or overwrites by id or number, GET one
 * or many. One set of rules serves both; they differ in names only.
 */
import {
  type Answer,
  badQuery,
  envelope,
  type Json,
  messages,
  NO_ID,
  NOT_FOUND,
  validationException,
} from './answers.ts';
import { settle } from './books.ts';
import {
  type DocContext,
  type Drafted,
  draftDoc,
  sentNumber,
  untouchable,
  wordFor,
} from './documents.ts';
import type { Call } from './gate.ts';
import { type DocInput, readDocs } from './input.ts';
import { inOrder, listParameter, page } from './query.ts';
import { docJson } from './render.ts';
import type { Doc, DocumentKind } from './types.ts';
import { parseWhere, WhereError } from './where.ts';

const NAMES = { invoice: 'Invoices', 'credit-note': 'CreditNotes' } as const;

/** `PUT`: makes new documents. A number that is taken is an error. */
export function createDocs(kind: DocumentKind): (call: Call) => Answer {
  return call => saveDocs(call, kind, () => undefined);
}

/** `POST`: overwrites the document with that id or number, silently; else makes a new one. */
export function upsertDocs(kind: DocumentKind): (call: Call) => Answer {
  return call => saveDocs(call, kind, input => findDoc(call, kind, sentId(input), input));
}

/** `POST /…/{id}`: changes one document. */
export function updateDoc(kind: DocumentKind): (call: Call) => Answer {
  return call => {
    const doc = findDoc(call, kind, call.id);
    return doc === undefined ? NOT_FOUND : saveDocs(call, kind, () => doc);
  };
}

/** `GET /…/{id or number}` with lines and payments. */
export function getDoc(kind: DocumentKind): (call: Call) => Answer {
  return call => {
    const doc = findDoc(call, kind, call.id);
    return doc === undefined ? NOT_FOUND : okay(call, kind, [doc], true);
  };
}

/** `GET /…`: filtered; lines are shown only when a page is asked for. */
export function listDocs(kind: DocumentKind): (call: Call) => Answer {
  return call => {
    const { organisation } = call;
    const all = organisation.docs.filter(doc => doc.kind === kind && asked(call, kind, doc));
    try {
      const fits = parseWhereOf(call);
      const shown = all
        .map(doc => ({ doc, json: docJson(organisation, doc, { lines: true }) }))
        .filter(({ json }) => fits(json));
      const ordered = inOrder(
        call,
        shown.map(({ doc, json }) => ({ ...json, doc })),
      );
      const { records, paged, pagination } = page(call, ordered);
      const lines = paged && call.query.get('summaryOnly') !== 'true';
      const found = records.map(record => docJson(organisation, record.doc as Doc, { lines }));
      return {
        status: 200,
        body: envelope(call.world.now(), NAMES[kind], found, { ...(pagination && { pagination }) }),
      };
    } catch (error) {
      if (error instanceof WhereError) return badQuery(error.message);
      throw error;
    }
  };
}

/** The compiled `where`, or a test that lets everything through. */
export function parseWhereOf(call: Call): (record: Json) => boolean {
  const where = call.query.get('where');
  return where === null || where.trim() === '' ? () => true : parseWhere(where);
}

function asked(call: Call, kind: DocumentKind, doc: Doc): boolean {
  const among = (name: string, value: string) => {
    const wanted = listParameter(call, name);
    return wanted.length === 0 || wanted.includes(value);
  };
  if (call.modifiedSince !== undefined && doc.updatedAt < call.modifiedSince) return false;
  if (kind === 'credit-note') return true;
  return (
    among('IDs', doc.id) &&
    among('InvoiceNumbers', doc.number) &&
    among('ContactIDs', doc.contactId) &&
    among('Statuses', doc.status)
  );
}

function sentId(input: DocInput): string | undefined {
  const id = input.InvoiceID || input.CreditNoteID || undefined;
  return id === NO_ID ? undefined : id;
}

function findDoc(
  { organisation }: Call,
  kind: DocumentKind,
  id: string | undefined,
  input?: DocInput,
): Doc | undefined {
  const number = input === undefined ? id : sentNumber(input);
  const docs = organisation.docs.filter(doc => doc.kind === kind);
  return docs.find(doc => doc.id === id) ?? docs.find(doc => doc.number === number);
}

interface Entry {
  readonly drafted: Drafted;
  readonly before?: Doc;
}

function saveDocs(
  call: Call,
  kind: DocumentKind,
  findBefore: (input: DocInput) => Doc | undefined,
): Answer {
  const read = readDocs(call.body, NAMES[kind]);
  if ('refusal' in read) return read.refusal;
  const taken = new Set(call.organisation.docs.map(doc => doc.number));
  const context = contextOf(call, kind, taken);
  const entries = read.elements.map(input => draftEntry(context, input, findBefore(input), taken));
  const failed = entries.filter(({ drafted }) => drafted.errors.length > 0);
  if (call.query.get('summarizeErrors') !== 'false' && failed.length > 0) {
    return validationException(failed.map(entry => refusedJson(call, entry)));
  }
  const shown = entries.map(entry => {
    if (entry.drafted.errors.length > 0) return refusedJson(call, entry);
    commit(call, entry);
    const { doc, errors, warnings } = entry.drafted;
    return docJson(call.organisation, doc, { lines: true, fate: { errors, warnings } });
  });
  return { status: 200, body: envelope(call.world.now(), NAMES[kind], shown) };
}

function contextOf(call: Call, kind: DocumentKind, taken: ReadonlySet<string>): DocContext {
  return {
    organisation: call.organisation,
    kind,
    now: call.world.now(),
    clientId: call.clientId,
    unitDecimals: call.query.get('unitdp') === '4' ? 4 : 2,
    taken,
    open: call.world.open,
  };
}

/** Drafts one element and checks its number against the books and the rest of the batch. */
function draftEntry(
  context: DocContext,
  input: DocInput,
  before: Doc | undefined,
  taken: Set<string>,
): Entry {
  const refusal = before && untouchable(context.organisation, before);
  if (before !== undefined && refusal !== undefined) {
    return { before, drafted: { doc: before, errors: [refusal], warnings: [] } };
  }
  const drafted = draftDoc(context, input, before);
  const { number } = drafted.doc;
  if (number !== before?.number && taken.has(number)) {
    const word = context.kind === 'invoice' ? 'Invoice' : 'Credit Note';
    return { drafted: { ...drafted, errors: [...drafted.errors, `${word} # must be unique.`] } };
  }
  taken.add(number);
  return { drafted, ...(before && { before }) };
}

/** A refused element: what was sent as Xero understood it, without an id of its own. */
function refusedJson(call: Call, { drafted, before }: Entry): Json {
  const { doc, errors, warnings } = drafted;
  const json = docJson(call.organisation, doc, { lines: true, fate: { errors, warnings } });
  const idName = doc.kind === 'invoice' ? 'InvoiceID' : 'CreditNoteID';
  return {
    ...json,
    [idName]: before?.id ?? NO_ID,
    HasErrors: true,
    StatusAttributeString: 'ERROR',
    ValidationErrors: messages(errors.length > 0 ? errors : [`${wordFor(doc.kind)} refused`]),
  };
}

function commit({ organisation, world }: Call, { drafted, before }: Entry): void {
  const { doc, newContact } = drafted;
  if (newContact !== undefined) {
    const same = organisation.contacts.find(c => c.name === newContact.name);
    if (same === undefined) organisation.contacts.push(newContact);
    else doc.contactId = same.id;
  }
  if (before === undefined) organisation.docs.push(doc);
  else organisation.docs[organisation.docs.indexOf(before)] = doc;
  settle(organisation, doc, world.open.zeroTotal === 'paid');
}

function okay(call: Call, kind: DocumentKind, docs: readonly Doc[], lines: boolean): Answer {
  const shown = docs.map(doc => docJson(call.organisation, doc, { lines }));
  return { status: 200, body: envelope(call.world.now(), NAMES[kind], shown) };
}
