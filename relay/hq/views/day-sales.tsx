/** What a day's newest summary says: what was sold, how it was paid, cash put in and taken out. */
import type { DayParts } from '../../../protocol/day-summary.ts';
import { sumMinor } from '../../../protocol/money.ts';
import { Card, Money, Table } from '../parts/show.tsx';

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
