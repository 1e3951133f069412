/** The tills: connected or not, today's count, last sale, what has not arrived. */
import type { JSX } from 'preact';
import { whenOf } from './findings.ts';
import type { AgentStatus, TerminalStatus } from './status.ts';

export function Tills({ status }: { status: AgentStatus }): JSX.Element {
  const { terminals, now, mqtt } = status;
  if (terminals.length === 0) return <p class="quiet">No till is set up yet.</p>;
  return (
    <table role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Till
          </th>
          <th role="columnheader" scope="col">
            State
          </th>
          <th role="columnheader" scope="col" class="amount">
            Today
          </th>
          <th role="columnheader" scope="col">
            Last sale
          </th>
          <th role="columnheader" scope="col">
            Not arrived
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {terminals.map(till => (
          <Till key={till.id} till={till} now={now} upstream={mqtt.upstream} />
        ))}
      </tbody>
    </table>
  );
}

function Till(props: { till: TerminalStatus; now: string; upstream: boolean }): JSX.Element {
  const { till, now, upstream } = props;
  const { id, connected, lastSeenAt, lastSaleAt, transactions, missing } = till;
  const away = lastSeenAt === null ? 'Not seen' : `Away since ${whenOf(lastSeenAt, now)}`;
  return (
    <tr role="row">
      <th role="rowheader" scope="row" data-label="Till">
        {id}
      </th>
      <td role="cell" data-label="State">
        {upstream ? (
          'Not known here'
        ) : (
          <span class={`pill ${connected ? 'good' : 'attention'}`}>
            {connected ? 'Connected' : away}
          </span>
        )}
      </td>
      <td role="cell" data-label="Today" class="amount">
        {transactions}
      </td>
      <td role="cell" data-label="Last sale">
        {lastSaleAt === null ? '–' : whenOf(lastSaleAt, now)}
      </td>
      <td role="cell" data-label="Not arrived">
        {missing.length === 0
          ? '–'
          : missing
              .map(([first, last]) => (first === last ? first : `${first}–${last}`))
              .join(', ')}
      </td>
    </tr>
  );
}
