/**
 * An organisation's sales invoices and credit notes, newest first.
 */
import { amountDue } from './books.ts';
import { formatCents } from './decimal.ts';
import { Frame } from './layout.tsx';
import type { Doc, Organisation } from './types.ts';

export function SalesPage({ organisation }: { organisation: Organisation }) {
  const docs = organisation.docs.toSorted((a, b) =>
    a.date === b.date ? b.updatedAt - a.updatedAt : a.date < b.date ? 1 : -1,
  );
  return (
    <Frame title={organisation.name} organisation={organisation} tab="documents">
      <h1>{organisation.name}</h1>
      <p class="muted">Sales invoices and credit notes, in {organisation.baseCurrency}.</p>
      {docs.length === 0 ? (
        <p class="card empty">Nothing has been posted yet.</p>
      ) : (
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Number</th>
              <th scope="col">To</th>
              <th scope="col">Date</th>
              <th scope="col">Reference</th>
              <th scope="col">Status</th>
              <th scope="col" class="amount">
                Due
              </th>
              <th scope="col" class="amount">
                Total
              </th>
            </tr>
          </thead>
          <tbody>
            {docs.map(doc => (
              <Row key={doc.id} organisation={organisation} doc={doc} />
            ))}
          </tbody>
        </table>
      )}
    </Frame>
  );
}

function Row({ organisation, doc }: { organisation: Organisation; doc: Doc }) {
  const sign = doc.kind === 'credit-note' ? '−' : '';
  return (
    <tr>
      <th scope="row">
        <a href={`/organisations/${organisation.key}/documents/${doc.id}`}>{doc.number}</a>
      </th>
      <td data-label="To">{contactName(organisation, doc)}</td>
      <td data-label="Date">{doc.date}</td>
      <td data-label="Reference" class="long">
        {doc.reference}
      </td>
      <td data-label="Status">
        <Stamp doc={doc} />
      </td>
      <td data-label="Due" class="amount">
        {formatCents(amountDue(organisation, doc))}
      </td>
      <td data-label="Total" class="amount">
        {sign}
        {formatCents(doc.total)}
      </td>
    </tr>
  );
}

export function contactName(organisation: Organisation, doc: Doc): string {
  return organisation.contacts.find(contact => contact.id === doc.contactId)?.name ?? '';
}

const STATUS_WORDS = {
  DRAFT: 'Draft',
  SUBMITTED: 'Awaiting approval',
  AUTHORISED: 'Awaiting payment',
  PAID: 'Paid',
  VOIDED: 'Voided',
  DELETED: 'Deleted',
} as const;

/** The status in Xero's words. */
export function Stamp({ doc }: { doc: Doc }) {
  return <span class={`stamp ${doc.status.toLowerCase()}`}>{STATUS_WORDS[doc.status]}</span>;
}
