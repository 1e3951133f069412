/** One store: its agent, its enrolment code (shown once), its settings, its end. */
import { renderSVG } from 'uqr';
import { businessDateOf } from '../../../protocol/business-date.ts';
import type { FieldError } from '../call.ts';
import { Errors, TextField } from '../parts/fields.tsx';
import { Action, Button, Form, Page, sentence, useMay } from '../parts/page.tsx';
import { Badge, Card, dateText, Facts, Table, Time } from '../parts/show.tsx';
import {
  AgentState,
  Backlog,
  ClockState,
  CutOverField,
  type StoreRow,
  ZoneField,
} from './stores.tsx';

export interface StoreProps {
  row: StoreRow;
  keys: { kid: string; enrolledAt: string; revokedAt?: string }[];
  code: { code: string; expiresAt: string } | undefined;
  publicUrl: string;
  form: { name: string; timezone: string; cutOver: string };
  errors: FieldError[];
  now: number;
}

export function StorePage(props: StoreProps) {
  const { row, keys, code, publicUrl, form, errors, now } = props;
  const isAdmin = useMay('admin');
  const isOpen = row.store.closedAt === undefined;
  return (
    <Page title={row.store.name}>
      <Errors errors={errors} />
      {code === undefined ? null : (
        <EnrolmentCode code={code} publicUrl={publicUrl} zone={row.store.timezone} />
      )}
      <AgentCard row={row} keys={keys} now={now} />
      {isOpen ? <WorkCard {...props} /> : null}
      {isAdmin && isOpen ? (
        <>
          <SettingsCard id={row.store.id} currency={row.store.currency} {...{ form, errors }} />
          <EndCard id={row.store.id} name={row.store.name} />
        </>
      ) : null}
    </Page>
  );
}

interface CodeProps {
  code: { code: string; expiresAt: string };
  publicUrl: string;
  zone: string;
}

function EnrolmentCode({ code, publicUrl, zone }: CodeProps) {
  const command = `tillbook-agent enrol --relay ${publicUrl} --code ${code.code}`;
  return (
    <Card title="Enrolment code">
      <div class="beside">
        <div>
          <p class="secret">{code.code}</p>
          <p>On the shop’s computer type:</p>
          <code class="command">{command}</code>
          <small>
            Shown once. Works for one machine, until <Time at={code.expiresAt} zone={zone} />.
          </small>
        </div>
        <QrCode text={command} />
      </div>
    </Card>
  );
}

function QrCode({ text }: { text: string }) {
  const svg = renderSVG(text, { ecc: 'M', border: 2, whiteColor: '#fff', blackColor: '#000' });
  return (
    <div
      class="qr"
      role="img"
      aria-label="QR code of the command"
      dangerouslySetInnerHTML={{ __html: svg }}
    />
  );
}

type AgentProps = Pick<StoreProps, 'row' | 'keys' | 'now'>;

function AgentCard({ row, keys, now }: AgentProps) {
  const { store, beat } = row;
  const isAdmin = useMay('admin');
  return (
    <Card title="Agent in the shop">
      <Facts
        facts={[
          ['State', <AgentState row={row} now={now} />],
          ['Last seen', <Time at={beat?.receivedAt} zone={store.timezone} />],
          ['Waiting to be sent', <Backlog beat={beat} />],
          ['Clock', <ClockState beat={beat} />],
          ['Version', beat?.heartbeat.agentVersion ?? '–'],
          ['Key', <KeyState keys={keys} />],
          ['Days', <a href={`/days?store=${store.id}`}>All days of this store</a>],
          ['Accounts', <a href={`/mapping/${store.id}`}>Mappings of this store</a>],
        ]}
      />
      {(beat?.heartbeat.problems ?? []).map(problem => (
        <p class="note warm">
          <strong>{sentence(problem.message)}</strong> {sentence(problem.fix)}
        </p>
      ))}
      {beat?.clonedAt === undefined ? null : (
        <p class="note bad">
          <strong>Two machines use this store’s key.</strong> Switch off the copy, then press New
          enrolment code and enrol the right one again.
        </p>
      )}
      {row.notices.map(({ message, fix }) => (
        <p class="note warm">
          <strong>{message}</strong> {fix}
        </p>
      ))}
      <Quarantine row={row} />
      {isAdmin && store.closedAt === undefined ? (
        <div class="actions">
          <Action
            to={`/stores/${store.id}/code`}
            name="New enrolment code"
            look={row.enrolled ? 'plain' : 'main'}
          />
          {row.enrolled ? (
            <Action to={`/stores/${store.id}/revoke`} name="Revoke agent" look="danger" />
          ) : null}
        </div>
      ) : null}
    </Card>
  );
}

/** What HQ may ask of the shop, and of the days before the connection. */
function WorkCard({ row, errors, now }: StoreProps) {
  const { store, beat } = row;
  const mayAct = useMay('bookkeeper');
  if (!mayAct || (!row.enrolled && store.books === undefined)) return null;
  const asked = store.commands.map(({ kind }) =>
    kind === 'close' ? 'close the day' : 'trust its clock',
  );
  const clockWaits = (beat?.heartbeat.problems ?? []).some(({ code }) => code.startsWith('clock'));
  return (
    <Card title="Ask for something">
      {asked.length === 0 ? null : (
        <p class="faint">Asked to {asked.join(' and to ')}; it obeys within 5 minutes.</p>
      )}
      <div class="actions">
        {row.enrolled ? (
          <Action
            to={`/stores/${store.id}/close-day`}
            name={`Close ${dateText(businessDateOf(now, store))} now`}
          />
        ) : null}
        {row.enrolled && clockWaits ? (
          <Action to={`/stores/${store.id}/confirm-clock`} name="The shop’s clock is right" />
        ) : null}
      </div>
      {store.books === undefined ? null : (
        <Form to={`/stores/${store.id}/post-range`}>
          <h3>Post days from before the connection</h3>
          <div class="fields">
            <TextField name="from" label="From" type="date" errors={errors} />
            <TextField name="to" label="To" type="date" errors={errors} />
          </div>
          <div class="bar">
            <Button name="Post these days" look="plain" />
            <small>
              Only days that are kept and not posted; the connection began on{' '}
              {dateText(store.books.postFrom)}.
            </small>
          </div>
        </Form>
      )}
    </Card>
  );
}

/** Messages that the shop set aside, by till and reason. */
function Quarantine({ row }: { row: StoreRow }) {
  const aside = row.beat?.heartbeat.quarantine ?? [];
  if (aside.length === 0) return null;
  return (
    <>
      <h3>Set aside in the shop</h3>
      <Table
        label="Set aside in the shop"
        columns={[{ name: 'Till' }, { name: 'Reason' }, { name: 'Messages', number: true }]}
        rows={aside.map(({ terminal, code, count }) => [terminal, code, count])}
      />
      <p>
        <small>
          On the shop’s computer <code>tillbook-agent quarantine list</code> shows them;{' '}
          <code>retry</code> and <code>dismiss</code> settle them.
        </small>
      </p>
    </>
  );
}

function KeyState({ keys }: { keys: StoreProps['keys'] }) {
  const key = keys.find(candidate => candidate.revokedAt === undefined);
  if (key === undefined) return <Badge tone="warm">none</Badge>;
  return (
    <>
      <code>{key.kid.slice(0, 12)}…</code> <small>since {key.enrolledAt.slice(0, 10)}</small>
    </>
  );
}

interface SettingsCardProps {
  id: string;
  currency: string;
  form: StoreProps['form'];
  errors: FieldError[];
}

function SettingsCard({ id, currency, form, errors }: SettingsCardProps) {
  return (
    <Card title="Name and trading day">
      <Form to={`/stores/${id}`}>
        <div class="fields">
          <TextField
            name="name"
            label="Name"
            value={form.name}
            required
            maxLength={255}
            errors={errors}
          />
          <ZoneField value={form.timezone} errors={errors} />
          <CutOverField value={form.cutOver} errors={errors} />
        </div>
        <div class="bar">
          <Button name="Save" />
          <small>
            Zone and cut-over begin with the next day not yet open. The currency stays {currency}.
          </small>
        </div>
      </Form>
    </Card>
  );
}

function EndCard({ id, name }: { id: string; name: string }) {
  return (
    <Card title="Close this store for good">
      <p>
        Its agent is no longer believed, and no more days are expected. Everything that it sent is
        kept.
      </p>
      <Form to={`/stores/${id}/close`}>
        <div class="fields">
          <TextField name="confirm" label={`Type “${name}” to confirm`} required />
        </div>
        <div class="bar">
          <Button name="Close for good" look="danger" />
        </div>
      </Form>
    </Card>
  );
}
