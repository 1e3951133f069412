/**
 * The chart of accounts with what posted documents and payments moved on each: a trial balance.
 */
import { type Movement, trialBalance } from './books.ts';
import { formatCents } from './decimal.ts';
import { Frame } from './layout.tsx';
import type { Account, Organisation } from './types.ts';

const TYPES = ['CURRENT', 'CURRLIAB', 'REVENUE', 'EXPENSE', 'BANK'];

export function AccountsPage({ organisation }: { organisation: Organisation }) {
  const movements = trialBalance(organisation);
  const debit = movements.reduce((sum, m) => sum + m.debit, 0);
  const credit = movements.reduce((sum, m) => sum + m.credit, 0);
  return (
    <Frame title="Chart of accounts" organisation={organisation} tab="accounts">
      <h1>Chart of accounts</h1>
      <p class={debit === credit ? 'muted' : 'wrong'} role="status">
        Debits {formatCents(debit)}, credits {formatCents(credit)}
        {debit === credit ? ': the books balance.' : ': the books do not balance.'}
      </p>
      {movements.length > 0 && <TrialBalance movements={movements} />}
      <h2>All accounts</h2>
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col">Tax</th>
            <th scope="col">Payments</th>
            <th scope="col">By hand</th>
          </tr>
        </thead>
        <tbody>
          {organisation.accounts.map(account => (
            <Row
              key={account.id}
              base={`/organisations/${organisation.key}/accounts`}
              account={account}
            />
          ))}
        </tbody>
      </table>
      <AddAccount organisation={organisation} />
    </Frame>
  );
}

function TrialBalance({ movements }: { movements: readonly Movement[] }) {
  return (
    <table class="stack moved">
      <caption>What moved</caption>
      <thead>
        <tr>
          <th scope="col">Account</th>
          <th scope="col" class="amount">
            Debit
          </th>
          <th scope="col" class="amount">
            Credit
          </th>
          <th scope="col" class="amount">
            Balance
          </th>
        </tr>
      </thead>
      <tbody>
        {movements.map(({ code, name, debit, credit, balance }) => (
          <tr key={code}>
            <th scope="row">
              {code} {name}
            </th>
            <td data-label="Debit" class="amount">
              {formatCents(debit)}
            </td>
            <td data-label="Credit" class="amount">
              {formatCents(credit)}
            </td>
            <td data-label="Balance" class="amount">
              {formatCents(balance)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly base: string;
  readonly account: Account;
}

function Row({ base, account }: RowProps) {
  const archived = account.status === 'ARCHIVED';
  const payments = account.type === 'BANK' || account.enablePayments;
  return (
    <tr class={archived ? 'archived' : undefined}>
      <th scope="row">{account.code}</th>
      <td data-label="Name">
        {account.name}
        {archived && <span class="stamp voided">Archived</span>}
      </td>
      <td data-label="Type">{account.systemAccount ?? account.type}</td>
      <td data-label="Tax">{account.taxType}</td>
      <td data-label="Payments">{payments ? 'Yes' : 'No'}</td>
      <td data-label="By hand">
        <ByHand base={base} account={account} />
      </td>
    </tr>
  );
}

function ByHand({ base, account }: { base: string; account: Account }) {
  if (account.systemAccount !== undefined) return null;
  const archive = account.status === 'ARCHIVED' ? 'restore' : 'archive';
  const enabled = account.enablePayments ? 'no' : 'yes';
  return (
    <>
      <form method="post" action={`${base}/${account.code}/${archive}`}>
        <input type="hidden" name="back" value={base} />
        <button type="submit" class="link" aria-label={`${archive} ${account.name}`}>
          {archive === 'archive' ? 'Archive' : 'Restore'}
        </button>
      </form>
      {account.type === 'CURRENT' && (
        <form method="post" action={`${base}/${account.code}/payments`}>
          <input type="hidden" name="back" value={base} />
          <input type="hidden" name="enabled" value={enabled} />
          <button type="submit" class="link" aria-label={`Payments to ${account.name}`}>
            {enabled === 'yes' ? 'Enable payments' : 'Disable payments'}
          </button>
        </form>
      )}
    </>
  );
}

function AddAccount({ organisation }: { organisation: Organisation }) {
  const base = `/organisations/${organisation.key}/accounts`;
  return (
    <form class="card add" method="post" action={base}>
      <h2>Add account</h2>
      <input type="hidden" name="back" value={base} />
      <label>
        Code
        <input name="code" required maxLength={10} />
      </label>
      <label>
        Name
        <input name="name" required maxLength={150} />
      </label>
      <label>
        Type
        <select name="type">
          {TYPES.map(type => (
            <option key={type}>{type}</option>
          ))}
        </select>
      </label>
      <label class="choice">
        <input type="checkbox" name="payments" value="yes" /> Enable payments to this account
      </label>
      <button type="submit">Add account</button>
    </form>
  );
}
