/**
 * The page on which a person allows an app to reach organisations, and the one that refuses.
 */
import { Frame, renderPage } from './layout.tsx';
import type { Asked, Organisation } from './types.ts';

const MEANINGS: Readonly<Record<string, string>> = {
  'accounting.invoices': 'View and manage your invoices and credit notes',
  'accounting.payments': 'View and manage your payments',
  'accounting.contacts': 'View and manage your contacts',
  'accounting.settings': 'View and manage your organisation settings',
  'accounting.settings.read': 'View your organisation settings',
  'accounting.attachments': 'View and manage your attachments',
  offline_access: 'Keep access while you are away',
};

const CARRIED = ['client_id', 'redirect_uri', 'response_type', 'scope', 'state'];

/** The consent form; `query` is carried through it unchanged. */
export function consentPage(
  asked: Asked,
  organisations: readonly Organisation[],
  query: URLSearchParams,
  noneChosen = false,
): string {
  return renderPage(
    <Frame title="Allow access">
      <form class="card consent" method="post" action="/identity/connect/authorize">
        {CARRIED.map(name => (
          <input key={name} type="hidden" name={name} value={query.get(name) ?? ''} />
        ))}
        <h1>{asked.app.name} wants access to:</h1>
        <fieldset>
          <legend>Organisation data</legend>
          {organisations.map((organisation, index) => (
            <label key={organisation.id} class="choice">
              <input
                type="checkbox"
                name="organisation"
                value={organisation.id}
                checked={index === 0}
              />
              {organisation.name}
            </label>
          ))}
        </fieldset>
        {noneChosen && <p role="alert">Choose at least one organisation.</p>}
        <ul>
          {asked.scopes.map(scope => (
            <li key={scope}>{MEANINGS[scope] ?? scope}</li>
          ))}
        </ul>
        <p class="muted">You will be sent back to {new URL(asked.redirectUri).origin}.</p>
        <p class="buttons">
          <button type="submit" name="action" value="allow">
            Allow access
          </button>
          <button type="submit" name="action" value="cancel" class="quiet">
            Cancel
          </button>
        </p>
      </form>
    </Frame>,
  );
}

/** Xero's own error page: a wrong client, redirect or scope never reaches the app. */
export function refusalPage(reason: string): string {
  return renderPage(
    <Frame title="Sorry">
      <section class="card">
        <h1>Sorry, something went wrong</h1>
        <p role="alert">
          Error: <code>{reason}</code>
        </p>
        <p class="muted">Check the client id, the redirect URI and the scopes of your app.</p>
      </section>
    </Frame>,
  );
}
