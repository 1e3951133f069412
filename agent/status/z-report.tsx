/** A day as a Z report to print, so far or as it was closed: only when amounts are switched on. */
import type { JSX } from 'preact';
import type { DayParts, DaySummary } from '../../protocol/day-summary.ts';
import { formatMinorGrouped } from '../../protocol/money.ts';
import type { AgentStatus } from './status.ts';
import { KIND_WORDS } from './words.ts';

interface ReportProps {
  shop: string;
  date: string;
  currency: string;
  /** Whether it is closed, and when. */
  standing: string;
  messages: number;
  parts: DayParts;
}

/** The open day. */
export function ZReport({ status }: { status: AgentStatus }): JSX.Element {
  const { businessDate: date, currency, now, store, today } = status;
  const { totals: parts, transactions: messages } = today;
  if (parts === undefined || currency === null) return <p>There is nothing to show yet.</p>;
  const standing = `So far, at ${now.slice(11, 16)}; the day is not closed`;
  return <Report {...{ shop: store?.name ?? 'Shop', date, currency, standing, messages, parts }} />;
}

/** A closed day: exactly what was signed. */
export function ClosedZReport({ shop, day }: { shop: string; day: DaySummary }): JSX.Element {
  const { businessDate: date, currency, revision, closedAt, number, journal } = day;
  const late = revision > 1 ? `, revision ${revision} with late sales` : '';
  const closed = `${closedAt.slice(0, 10)} ${closedAt.slice(11, 16)}`;
  const standing = `Closed ${closed}${late}; summary number ${number}`;
  return <Report {...{ shop, date, currency, standing, messages: journal.entries, parts: day }} />;
}

function Report({ shop, date, currency, standing, messages, parts }: ReportProps): JSX.Element {
  const money = (amount: number) => formatMinorGrouped(amount, currency).replace('-', '−');
  const { sales, rounding, overShort } = parts;
  return (
    <section class="full report">
      <h1>
        {shop}, {date}
      </h1>
      <p class="quiet">
        {standing}; amounts in {currency}.
      </p>
      <p class="way-back">
        <a href="/">Back to the status page</a>
      </p>
      <Rows title="Sold" heads={['Category', 'Lines']} rows={soldRows(parts)} money={money} />
      <Rows title="Paid" heads={['Tender', 'Times']} rows={paidRows(parts)} money={money} />
      <Rows
        title="Cash in and out"
        heads={['Reason', 'Times']}
        rows={cashRows(parts)}
        money={money}
      />
      <dl>
        <dt>Tax within</dt>
        <dd>{money(sales.reduce((sum, { tax }) => sum + tax, 0))}</dd>
        <dt>Discounts</dt>
        <dd>{money(sales.reduce((sum, { discount }) => sum + discount, 0))}</dd>
        <dt>Rounding</dt>
        <dd>{money(rounding)}</dd>
        <dt>Over or short</dt>
        <dd>{money(overShort)}</dd>
        <dt>Messages</dt>
        <dd>{messages}</dd>
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
    name: [category ?? KIND_WORDS[kind], taxCode].filter(Boolean).join(', '),
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
  /** Over the names, and over the counts. */
  heads: readonly [named: string, counted: string];
  rows: readonly Row[];
  money: (amount: number) => string;
}): JSX.Element | null {
  const { title, rows, money } = props;
  const [named, counted] = props.heads;
  if (rows.length === 0) return null;
  const sum = rows.reduce((total, { amount }) => total + amount, 0);
  return (
    <table>
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">{named}</th>
          <th scope="col" class="amount">
            {counted}
          </th>
          <th scope="col" class="amount">
            Amount
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, count, amount }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="amount">{count}</td>
            <td class="amount">{money(amount)}</td>
          </tr>
        ))}
        <tr class="sum">
          <th scope="row">Total</th>
          <td />
          <td class="amount">{money(sum)}</td>
        </tr>
      </tbody>
    </table>
  );
}
