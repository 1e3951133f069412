/** One store-day: what it is waiting for, the comparison, the documents, the tills, what happened. */
import type { DayParts } from '../../../protocol/day-summary.ts';
import { sumMinor } from '../../../protocol/money.ts';
import type { Reason } from '../../books/reasons.ts';
import type { DayRecord } from '../../db/records.ts';
import { KEPT_ASIDE_WORDS } from '../../inbox/chain.ts';
import type { DayData } from '../day-data.ts';
import type { DayAction } from '../deps.ts';
import { Action, Page, sentence, useMay } from '../parts/page.tsx';
import { Card, dateText, Facts, STATES, StateBadge, Table, Time } from '../parts/show.tsx';
import { ComparisonCard } from './day-comparison.tsx';
import { DocumentCard, type LinkOf, PreviewCard } from './day-documents.tsx';
import { SalesCard, TendersCard } from './day-sales.tsx';

export interface DayProps {
  data: DayData;
  linkOf: LinkOf;
  actions: DayAction[];
}

export function DayPage({ data, linkOf, actions }: DayProps) {
  const { store, day, comparison, preview, newest, chart } = data;
  const { currency } = store;
  return (
    <Page title={`${store.name}, ${dateText(day.date)}`}>
      <StateCard data={data} actions={actions} />
      {comparison === undefined ? null : (
        <ComparisonCard comparison={comparison} currency={currency} />
      )}
      {day.documents.map(document => (
        <DocumentCard {...{ document, chart, linkOf }} zone={store.timezone} />
      ))}
      {preview === undefined ? null : (
        <PreviewCard
          {...{ preview, chart }}
          title={
            day.documents.length > 0 ? 'Late sales, as Xero will see them' : 'As Xero will see it'
          }
        />
      )}
      {newest === undefined ? null : (
        <>
          <SalesCard parts={newest.parts} currency={currency} />
          <TendersCard parts={newest.parts} currency={currency} />
          <TerminalsCard data={data} />
        </>
      )}
      <ProofCard data={data} />
      <TimelineCard data={data} />
    </Page>
  );
}

const BUTTONS: Record<DayAction, { name: string; why: string }> = {
  retry: { name: 'Retry', why: 'tries or compares again now' },
  hold: { name: 'Hold', why: 'keeps the day out of Xero until you release it' },
  release: { name: 'Release', why: 'lets the day go on as it is' },
  post: { name: 'Post', why: 'makes a document that is not made by itself' },
};

function StateCard({ data, actions }: { data: DayData; actions: DayAction[] }) {
  const { day, store } = data;
  const mayAct = useMay('bookkeeper');
  const urgent = STATES[day.state].tone === 'good' ? undefined : actions[0];
  return (
    <section class="card" aria-label="State of the day">
      <p class="headline">
        <StateBadge state={day.state} /> <span>{STATES[day.state].means}</span>
      </p>
      {day.reasons.map(reason => (
        <div class="note warm">
          <p>
            <strong>{sentence(reason.message)}</strong> {sentence(reason.fix)}{' '}
            <WayToFix reason={reason} store={store.id} />
          </p>
          {reason.raw === undefined ? null : (
            <details>
              <summary>Xero’s own words</summary>
              <code>{reason.raw}</code>
            </details>
          )}
        </div>
      ))}
      {day.heldBy === undefined ? null : <p>Held by {day.heldBy}.</p>}
      {day.releasedBy === undefined ? null : <p>Released by {day.releasedBy}.</p>}
      {day.nextTryAt === undefined ? null : (
        <p class="faint">
          Tried again by itself at <Time at={day.nextTryAt} zone={store.timezone} />.
        </p>
      )}
      {mayAct && actions.length > 0 ? (
        <div class="actions">
          {actions.map(action => (
            <span>
              <Action
                to={`/days/${store.id}/${day.date}/${action}`}
                name={BUTTONS[action].name}
                look={action === urgent ? 'main' : 'plain'}
              />{' '}
              <small>{BUTTONS[action].why}</small>
            </span>
          ))}
        </div>
      ) : null}
    </section>
  );
}

const MAPPING_CODES = /^(?:unmapped|account-|payments-|needs-clearing|tax-|tracking-)/;
const SETTINGS_CODES = /^(?:not-mapped|xero-disconnected|xero-not-allowed|currency)/;

/** The page on which the fix is made. */
function WayToFix({ reason, store }: { reason: Reason; store: string }) {
  if (MAPPING_CODES.test(reason.code)) return <a href={`/mapping/${store}`}>Open the mapping</a>;
  if (SETTINGS_CODES.test(reason.code)) return <a href="/settings">Open the settings</a>;
  return null;
}

type TillRow = DayParts['terminals'][number];

function TerminalsCard({ data }: { data: DayData }) {
  const tills = data.newest?.parts.terminals ?? [];
  const isWhole = (row: TillRow) => Number(row.missing.length === 0);
  const rows = [...tills].sort((a, b) => isWhole(a) - isWhole(b));
  const missing = sumMinor(
    rows.flatMap(row => row.missing.map(([first, last]) => last - first + 1)),
  );
  return (
    <Card title="Tills">
      {missing === 0 ? null : (
        <p class="note warm">
          <strong>
            {missing} {missing === 1 ? 'number is' : 'numbers are'} missing.
          </strong>{' '}
          A till used them and the sale has not arrived. It comes by itself when the till is on the
          network again, and is posted as a late sale.
        </p>
      )}
      <Table
        label="Tills"
        columns={[
          { name: 'Till' },
          { name: 'Messages', number: true },
          { name: 'Numbers' },
          { name: 'Missing' },
        ]}
        rows={rows.map(row => [
          nameOfTill(row, rows),
          row.count,
          `${row.first}–${row.last}`,
          row.missing
            .map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`))
            .join(', ') || 'none',
        ])}
        empty="No till was used on this day."
      />
    </Card>
  );
}

/** Revisions, late sales, what is quarantined or kept aside, and the signed summaries. */
function ProofCard({ data }: { data: DayData }) {
  const { day, store, newest } = data;
  return (
    <Card title="Signed summaries">
      {newest === undefined ? null : (
        <Facts
          facts={[
            ['Late sales', lateText(day.revisions.length)],
            ['Set aside in the shop (quarantine)', countText(newest.quarantined)],
            ['Damaged on the shop’s disk', countText(newest.damaged)],
          ]}
        />
      )}
      <Table
        label="Signed summaries"
        columns={[
          { name: 'Revision' },
          { name: 'Closed' },
          { name: 'Arrived' },
          { name: 'Digest' },
          { name: 'Signed' },
        ]}
        rows={[
          ...day.revisions.map(revision => [
            `${revision.revision}`,
            <Time at={revision.closedAt} zone={store.timezone} />,
            <Time at={revision.receivedAt} zone={store.timezone} />,
            <code>{revision.digest.slice(0, 16)}</code>,
            <Download path={`/days/${store.id}/${day.date}/${revision.digest}.jws`} />,
          ]),
          ...day.keptAside.map(aside => [
            `${aside.revision} (kept aside)`,
            '–',
            <Time at={aside.receivedAt} zone={store.timezone} />,
            <code>{aside.digest.slice(0, 16)}</code>,
            <Download path={`/days/${store.id}/${day.date}/${aside.digest}.jws`} />,
          ]),
        ]}
        empty="The shop has not sent this day."
      />
      {day.state === 'kept-aside' ? null : <AsideNotes reasons={day.keptAside} />}
      <VerifyHelp data={data} />
    </Card>
  );
}

/** A day that is aside as a whole says so on top. */
function AsideNotes({ reasons }: { reasons: DayRecord['keptAside'] }) {
  const codes = new Set(reasons.map(({ reason }) => reason));
  return (
    <>
      {[...codes].map(code => {
        const { message, fix } = KEPT_ASIDE_WORDS[code];
        return (
          <p class="note warm">
            <strong>Kept aside:</strong> {message} {fix}
          </p>
        );
      })}
    </>
  );
}

/** With the names of the files as they are downloaded: of the newest summary. */
function VerifyHelp({ data: { day, store } }: { data: DayData }) {
  const newest = day.revisions.at(-1) ?? day.keptAside.at(-1);
  if (newest === undefined) return null;
  return (
    <p class="faint">
      Anyone can check a summary without us: download it and the{' '}
      <a href={`/stores/${store.id}/keys.json`} download>
        shop’s public keys
      </a>
      , then run{' '}
      <code>
        tillbook-relay verify {store.id}-{day.date}-r{newest.revision}.jws --key {store.id}
        -keys.json
      </code>
    </p>
  );
}

function Download({ path }: { path: string }) {
  return (
    <a href={path} download>
      Download
    </a>
  );
}

function lateText(revisions: number): string {
  if (revisions < 2) return 'none';
  return revisions === 2 ? 'arrived once' : `arrived ${revisions - 1} times`;
}

function countText(count: number): string {
  if (count === 0) return 'nothing';
  return count === 1 ? '1 message' : `${count} messages`;
}

function TimelineCard({ data }: { data: DayData }) {
  const { day, store } = data;
  return (
    <Card title="What happened">
      {day.events.length === 0 ? <p class="faint">Nothing yet.</p> : null}
      <ol class="timeline">
        {[...day.events].reverse().map(event => (
          <li>
            <small>
              <Time at={event.at} zone={store.timezone} /> · {event.who}
            </small>
            <div>{sentence(event.what)}</div>
          </li>
        ))}
      </ol>
    </Card>
  );
}

/** A till that was set up anew that day stands twice, and is told apart by its epoch. */
function nameOfTill({ terminal, epoch }: TillRow, rows: readonly TillRow[]): string {
  const twice = rows.some(row => row.terminal === terminal && row.epoch !== epoch);
  return twice ? `${terminal} (epoch ${epoch})` : terminal;
}
