/** What needs a person now, and who is told of it: by mail, each as they chose, and by webhook. */
import { ALERT_KINDS, ALL_KINDS, type AlertKind } from '../../alerts/alert.ts';
import type { AlertRecord, WebhookRecord } from '../../db/records.ts';
import type { FieldError } from '../call.ts';
import { CheckField, Errors, TextField } from '../parts/fields.tsx';
import { Action, Button, Form, Page, sentence, useMay } from '../parts/page.tsx';
import { Card, Table, Time } from '../parts/show.tsx';

/** Nobody reads more at once, and a page of thousands takes a second to make. */
const SHOWN_MAX = 200;

interface AlertsProps {
  open: readonly AlertRecord[];
  hooks: WebhookRecord[];
  /** Kinds that the user is told of. */
  mine: readonly AlertKind[];
  email: string;
  mailIsOn: boolean;
  errors: FieldError[];
  /** Shown once, right after a webhook was added. */
  newSecret: string | undefined;
}

export function AlertsPage({ open, mine, email, mailIsOn, errors, ...hooks }: AlertsProps) {
  const lead = open.length === 0 ? 'Nothing needs you now.' : 'What needs somebody now.';
  return (
    <Page title="Alerts" lead={lead}>
      <Errors errors={errors} />
      <Card title="Now">
        <Table
          label="Open alerts"
          columns={[{ name: 'What' }, { name: 'What to do' }, { name: 'Since' }]}
          rows={open.slice(0, SHOWN_MAX).map(row => [
            <>
              <strong>{ALERT_KINDS[row.kind]}</strong>
              <br />
              {place(row)}
            </>,
            sentence(row.fix),
            <Time at={row.since} />,
          ])}
          empty="All is well."
        />
        {open.length > SHOWN_MAX ? (
          <p class="faint">
            These are the newest {SHOWN_MAX} of {open.length}. Older days stand under{' '}
            <a href="/days?state=unfinished">Days</a> and in the <a href="/calendar">Calendar</a>.
          </p>
        ) : null}
      </Card>
      <Card title="What comes to you by mail">
        <p>
          {mailIsOn
            ? `To ${email}: once when it begins and once when it is over.`
            : 'No mail server is set on the relay (RELAY_SMTP_URL): nothing is sent by mail.'}
        </p>
        <Form to="/alerts/mine" label="What comes to you by mail">
          <div class="fields">
            {ALL_KINDS.map(kind => (
              <CheckField
                name={`kind-${kind}`}
                label={ALERT_KINDS[kind]}
                checked={mine.includes(kind)}
              />
            ))}
          </div>
          <div class="bar">
            <Button name="Save" about="what comes to you" />
            {mailIsOn ? (
              <button type="submit" class="plain" formaction="/alerts/mine/test">
                Send me a test mail
              </button>
            ) : null}
          </div>
        </Form>
      </Card>
      <Webhooks {...hooks} errors={errors} />
    </Page>
  );
}

/** A day's alert leads to the day. */
function place({ subject, message }: AlertRecord) {
  const isDay = /\/\d{4}-\d{2}-\d{2}$/.test(subject);
  return isDay ? <a href={`/days/${subject}`}>{sentence(message)}</a> : sentence(message);
}

function Webhooks({
  hooks,
  newSecret,
  errors,
}: Pick<AlertsProps, 'hooks' | 'newSecret' | 'errors'>) {
  const mayChange = useMay('admin');
  return (
    <Card title="Webhooks">
      {newSecret === undefined ? null : (
        <div class="note good">
          <p>Copy the secret of the new webhook now: it is not shown again.</p>
          <code class="command">{newSecret}</code>
        </div>
      )}
      <Table
        label="Webhooks"
        columns={[{ name: 'Address' }, { name: 'Added by' }, { name: 'More' }]}
        rows={hooks.map(hook => [
          hook.url,
          hook.createdBy,
          mayChange ? (
            <span class="actions">
              <Action to={`/alerts/webhooks/${hook.id}/test`} name="Test" about={hook.url} />
              <Action
                to={`/alerts/webhooks/${hook.id}/remove`}
                name="Remove"
                about={hook.url}
                look="danger"
              />
            </span>
          ) : null,
        ])}
        empty="None."
      />
      {mayChange ? (
        <Form to="/alerts/webhooks" label="Add a webhook">
          <TextField
            name="url"
            label="Address"
            hint="https only. Each call is signed with a secret that is shown once, after adding."
            errors={errors}
          />
          <div class="bar">
            <Button name="Add webhook" />
          </div>
        </Form>
      ) : null}
    </Card>
  );
}
