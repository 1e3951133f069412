/**
 * The developer's "My apps": what is registered, and the form that registers one more.
 */
import { Frame } from './layout.tsx';
import type { AppRegistration } from './types.ts';

export function AppsPage({ apps }: { apps: readonly AppRegistration[] }) {
  return (
    <Frame title="My apps">
      <h1>My apps</h1>
      <div class="columns">
        {apps.map(app => (
          <section key={app.clientId} class="card">
            <h2>{app.name}</h2>
            <dl class="facts">
              <Fact name="Client ID" value={app.clientId} />
              <Fact name="Client secret" value={app.clientSecret} />
              <Fact name="Redirect URIs" value={app.redirectUris.join(' ') || 'none'} />
            </dl>
          </section>
        ))}
        <form class="card" method="post" action="/apps">
          <h2>New app</h2>
          <label>
            App name
            <input name="name" required maxLength={34} />
          </label>
          <label>
            Redirect URIs
            <textarea name="redirectUris" required rows={2} />
          </label>
          <button type="submit">Create app</button>
        </form>
      </div>
    </Frame>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </div>
  );
}
