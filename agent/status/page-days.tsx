/** The way of each day: open, closed, sent, in Xero. */
import type { JSX } from 'preact';
import type { DayStatus } from './status.ts';
import { DAY_WORDS, waitWords } from './words.ts';

const SHOWN_MAX = 10;

interface DaysProps {
  days: readonly DayStatus[];
  /** Closed days lead to their Z report. */
  withReports: boolean;
}

export function Days({ days, withReports }: DaysProps): JSX.Element {
  return (
    <table role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Day
          </th>
          <th role="columnheader" scope="col">
            State
          </th>
          <th role="columnheader" scope="col" class="amount">
            Messages
          </th>
          <th role="columnheader" scope="col">
            In Xero
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {days.slice(0, SHOWN_MAX).map(day => (
          <Day key={day.date} day={day} withReport={withReports && day.revision > 0} />
        ))}
      </tbody>
    </table>
  );
}

function Day({ day, withReport }: { day: DayStatus; withReport: boolean }): JSX.Element {
  const { date, revision, state, transactions, late, keptAside } = day;
  const words = keptAside === undefined ? DAY_WORDS[state] : 'Set aside by head office';
  return (
    <tr role="row">
      <th role="rowheader" scope="row" class="date" data-label="Day">
        {withReport ? <a href={`/z-report/${date}`}>{date}</a> : date}
      </th>
      <td role="cell" data-label="State">
        <span>
          <span class={`pill ${levelOf(day)}`}>{words}</span>
          {revision > 1 ? <span class="quiet"> · revision {revision}</span> : null}
          {late > 0 ? <span class="quiet"> · {late} came later, sent soon</span> : null}
        </span>
      </td>
      <td role="cell" data-label="Messages" class="amount">
        {transactions}
      </td>
      <td role="cell" data-label="In Xero">
        {inXero(day)}
      </td>
    </tr>
  );
}

function inXero({ xero }: DayStatus): string {
  if (xero === undefined) return '–';
  const reason = xero.reason === undefined ? [] : [waitWords(xero.reason)];
  return [...xero.documents, ...reason].join(' · ') || '–';
}

function levelOf({ state, keptAside }: DayStatus): string {
  if (keptAside !== undefined) return 'attention';
  switch (state) {
    case 'open':
    case 'delivered':
      return 'plain';
    case 'closing':
    case 'closed':
      return 'attention';
    case 'posted':
    case 'reconciled':
      return 'good';
  }
}
