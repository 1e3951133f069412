/**
 * The settings page, in the words and the order HQ knows: Client ID, Client Secret, Submit; after
 * the consent Store, Organisation, Accounts for Products, Default Payment Account, Save.
 */
import type { FieldError } from '../call.ts';
import { Errors } from '../parts/fields.tsx';
import { Page, useMay } from '../parts/page.tsx';
import { Card, dateText, Table } from '../parts/show.tsx';
import { accountOf, type SettingsData } from '../settings-data.ts';
import { accountName } from '../xero-choices.ts';
import { ChooseAccounts, type Picks } from './settings-accounts.tsx';
import { type Calls, ConnectForm, ConnectionCard } from './settings-connection.tsx';

export interface SettingsProps {
  data: SettingsData;
  redirectUri: string;
  publicUrl: string;
  clientId: string;
  picks: Picks;
  errors: FieldError[];
  calls: Calls;
  now: number;
}

export function SettingsPage(props: SettingsProps) {
  const { data, errors, publicUrl, redirectUri, clientId, picks, calls, now } = props;
  const isAdmin = useMay('admin');
  const guide = { publicUrl, redirectUri, clientId, errors };
  const known = data.connections.filter(connection => connection.state !== 'new');
  return (
    <Page title="Settings" lead="Connect Xero once, then choose for each store where its sales go.">
      <Errors errors={errors} />
      {known.map(connection => (
        <ConnectionCard connection={connection} calls={calls} now={now} />
      ))}
      {isAdmin && known.length === 0 ? (
        <Card title="Connect Xero">
          <ConnectForm {...guide} />
        </Card>
      ) : null}
      {data.organisations.length === 0 ? (
        <Card title="Store and accounts">
          <p class="faint">
            Comes after the connection: here you choose for each store the organisation and the
            accounts.
          </p>
        </Card>
      ) : (
        <ChooseAccounts data={data} picks={picks} errors={errors} />
      )}
      <Chosen data={data} />
      {isAdmin && known.length > 0 ? (
        <Card title="Connect another Xero app">
          <details open={clientId !== ''}>
            <summary>Only needed for organisations that the connection above cannot reach.</summary>
            <ConnectForm {...guide} />
          </details>
        </Card>
      ) : null}
    </Page>
  );
}

function Chosen({ data }: { data: SettingsData }) {
  const chosen = data.stores.flatMap(store => (store.books ? [{ store, books: store.books }] : []));
  if (chosen.length === 0) return null;
  return (
    <Card title="What is chosen">
      <Table
        label="What is chosen"
        columns={[
          { name: 'Store' },
          { name: 'Organisation' },
          { name: 'Accounts for Products' },
          { name: 'Default Payment Account' },
          { name: 'Posts from' },
          { name: 'More' },
        ]}
        rows={chosen.map(({ store, books }) => {
          const organisation = data.organisations.find(({ id }) => id === books.organisation);
          const name = (codeOrId: string) => {
            const account = accountOf(organisation?.chart, codeOrId);
            return account === undefined ? codeOrId : accountName(account);
          };
          return [
            store.name,
            organisation?.name ?? `${books.organisation} (not connected)`,
            name(books.mapping.products),
            name(books.mapping.payment),
            dateText(books.postFrom),
            <a href={`/mapping/${store.id}`}>
              All mappings<span class="unseen"> of {store.name}</span>
            </a>,
          ];
        })}
      />
    </Card>
  );
}
