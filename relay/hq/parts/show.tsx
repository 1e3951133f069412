/**
 * Small things that many pages show: money, times, states, tables that become stacked rows on a
 * phone, and lists of facts.
 */
import type { ComponentChildren } from 'preact';
import { formatMinorGrouped } from '../../../protocol/money.ts';
import type { DayState } from '../../db/records.ts';
import { usePage } from './page.tsx';

/** `1,204.50`, with a true minus. */
export function moneyText(amount: number, currency: string): string {
  return formatMinorGrouped(amount, currency).replace('-', '−');
}

export function Money({ amount, currency }: { amount: number | undefined; currency: string }) {
  if (amount === undefined) return <span class="faint">–</span>;
  return <span class="money">{moneyText(amount, currency)}</span>;
}

/** An instant to the minute, in the given zone: a store's, or else the page's. */
export function Time({ at, zone }: { at: string | undefined; zone?: string }) {
  const { zone: ofPage } = usePage();
  if (at === undefined) return <span class="faint">never</span>;
  return (
    <time dateTime={at} title={`${at} (${zone ?? ofPage})`}>
      {timeText(at, zone ?? ofPage)}
    </time>
  );
}

export function timeText(at: string, zone: string): string {
  const formatter = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  return `${formatter.format(new Date(at))}${zone === 'UTC' ? ' UTC' : ''}`;
}

/** `2026-11-21` → `Sat 21 Nov 2026`. */
export function dateText(date: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: 'UTC',
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  })
    .format(new Date(`${date}T00:00:00Z`))
    .replace(',', '');
}

/** `3 min`, `5 h`, `12 days`: how long ago or how old. */
export function spanText(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

type Tone = 'good' | 'warm' | 'bad' | 'calm';

/** The word of the state, its tone, and what it means to a bookkeeper. */
export const STATES: Record<DayState, { word: string; tone: Tone; means: string }> = {
  received: { word: 'Received', tone: 'calm', means: 'arrived from the shop, next to be posted' },
  waiting: { word: 'Waiting', tone: 'bad', means: 'cannot be posted yet: the reason says why' },
  drafted: { word: 'Drafted', tone: 'warm', means: 'a draft in Xero: approve it there' },
  posting: { word: 'Posting', tone: 'calm', means: 'on its way into Xero' },
  posted: { word: 'Posted', tone: 'calm', means: 'in Xero, about to be compared' },
  reconciled: { word: 'Reconciled', tone: 'good', means: 'in the books, equal to the cent' },
  'not-posted': {
    word: 'Not posted',
    tone: 'calm',
    means: 'kept, but not meant for Xero: before the connection, or nothing was sold',
  },
  missing: { word: 'Missing', tone: 'bad', means: 'the shop has not sent this day' },
  'kept-aside': {
    word: 'Kept aside',
    tone: 'bad',
    means: 'arrived, but is not used: the reason says why',
  },
};

export function StateBadge({ state }: { state: DayState }) {
  const { word, tone, means } = STATES[state];
  return (
    <span class={`badge ${tone}`} title={means}>
      {word}
    </span>
  );
}

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** Stands in a cell that has nothing to say; stacked rows leave it out. */
export const NONE = '–';

export interface Column {
  name: string;
  /** Amounts and counts stand on the right. */
  number?: boolean;
  /** As narrow as its longest cell. */
  tight?: boolean;
  /** Wide enough for a mail address, whatever stands beside it. */
  roomy?: boolean;
}

function classOf(column: Column | undefined): string | undefined {
  if (column?.number) return 'number';
  if (column?.roomy) return 'roomy';
  return column?.tight ? 'tight' : undefined;
}

interface TableProps {
  label: string;
  columns: readonly Column[];
  rows: readonly (readonly ComponentChildren[])[];
  /** Stands instead of an empty table. */
  empty?: string;
  /** A last row of totals. */
  foot?: readonly ComponentChildren[];
}

/** Spelled-out roles: a table that is laid out as stacked blocks loses its native ones. */
function as(role: 'table' | 'rowgroup' | 'row' | 'columnheader' | 'rowheader' | 'cell') {
  return { role };
}

/** The first cell is the row's name. */
export function Table({ label, columns, rows, empty, foot }: TableProps) {
  if (rows.length === 0 && empty !== undefined) return <p class="faint">{empty}</p>;
  return (
    <table {...as('table')} class={isShort(columns) ? undefined : 'stack'} aria-label={label}>
      <thead {...as('rowgroup')}>
        <tr {...as('row')}>
          {columns.map(column => (
            <th {...as('columnheader')} scope="col" class={classOf(column)}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody {...as('rowgroup')}>
        {rows.map(cells => (
          <TableRow columns={columns} cells={cells} />
        ))}
      </tbody>
      {foot === undefined ? null : (
        <tfoot {...as('rowgroup')}>
          <TableRow columns={columns} cells={foot} />
        </tfoot>
      )}
    </table>
  );
}

/** A name and an amount fit beside each other on a phone, too. */
function isShort(columns: readonly Column[]): boolean {
  return columns.length === 2 && columns[1]?.number === true;
}

interface RowProps {
  columns: readonly Column[];
  cells: readonly ComponentChildren[];
}

function TableRow({ columns, cells }: RowProps) {
  return (
    <tr {...as('row')}>
      {cells.map((cell, index) => {
        const column = columns[index];
        const className = classOf(column);
        return index === 0 ? (
          <th {...as('rowheader')} scope="row" class={className}>
            {cell}
          </th>
        ) : (
          <td
            {...as('cell')}
            data-name={column?.name}
            class={cell === NONE ? `${className ?? ''} none`.trim() : className}
          >
            {/* One box, whatever is in the cell: stacked, it stands beside the column's name. */}
            {cell === null || cell === '' ? null : <div>{cell}</div>}
          </td>
        );
      })}
    </tr>
  );
}

/** Facts by name, e.g. a store's zone and currency. */
export function Facts({ facts }: { facts: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface CardProps {
  title: string;
  id?: string;
  children: ComponentChildren;
}

export function Card({ title, id, children }: CardProps) {
  return (
    <section class="card" id={id}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
