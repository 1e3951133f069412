/** A day's four-way comparison: tills = agent = relay = Xero, with a verdict a row. */
import type { Reconciliation } from '../../books/reconcile.ts';
import type { ReconcileRow } from '../../books/reconcile-rows.ts';
import { Badge, Card, Money, NONE, Table } from '../parts/show.tsx';

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
          <summary>{singleText(single)}</summary>
          <ComparisonTable label="Posted and read back" rows={single} currency={currency} />
        </details>
      )}
    </Card>
  );
}

/** Xero has no figure of its own for a tender that is a line, or for all sales together. */
function singleText(rows: readonly ReconcileRow[]): string {
  const equal = rows.filter(({ verdict }) => verdict === 'equal').length;
  const agree = equal === rows.length ? 'all are equal' : `${equal} are equal`;
  return `Where Xero shows “–”, its lines and payments stand for it: ${rows.length} were read back, ${agree}`;
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
        ...sides.map(side => {
          const amount = row[side];
          return amount === undefined ? NONE : <Money amount={amount} currency={currency} />;
        }),
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
