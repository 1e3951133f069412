/** The money of a day: comparison, documents in Xero, the invoice as it will be, sales, tenders. */
import type { DayParts } from '../../../protocol/day-summary.ts';
import { sumMinor } from '../../../protocol/money.ts';
import type { Plan, PlannedDocument } from '../../books/plan.ts';
import type { Preview } from '../../books/preview.ts';
import type { Reconciliation } from '../../books/reconcile.ts';
import type { ReconcileRow } from '../../books/reconcile-rows.ts';
import type { DocumentRecord } from '../../db/records.ts';
import type { Chart } from '../../xero/chart.ts';
import { Badge, Card, Facts, Money, moneyText, Table, Time } from '../parts/show.tsx';
import { accountOf } from '../settings-data.ts';
import { accountName } from '../xero-choices.ts';
import type { DayProps } from './day.tsx';

interface ComparisonProps {
  comparison: Reconciliation;
  currency: string;
}

export function ComparisonCard({ comparison, currency }: ComparisonProps) {
  const { verdict, rows } = comparison;
  const isWhole = (row: ReconcileRow) => row.tills !== undefined || row.label.endsWith(' total');
  const whole = rows.filter(isWhole);
  const single = rows.filter(row => !isWhole(row));
  const isOff = single.some(row => row.verdict === 'differs');
  return (
    <Card title="Tills = agent = relay = Xero">
      <p class={`note ${verdict === 'reconciled' ? 'good' : 'warm'}`}>{VERDICTS[verdict]}</p>
      <ComparisonTable label="Four-way comparison" rows={whole} currency={currency} />
      {single.length === 0 ? null : (
        <details open={isOff}>
          <summary>Every total, line and payment, as posted and as read back from Xero</summary>
          <ComparisonTable label="Posted and read back" rows={single} currency={currency} />
        </details>
      )}
    </Card>
  );
}

interface ComparisonTableProps {
  label: string;
  rows: ReconcileRow[];
  currency: string;
}

function ComparisonTable({ label, rows, currency }: ComparisonTableProps) {
  const sides = (['tills', 'agent', 'relay', 'xero'] as const).filter(side =>
    rows.some(row => row[side] !== undefined),
  );
  return (
    <Table
      label={label}
      columns={[
        { name: 'Amount' },
        ...sides.map(side => ({ name: SIDES[side], number: true })),
        { name: 'Verdict', tight: true },
      ]}
      rows={rows.map(row => [
        row.label,
        ...sides.map(side => <Money amount={row[side]} currency={currency} />),
        <RowVerdict row={row} currency={currency} />,
      ])}
    />
  );
}

const SIDES = { tills: 'Tills', agent: 'Agent', relay: 'Relay', xero: 'Xero' };

const VERDICTS: Record<Reconciliation['verdict'], string> = {
  reconciled: 'All four agree to the cent.',
  drafted: 'What is a draft in Xero agrees; its payments come when you approve it there.',
  differs: 'They do not agree. Nothing is corrected by itself: the rows show where.',
  unknown: 'Xero was not read back yet.',
};

function RowVerdict({ row, currency }: { row: ReconcileRow; currency: string }) {
  switch (row.verdict) {
    case 'equal':
      return <Badge tone="good">equal</Badge>;
    case 'within':
      return (
        <Badge tone="good">
          rounding <Money amount={row.difference} currency={currency} />
        </Badge>
      );
    case 'differs':
      return (
        <Badge tone="bad">
          differs by <Money amount={row.difference} currency={currency} />
        </Badge>
      );
    case 'unknown':
      return <Badge tone="calm">not read yet</Badge>;
  }
}

interface DocumentProps {
  document: DocumentRecord;
  chart: Chart | undefined;
  linkOf: DayProps['linkOf'];
}

const DOCUMENT_STATES: Record<DocumentRecord['state'], string> = {
  planned: 'on its way to Xero',
  created: 'in Xero, its payments follow',
  paid: 'in Xero with its payments',
  reconciled: 'in Xero, compared and equal',
  drafted: 'a draft in Xero',
  gone: 'voided or deleted in Xero',
};

export function DocumentCard({ document, chart, linkOf }: DocumentProps) {
  const { plan, xeroId, state, postedAt, readBack } = document;
  const kind = KIND_NAMES[plan.kind];
  return (
    <Card title={`${kind} ${plan.number}`}>
      <Facts
        facts={[
          ['State', DOCUMENT_STATES[state]],
          ['Posted', <Time at={postedAt} />],
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
              <strong>{reason.message}</strong> {reason.fix}
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

export function DocumentTables({ plan, chart }: DocumentTablesProps) {
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
          columns={[{ name: 'Paid by' }, { name: 'Account' }, { name: 'Amount', number: true }]}
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

interface PartsProps {
  parts: DayParts;
  currency: string;
}

export function SalesCard({ parts, currency }: PartsProps) {
  const { sales, rounding } = parts;
  const total = sumMinor(sales.map(row => row.amount));
  return (
    <Card title="What was sold">
      <Table
        label="What was sold"
        columns={[
          { name: 'Category' },
          { name: 'Tax code' },
          { name: 'Lines', number: true },
          { name: 'Discounts', number: true },
          { name: 'Tax', number: true },
          { name: 'Amount', number: true },
        ]}
        rows={sales.map(row => [
          row.kind === 'item' ? (row.category ?? 'Without category') : kindText(row),
          row.taxCode ?? '–',
          row.count,
          <Money amount={row.discount} currency={currency} />,
          <Money amount={row.tax} currency={currency} />,
          <Money amount={row.amount} currency={currency} />,
        ])}
        foot={[
          `Sales ${currency}`,
          '',
          sumMinor(sales.map(row => row.count)),
          <Money amount={sumMinor(sales.map(row => row.discount))} currency={currency} />,
          <Money amount={sumMinor(sales.map(row => row.tax))} currency={currency} />,
          <Money amount={total} currency={currency} />,
        ]}
        empty="Nothing was sold on this day."
      />
      {rounding === 0 ? null : (
        <p>
          Cash rounding: <Money amount={rounding} currency={currency} />
        </p>
      )}
    </Card>
  );
}

function kindText({ kind, category }: { kind: string; category?: string | undefined }): string {
  const words = kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll('-', ' ');
  return category === undefined ? words : `${words}: ${category}`;
}

export function TendersCard({ parts, currency }: PartsProps) {
  const { tenders, cash, overShort } = parts;
  const moved = [
    ...cash.map(row => [row.reason, row.count, row.amount] as const),
    ...(overShort === 0 ? [] : [['Over or short at the count', 1, overShort] as const]),
  ];
  return (
    <Card title="How it was paid">
      <Table
        label="Tenders"
        columns={[
          { name: 'Tender' },
          { name: 'Times', number: true },
          { name: 'Amount', number: true },
        ]}
        rows={tenders.map(row => [
          row.method,
          row.count,
          <Money amount={row.amount} currency={currency} />,
        ])}
        foot={[
          `Taken ${currency}`,
          sumMinor(tenders.map(row => row.count)),
          <Money amount={sumMinor(tenders.map(row => row.amount))} currency={currency} />,
        ]}
        empty="Nothing was taken on this day."
      />
      {moved.length === 0 ? null : (
        <>
          <h3>Cash put in and taken out</h3>
          <Table
            label="Cash put in and taken out"
            columns={[
              { name: 'Reason' },
              { name: 'Times', number: true },
              { name: 'Amount', number: true },
            ]}
            rows={moved.map(([reason, count, amount]) => [
              reason,
              count,
              <Money amount={amount} currency={currency} />,
            ])}
          />
        </>
      )}
    </Card>
  );
}
