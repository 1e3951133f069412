/** The day so far as a Z report to print: only when amounts are switched on. */
import type { JSX } from 'preact';
import type { DayParts } from '../../protocol/day-summary.ts';
import { formatMinorGrouped } from '../../protocol/money.ts';
import type { AgentStatus } from './status.ts';

export function ZReport({ status }: { status: AgentStatus }): JSX.Element {
  const { businessDate, currency, now, store, today } = status;
  const { totals } = today;
  if (totals === undefined || currency === null) return <p>There is nothing to show yet.</p>;
  const money = (amount: number) => formatMinorGrouped(amount, currency);
  return (
    <section class="full">
      <h1>
        {store?.name ?? 'Shop'}, {businessDate}
      </h1>
      <p class="quiet">
        So far, at {now.slice(11, 16)}; amounts in {currency}.
      </p>
      <Rows title="Sold" rows={soldRows(totals)} money={money} />
      <Rows title="Paid" rows={paidRows(totals)} money={money} />
      <Rows title="Cash in and out" rows={cashRows(totals)} money={money} />
      <dl>
        <dt>Rounding</dt>
        <dd>{money(totals.rounding)}</dd>
        <dt>Over or short</dt>
        <dd>{money(totals.overShort)}</dd>
        <dt>Messages</dt>
        <dd>{today.transactions}</dd>
      </dl>
    </section>
  );
}

interface Row {
  name: string;
  count: number;
  amount: number;
}

function soldRows({ sales }: DayParts): Row[] {
  return sales.map(({ kind, category, taxCode, count, amount }) => ({
    name: [category ?? kind, taxCode].filter(Boolean).join(', '),
    count,
    amount,
  }));
}

function paidRows({ tenders }: DayParts): Row[] {
  return tenders.map(({ method, count, amount }) => ({ name: method, count, amount }));
}

function cashRows({ cash }: DayParts): Row[] {
  return cash.map(({ reason, count, amount }) => ({ name: reason, count, amount }));
}

function Rows(props: {
  title: string;
  rows: readonly Row[];
  money: (amount: number) => string;
}): JSX.Element | null {
  const { title, rows, money } = props;
  if (rows.length === 0) return null;
  const sum = rows.reduce((total, { amount }) => total + amount, 0);
  return (
    <table>
      <caption>{title}</caption>
      <tbody>
        {rows.map(({ name, count, amount }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="amount">{count}</td>
            <td class="amount">{money(amount)}</td>
          </tr>
        ))}
        <tr class="sum">
          <th scope="row">Together</th>
          <td />
          <td class="amount">{money(sum)}</td>
        </tr>
      </tbody>
    </table>
  );
}
