/**
 * One invoice or credit note as Xero would show it, with its payments and what a bookkeeper may do.
 */
import { amountDue, findAccount, paymentsOf } from './books.ts';
import { formatCents, fromScaled4 } from './decimal.ts';
import { Frame } from './layout.tsx';
import { contactName, Stamp } from './sales-page.tsx';
import type { Doc, Line, Organisation, Payment } from './types.ts';

interface Props {
  readonly organisation: Organisation;
  readonly doc: Doc;
}

const AMOUNTS = {
  Inclusive: 'Amounts are tax inclusive',
  Exclusive: 'Amounts are tax exclusive',
  NoTax: 'No tax',
} as const;

export function DocumentPage({ organisation, doc }: Props) {
  const word = doc.kind === 'invoice' ? 'Invoice' : 'Credit note';
  return (
    <Frame title={`${word} ${doc.number}`} organisation={organisation} tab="documents">
      <article class="card sheet">
        <p class="muted issuer">{organisation.name}</p>
        <header>
          <h1>
            {word} {doc.number}
          </h1>
          <Stamp doc={doc} />
        </header>
        <dl class="facts">
          <Fact name="To" value={contactName(organisation, doc)} />
          <Fact name="Date" value={doc.date} />
          {doc.dueDate && <Fact name="Due date" value={doc.dueDate} />}
          <Fact name="Reference" value={doc.reference || '–'} />
          <Fact name="Currency" value={`${doc.currency}. ${AMOUNTS[doc.lineAmountTypes]}`} />
        </dl>
        <Lines organisation={organisation} doc={doc} />
        <Totals organisation={organisation} doc={doc} />
        <ByHand organisation={organisation} doc={doc} />
      </article>
    </Frame>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Lines({ organisation, doc }: Props) {
  return (
    <table class="stack lines">
      <thead>
        <tr>
          <th scope="col">Description</th>
          <th scope="col" class="amount">
            Qty
          </th>
          <th scope="col" class="amount">
            Price
          </th>
          <th scope="col">Account</th>
          <th scope="col">Tax rate</th>
          <th scope="col" class="amount">
            Tax
          </th>
          <th scope="col" class="amount">
            Amount
          </th>
        </tr>
      </thead>
      <tbody>
        {doc.lines.map(line => (
          <LineRow key={line.id} organisation={organisation} line={line} />
        ))}
      </tbody>
    </table>
  );
}

function LineRow({ organisation, line }: { organisation: Organisation; line: Line }) {
  const account = findAccount(organisation, { id: line.accountId ?? '' });
  const rate = organisation.taxRates.find(t => t.taxType === line.taxType);
  const tracking = line.tracking.map(
    ({ categoryId, optionId }) =>
      organisation.tracking
        .find(category => category.id === categoryId)
        ?.options.find(option => option.id === optionId)?.name,
  );
  return (
    <tr>
      <th scope="row">
        {line.description}
        {tracking.length > 0 && <small class="muted">{tracking.join(' · ')}</small>}
      </th>
      <td data-label="Qty" class="amount">
        {fromScaled4(line.quantity)}
      </td>
      <td data-label="Price" class="amount">
        {formatCents(line.unitAmount / 100)}
      </td>
      <td data-label="Account">{account ? `${account.code} – ${account.name}` : 'No account'}</td>
      <td data-label="Tax rate">{rate?.name ?? ''}</td>
      <td data-label="Tax" class="amount">
        {formatCents(line.taxAmount)}
      </td>
      <td data-label="Amount" class="amount">
        {formatCents(line.lineAmount)}
      </td>
    </tr>
  );
}

function Totals({ organisation, doc }: Props) {
  const due = doc.kind === 'invoice' ? 'Amount due' : 'Remaining credit';
  return (
    <table class="totals">
      <tbody>
        <Sum name="Subtotal" cents={doc.subTotal} />
        <Sum name="Total tax" cents={doc.totalTax} />
        <Sum name="Total" cents={doc.total} strong />
        {paymentsOf(organisation, doc).map(payment => (
          <PaymentRow key={payment.id} organisation={organisation} doc={doc} payment={payment} />
        ))}
        <Sum name={due} cents={amountDue(organisation, doc)} strong />
      </tbody>
    </table>
  );
}

function Sum({ name, cents, strong }: { name: string; cents: number; strong?: boolean }) {
  return (
    <tr class={strong ? 'strong' : undefined}>
      <th scope="row">{name}</th>
      <td class="amount">{formatCents(cents)}</td>
    </tr>
  );
}

function PaymentRow({ organisation, doc, payment }: Props & { readonly payment: Payment }) {
  const account = findAccount(organisation, { id: payment.accountId });
  const base = `/organisations/${organisation.key}`;
  return (
    <tr class="payment">
      <th scope="row">
        {doc.kind === 'invoice' ? 'Less payment' : 'Less cash refund'}{' '}
        <span class="muted">
          {payment.date} to {account?.code} {account?.name}
          {payment.reference && `, ${payment.reference}`}
          {payment.isReconciled && ', reconciled'}
        </span>{' '}
        <form method="post" action={`${base}/payments/${payment.id}/remove`}>
          <input type="hidden" name="back" value={`${base}/documents/${doc.id}`} />
          <button type="submit" class="link">
            Remove
          </button>
        </form>
      </th>
      <td class="amount">{formatCents(payment.amount)}</td>
    </tr>
  );
}

/** What people do in Xero without asking anybody. */
function ByHand({ organisation, doc }: Props) {
  const base = `/organisations/${organisation.key}/documents/${doc.id}`;
  if (doc.status === 'VOIDED' || doc.status === 'DELETED') return null;
  return (
    <div class="byhand">
      <form method="post" action={`${base}/edit`}>
        <input type="hidden" name="back" value={base} />
        <label>
          Reference
          <input name="reference" value={doc.reference} />
        </label>
        <button type="submit" class="quiet">
          Save
        </button>
      </form>
      <form method="post" action={`${base}/void`}>
        <input type="hidden" name="back" value={base} />
        <button type="submit" class="quiet">
          Void
        </button>
      </form>
    </div>
  );
}
