/** The guide for Xero's New app form, the app's two values, and how a connection is doing. */
import type { ConnectionRecord } from '../../db/records.ts';
import type { FieldError } from '../call.ts';
import { TextField } from '../parts/fields.tsx';
import { Action, Button, Form, useMay } from '../parts/page.tsx';
import { Badge, Card, Facts, spanText, Time } from '../parts/show.tsx';

interface GuideProps {
  redirectUri: string;
  publicUrl: string;
  clientId: string;
  errors: FieldError[];
}

export function ConnectForm({ redirectUri, publicUrl, clientId, errors }: GuideProps) {
  return (
    <>
      <ol>
        <li>
          Open <a href="https://developer.xero.com/app/manage">developer.xero.com/app/manage</a>,
          sign in with the Xero user that may see the organisation, and press{' '}
          <strong>New app</strong>.
        </li>
        <li>
          Fill in the form with exactly these values:
          <Facts
            facts={[
              ['App name (must not contain “Xero”)', <code>Tillbook</code>],
              ['Integration type', <code>Web app</code>],
              ['Company or application URL', <code>{companyUrl(publicUrl)}</code>],
              ['Redirect URI', <code>{redirectUri}</code>],
            ]}
          />
        </li>
        <li>
          Open <strong>Configuration</strong> of the new app, copy the Client ID, generate a Client
          Secret, and put both here.
        </li>
        <li>
          Press <strong>Submit</strong>, choose the organisations at Xero and press{' '}
          <strong>Allow access</strong>. You come back to this page.
        </li>
      </ol>
      <Form to="/settings/connect">
        <div class="fields">
          <TextField
            name="clientId"
            label="Client ID"
            value={clientId}
            required
            maxLength={200}
            errors={errors}
          />
          <TextField
            name="clientSecret"
            label="Client Secret"
            type="password"
            required
            autocomplete="new-password"
            maxLength={500}
            hint="Kept sealed on this relay and never shown again."
            errors={errors}
          />
        </div>
        <div class="bar">
          <Button name="Submit" />
        </div>
      </Form>
    </>
  );
}

/** Xero wants a real address; a relay on one's own machine has none. */
function companyUrl(publicUrl: string): string {
  const { hostname } = new URL(publicUrl);
  const isLocal = hostname === 'localhost' || /^[\d.]+$/.test(hostname);
  return isLocal ? 'the address of your company’s web site' : publicUrl;
}

/** A refresh token that nobody used dies after 60 days (Xero, "token types"). */
const TOKEN_DAYS = 60;
const DAY_MS = 86_400_000;

export function ConnectionCard({ connection, now }: { connection: ConnectionRecord; now: number }) {
  const isAdmin = useMay('admin');
  const { state, refreshedAt, organisations, clientId, id } = connection;
  const isConnected = state === 'connected';
  return (
    <Card title="Connection to Xero">
      {isConnected ? null : (
        <p class="note bad">
          The connection is cut: nothing is posted until you press Reconnect. Sales are kept.
        </p>
      )}
      <Facts
        facts={[
          [
            'State',
            isConnected ? <Badge tone="good">Connected</Badge> : <Badge tone="bad">Cut</Badge>,
          ],
          ['Organisations', organisations.map(({ name }) => name).join(', ') || 'none'],
          ['Client ID', <code>{clientId}</code>],
          ['Last renewed', <RenewedAt at={refreshedAt} now={now} />],
        ]}
      />
      {isAdmin ? (
        <div class="actions">
          <Action to="/settings/reconnect" name="Reconnect" fields={{ connection: id }} />
          {isConnected ? (
            <Action
              to="/settings/disconnect"
              name="Disconnect"
              look="danger"
              fields={{ connection: id }}
            />
          ) : null}
        </div>
      ) : null}
    </Card>
  );
}

function RenewedAt({ at, now }: { at: string | undefined; now: number }) {
  if (at === undefined) return <Time at={undefined} />;
  const leftMs = Date.parse(at) + TOKEN_DAYS * DAY_MS - now;
  return (
    <>
      <Time at={at} /> <small>(ends in {spanText(leftMs)} if never used)</small>
    </>
  );
}
