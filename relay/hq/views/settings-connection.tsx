/** The guide for Xero's New app form, the app's two values, and how a connection is doing. */
import type { ConnectionRecord } from '../../db/records.ts';
import { PEOPLE_DAY_SHARE } from '../../xero/limits.ts';
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
              ['Company or application URL', companyUrl(publicUrl)],
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
      <details>
        <summary>Xero shows an error page and does not lead back here</summary>
        <p>
          <strong>Invalid redirect_uri</strong>: the Redirect URI in the app at Xero is not exactly
          the one above. Copy it again, save the app, and press Submit here again.
        </p>
        <p>
          <strong>Unknown client</strong>: the Client ID is not the one of the app. Copy both again,
          and press Submit.
        </p>
      </details>
    </>
  );
}

/** Xero wants a real address; a relay on one's own machine has none to copy. */
function companyUrl(publicUrl: string) {
  const { hostname } = new URL(publicUrl);
  const isLocal = hostname === 'localhost' || /^[\d.]+$/.test(hostname);
  return isLocal ? 'the address of your company’s web site' : <code>{publicUrl}</code>;
}

/** A refresh token that nobody used dies after 60 days (Xero, "token types"). */
const TOKEN_DAYS = 60;
/** It is renewed daily: a token this old means that renewing fails. */
const TOKEN_OLD_MS = 3 * 86_400_000;
const DAY_MS = 86_400_000;

/** What Xero told of its limits, by organisation id. */
export interface Calls {
  /** Calls of the day that are left. */
  left: ReadonlyMap<string, number>;
  /** When Xero last answered, ms since 1970. */
  answeredAt: ReadonlyMap<string, number>;
}

interface CardProps {
  connection: ConnectionRecord;
  calls: Calls;
  now: number;
}

export function ConnectionCard({ connection, calls, now }: CardProps) {
  const { state, organisations, clientId } = connection;
  const isConnected = state === 'connected';
  const isShort = organisations.some(({ id }) => isShortOfCalls(calls.left.get(id)));
  return (
    <Card title="Connection to Xero">
      {isConnected ? null : (
        <p class="note bad">
          The connection is cut: nothing is posted until you press Reconnect. Sales are kept.
        </p>
      )}
      {isConnected && isShort ? (
        <p class="note warm">
          Xero’s calls of this day are nearly used up. Posting goes on by itself when Xero allows
          more; what is left is kept for your buttons.
        </p>
      ) : null}
      <Facts
        facts={[
          [
            'State',
            isConnected ? <Badge tone="good">Connected</Badge> : <Badge tone="bad">Cut</Badge>,
          ],
          ['Organisations', organisations.map(({ name }) => name).join(', ') || 'none'],
          ['Last call', <LastCall {...{ organisations, calls, now }} />],
          ['Calls left today', <CallsLeft organisations={organisations} calls={calls} />],
          ['Token', <TokenAge at={connection.refreshedAt} now={now} />],
          ['Client ID', <code>{clientId}</code>],
        ]}
      />
      <ConnectionActions connection={connection} />
    </Card>
  );
}

function ConnectionActions({ connection: { id, state } }: Pick<CardProps, 'connection'>) {
  if (!useMay('admin')) return null;
  const fields = { connection: id };
  return (
    <div class="actions">
      <Action to="/settings/reconnect" name="Reconnect" fields={fields} />
      {state === 'connected' ? (
        <Action to="/settings/disconnect" name="Disconnect" look="danger" fields={fields} />
      ) : null}
    </div>
  );
}

function isShortOfCalls(left: number | undefined): boolean {
  return left !== undefined && left <= PEOPLE_DAY_SHARE;
}

type Organisations = ConnectionRecord['organisations'];

/** Only a call tells whether Xero is there: none since the start is no fault. */
function LastCall({
  organisations,
  calls,
  now,
}: {
  organisations: Organisations;
  calls: Calls;
  now: number;
}) {
  const last = Math.max(0, ...organisations.map(({ id }) => calls.answeredAt.get(id) ?? 0));
  if (last === 0) return <span class="faint">none since the relay started</span>;
  return (
    <>
      {spanText(now - last)} ago{' '}
      <small>
        <Time at={new Date(last).toISOString()} />
      </small>
    </>
  );
}

function CallsLeft({ organisations, calls }: { organisations: Organisations; calls: Calls }) {
  const told = organisations.flatMap(({ id, name }) => {
    const left = calls.left.get(id);
    if (left === undefined) return [];
    return [`${left.toLocaleString('en')}${organisations.length > 1 ? ` for ${name}` : ''}`];
  });
  if (told.length === 0) return <span class="faint">Xero tells with the next call</span>;
  return <>{told.join(', ')}</>;
}

function TokenAge({ at, now }: { at: string | undefined; now: number }) {
  if (at === undefined) return <Time at={undefined} />;
  const ageMs = now - Date.parse(at);
  const text = `renewed ${spanText(ageMs)} ago`;
  return (
    <>
      {ageMs > TOKEN_OLD_MS ? <Badge tone="warm">{text}</Badge> : text}{' '}
      <small>(ends in {spanText(TOKEN_DAYS * DAY_MS - ageMs)} if never used)</small>
    </>
  );
}
