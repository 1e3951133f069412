/** All stores at a glance, and the form for a new one. */

import type { Reason } from '../../books/reasons.ts';
import type { HeartbeatRecord, StoreRecord } from '../../db/records.ts';
import type { FieldError } from '../call.ts';
import { Errors, TextField } from '../parts/fields.tsx';
import { Button, Form, Page, useMay } from '../parts/page.tsx';
import { Badge, Card, spanText, Table } from '../parts/show.tsx';

export interface StoreRow {
  store: StoreRecord;
  beat: HeartbeatRecord | undefined;
  /** An agent's key is believed. */
  enrolled: boolean;
  /** What would stop the next days: accounts that no longer fit, names that are not mapped. */
  notices: Reason[];
}

export interface NewStoreForm {
  name: string;
  timezone: string;
  currency: string;
  cutOver: string;
}

interface StoresProps {
  rows: StoreRow[];
  form: NewStoreForm;
  errors: FieldError[];
  now: number;
}

export function StoresPage({ rows, form, errors, now }: StoresProps) {
  return (
    <Page title="Stores" lead="Every shop, and whether its agent is heard from.">
      <Errors errors={errors} />
      <Card title="Stores">
        <Table
          label="Stores"
          columns={[
            { name: 'Store' },
            { name: 'Agent' },
            { name: 'Waiting to be sent' },
            { name: 'Clock' },
            { name: 'Version' },
            { name: 'Goes to Xero' },
          ]}
          rows={rows.map(row => [
            <a href={`/stores/${row.store.id}`}>{row.store.name}</a>,
            <AgentState row={row} now={now} />,
            <Backlog beat={row.beat} />,
            <ClockState beat={row.beat} />,
            row.beat?.heartbeat.agentVersion ?? '–',
            <BooksState row={row} />,
          ])}
          empty="There is no store yet. Add the first one below."
        />
      </Card>
      {useMay('admin') ? <AddStore form={form} errors={errors} /> : null}
    </Page>
  );
}

function BooksState({ row }: { row: StoreRow }) {
  const { store, notices } = row;
  const whose = <span class="unseen"> for {store.name}</span>;
  if (store.books === undefined) return <a href="/settings">Choose accounts{whose}</a>;
  if (notices.length === 0) return <Badge tone="good">Yes</Badge>;
  return (
    <a href={`/mapping/${store.id}`}>
      {notices.length} to choose{whose}
    </a>
  );
}

/** An agent calls every 5 minutes: three calls missed are worth a look. */
const SILENT_AFTER_MS = 16 * 60_000;

export function AgentState({ row, now }: { row: StoreRow; now: number }) {
  const { beat, enrolled, store } = row;
  if (store.closedAt !== undefined) return <Badge tone="calm">Closed for good</Badge>;
  if (!enrolled) return <Badge tone="warm">Not enrolled</Badge>;
  if (beat === undefined) return <Badge tone="warm">Not heard from yet</Badge>;
  const silentMs = now - Date.parse(beat.receivedAt);
  if (silentMs < SILENT_AFTER_MS) return <Badge tone="good">Connected</Badge>;
  return <Badge tone="bad">Silent for {spanText(silentMs)}</Badge>;
}

export function Backlog({ beat }: { beat: HeartbeatRecord | undefined }) {
  if (beat === undefined) return <>–</>;
  const { waiting, oldestSeconds } = beat.heartbeat.backlog;
  if (waiting === 0) return <>nothing</>;
  const noun = waiting === 1 ? 'summary' : 'summaries';
  return (
    <>
      {waiting} {noun}, oldest {spanText(oldestSeconds * 1000)}
    </>
  );
}

/** Beyond this a till's day may be cut at the wrong minute. */
const SKEW_MAX_MS = 60_000;

export function ClockState({ beat }: { beat: HeartbeatRecord | undefined }) {
  if (beat === undefined) return <>–</>;
  const { clockSkewMs } = beat;
  if (Math.abs(clockSkewMs) <= SKEW_MAX_MS) return <>right</>;
  const word = clockSkewMs > 0 ? 'fast' : 'slow';
  return (
    <Badge tone="bad">
      {spanText(Math.abs(clockSkewMs))} {word}
    </Badge>
  );
}

function AddStore({ form, errors }: { form: NewStoreForm; errors: FieldError[] }) {
  return (
    <Card title="Add a store">
      <Form to="/stores">
        <div class="fields">
          <TextField
            name="name"
            label="Name"
            value={form.name}
            required
            maxLength={255}
            hint="Stands on its invoices."
            errors={errors}
          />
          <ZoneField value={form.timezone} errors={errors} />
          <TextField
            name="currency"
            label="Currency"
            value={form.currency}
            required
            maxLength={3}
            hint="Three letters, such as SGD."
            errors={errors}
          />
          <CutOverField value={form.cutOver} errors={errors} />
        </div>
        <div class="bar">
          <Button name="Add store" />
          <small>Then the page shows the code with which the shop’s computer signs up.</small>
        </div>
      </Form>
    </Card>
  );
}

export function ZoneField({ value, errors }: { value: string; errors: FieldError[] }) {
  return (
    <>
      <TextField
        name="timezone"
        label="Time zone"
        value={value}
        required
        list="zones"
        hint="Continent/City, such as Asia/Singapore."
        errors={errors}
      />
      <datalist id="zones">
        {Intl.supportedValuesOf('timeZone').map(zone => (
          <option value={zone} />
        ))}
      </datalist>
    </>
  );
}

export function CutOverField({ value, errors }: { value: string; errors: FieldError[] }) {
  return (
    <TextField
      name="cutOver"
      label="Cut-over"
      value={value}
      required
      maxLength={5}
      hint="When the trading day ends; 00:00 is midnight. A bar may want 04:00."
      errors={errors}
    />
  );
}
