/** A day's documents: as they stand in Xero, and as they will be. */
import type { Plan, PlannedDocument } from '../../books/plan.ts';
import type { Preview } from '../../books/preview.ts';
import type { DocumentRecord } from '../../db/records.ts';
import type { Chart } from '../../xero/chart.ts';
import { sentence } from '../parts/page.tsx';
import { Card, Facts, Money, moneyText, Table, Time } from '../parts/show.tsx';
import { accountOf } from '../settings-data.ts';
import { accountName } from '../xero-choices.ts';

/** Link of a document into Xero. */
export type LinkOf = (kind: 'invoice' | 'credit-note', xeroId: string) => string;

interface DocumentProps {
  document: DocumentRecord;
  chart: Chart | undefined;
  linkOf: LinkOf;
  /** The store's, for times. */
  zone: string;
}

const DOCUMENT_STATES: Record<DocumentRecord['state'], string> = {
  planned: 'on its way to Xero',
  created: 'in Xero, its payments follow',
  paid: 'in Xero with its payments',
  reconciled: 'in Xero, compared and equal',
  drafted: 'a draft in Xero',
  gone: 'voided or deleted in Xero',
};

export function DocumentCard({ document, chart, linkOf, zone }: DocumentProps) {
  const { plan, xeroId, state, postedAt, readBack } = document;
  const kind = KIND_NAMES[plan.kind];
  return (
    <Card title={`${kind} ${plan.number}`}>
      <Facts
        facts={[
          ['State', DOCUMENT_STATES[state]],
          ['Posted', <Time at={postedAt} zone={zone} />],
          ['Due in Xero', <Money amount={readBack?.amountDue} currency={plan.currency} />],
          [
            'Document',
            xeroId === undefined ? (
              'not there yet'
            ) : (
              <a href={linkOf(plan.kind, xeroId)}>Open in Xero</a>
            ),
          ],
        ]}
      />
      <DocumentTables plan={plan} chart={chart} />
    </Card>
  );
}

const KIND_NAMES: Record<PlannedDocument['kind'], string> = {
  invoice: 'Invoice',
  'credit-note': 'Credit note',
};

interface PreviewProps {
  preview: Preview;
  chart: Chart | undefined;
  title: string;
  /** Beside a form: fewer columns. */
  compact?: boolean;
}

export function PreviewCard({ preview, chart, title, compact = false }: PreviewProps) {
  const { plan } = preview;
  return (
    <Card title={title}>
      <PlanView plan={plan} chart={chart} compact={compact} />
    </Card>
  );
}

function PlanView({
  plan,
  chart,
  compact,
}: Omit<PreviewProps, 'preview' | 'title'> & { plan: Plan }) {
  switch (plan.kind) {
    case 'nothing':
      return <p class="faint">Nothing to post: everything comes to zero.</p>;
    case 'wait':
      return (
        <>
          {plan.reasons.map(reason => (
            <p class="note warm">
              <strong>{sentence(reason.message)}</strong> {sentence(reason.fix)}
            </p>
          ))}
        </>
      );
    case 'post': {
      const { document, notes } = plan;
      return (
        <>
          <p>
            {KIND_NAMES[document.kind]} <code>{document.number}</code>
          </p>
          {notes.map(note => (
            <p class="note calm">{note}</p>
          ))}
          {compact ? (
            <CompactDocument plan={document} chart={chart} />
          ) : (
            <DocumentTables plan={document} chart={chart} />
          )}
        </>
      );
    }
  }
}

interface DocumentTablesProps {
  plan: PlannedDocument;
  chart: Chart | undefined;
}

/** One list: lines, the total, then the payments. */
function CompactDocument({ plan, chart }: DocumentTablesProps) {
  const { currency } = plan;
  const row = (name: string, amount: number) => [
    name,
    <Money amount={amount} currency={currency} />,
  ];
  const columns = [{ name: 'Account' }, { name: `Amount ${currency}`, number: true }];
  return (
    <>
      <Table
        label={`Lines of ${plan.number}`}
        columns={columns}
        rows={plan.lines.map(line =>
          row(nameOf(chart, line.accountId, line.accountCode), line.amount),
        )}
        foot={row(`Total, with ${moneyText(plan.tax, currency)} tax`, plan.total)}
      />
      {plan.payments.length === 0 ? null : (
        <Table
          label={`Payments of ${plan.number}`}
          columns={[{ name: 'Paid into' }, { name: `Amount ${currency}`, number: true }]}
          rows={plan.payments.map(payment =>
            row(
              `${nameOf(chart, payment.accountId, payment.accountId)}: ${payment.tender}`,
              payment.amount,
            ),
          )}
        />
      )}
    </>
  );
}

function nameOf(chart: Chart | undefined, id: string, code: string): string {
  const account = accountOf(chart, id);
  return account === undefined ? code : accountName(account);
}

function DocumentTables({ plan, chart }: DocumentTablesProps) {
  const { currency } = plan;
  return (
    <>
      <Table
        label={`Lines of ${plan.number}`}
        columns={[
          { name: 'Description' },
          { name: 'Account' },
          { name: 'Tax rate' },
          { name: 'Tax', number: true },
          { name: 'Amount', number: true },
        ]}
        rows={plan.lines.map(line => [
          line.description,
          nameOf(chart, line.accountId, line.accountCode),
          chart?.taxRates.find(rate => rate.taxType === line.taxType)?.name ?? line.taxType,
          <Money amount={line.tax} currency={currency} />,
          <Money amount={line.amount} currency={currency} />,
        ])}
        foot={[
          `Total ${currency}`,
          '',
          '',
          <Money amount={plan.tax} currency={currency} />,
          <Money amount={plan.total} currency={currency} />,
        ]}
      />
      {plan.payments.length === 0 ? null : (
        <Table
          label={`Payments of ${plan.number}`}
          columns={[
            { name: plan.kind === 'credit-note' ? 'Paid back by' : 'Paid by' },
            { name: 'Account' },
            { name: 'Amount', number: true },
          ]}
          rows={plan.payments.map(payment => [
            payment.tender,
            nameOf(chart, payment.accountId, payment.accountId),
            <Money amount={payment.amount} currency={currency} />,
          ])}
        />
      )}
    </>
  );
}
