/**
 * An organisation's settings: what it is, its lock dates, tax rates, tracking, contacts and the
 * apps that are connected.
 */
import { fromScaled4 } from './decimal.ts';
import { Frame } from './layout.tsx';
import type { Organisation } from './types.ts';
import type { World } from './world.ts';

interface Props {
  readonly organisation: Organisation;
  readonly world: World;
}

export function SettingsPage({ organisation, world }: Props) {
  return (
    <Frame title="Settings" organisation={organisation} tab="settings">
      <h1>Settings</h1>
      <div class="columns">
        <section class="card">
          <h2>{organisation.name}</h2>
          <dl class="facts">
            <Fact name="Currency" value={organisation.baseCurrency} />
            <Fact name="Country" value={organisation.countryCode} />
            <Fact name="Time zone" value={organisation.timezone} />
            <Fact name="Short code" value={organisation.shortCode} />
            <Fact name="Organisation ID" value={organisation.id} />
          </dl>
        </section>
        <LockDates organisation={organisation} />
        <TaxRates organisation={organisation} />
        <Tracking organisation={organisation} />
        <Connected organisation={organisation} world={world} />
      </div>
    </Frame>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function LockDates({ organisation }: { organisation: Organisation }) {
  const base = `/organisations/${organisation.key}`;
  return (
    <form class="card" method="post" action={`${base}/lock-dates`}>
      <h2>Lock dates</h2>
      <input type="hidden" name="back" value={`${base}/settings`} />
      <label>
        Stop changes on and before
        <input type="date" name="period" value={organisation.periodLockDate} />
      </label>
      <label>
        End of year lock date
        <input type="date" name="endOfYear" value={organisation.endOfYearLockDate} />
      </label>
      <button type="submit" class="quiet">
        Save
      </button>
    </form>
  );
}

function TaxRates({ organisation }: { organisation: Organisation }) {
  return (
    <section class="card">
      <h2>Tax rates</h2>
      <ul class="plain">
        {organisation.taxRates.map(rate => (
          <li key={rate.taxType}>
            {rate.name} <code>{rate.taxType}</code>{' '}
            <span class="muted">
              {fromScaled4(rate.rate)} %{rate.status === 'ACTIVE' ? '' : `, ${rate.status}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Tracking({ organisation }: { organisation: Organisation }) {
  return (
    <section class="card">
      <h2>Tracking and contacts</h2>
      <ul class="plain">
        {organisation.tracking.map(category => (
          <li key={category.id}>
            {category.name}:{' '}
            <span class="muted">
              {category.options
                .map(option => option.name + (option.status === 'ACTIVE' ? '' : ' (archived)'))
                .join(', ')}
            </span>
          </li>
        ))}
        <li>
          Contacts:{' '}
          <span class="muted">{organisation.contacts.map(contact => contact.name).join(', ')}</span>
        </li>
      </ul>
    </section>
  );
}

function Connected({ organisation, world }: Props) {
  const base = `/organisations/${organisation.key}`;
  const names = world.connections
    .filter(connection => connection.organisationId === organisation.id)
    .map(({ clientId }) => world.apps.find(app => app.clientId === clientId)?.name ?? clientId);
  return (
    <form class="card" method="post" action={`${base}/disconnect`}>
      <h2>Connected apps</h2>
      <input type="hidden" name="back" value={`${base}/settings`} />
      <p>{names.length === 0 ? 'No app is connected.' : names.join(', ')}</p>
      {names.length > 0 && (
        <button type="submit" class="quiet">
          Disconnect
        </button>
      )}
    </form>
  );
}
