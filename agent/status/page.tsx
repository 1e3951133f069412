/**
 * The page in the shop, rendered on the server: one sentence on top, then tills, days, head office,
 * disk. Complete without JavaScript; with it, `main` is replaced as the shop changes.
 */

import type { JSX } from 'preact';
import { render } from 'preact-render-to-string';
import type { DaySummary } from '../../protocol/day-summary.ts';
import { whenOf } from './findings.ts';
import { HourChart } from './hour-chart.tsx';
import { Days } from './page-days.tsx';
import { Tills } from './page-tills.tsx';
import type { AgentStatus } from './status.ts';
import { ClosedZReport, ZReport } from './z-report.tsx';

export function renderPage(status: AgentStatus): string {
  return `<!doctype html>${render(<Page status={status} />)}`;
}

/** What the live update puts into the page. */
export function renderMain(status: AgentStatus): string {
  return render(<Main status={status} />);
}

/** A day's Z report to print; amounts must be switched on. @param closed without it, the open day */
export function renderZReport(status: AgentStatus, closed?: DaySummary): string {
  return `<!doctype html>${render(
    <Frame title="Z report" status={status}>
      <main id="main">
        {closed === undefined ? (
          <ZReport status={status} />
        ) : (
          <ClosedZReport shop={status.store?.name ?? 'Shop'} day={closed} />
        )}
      </main>
    </Frame>,
  )}`;
}

function Page({ status }: { status: AgentStatus }): JSX.Element {
  return (
    <Frame title={status.headline.message} status={status}>
      <main id="main">
        <Main status={status} />
      </main>
      <script src="/assets/live.js" type="module" />
    </Frame>
  );
}

function Frame(props: {
  title: string;
  status: AgentStatus;
  children: JSX.Element | JSX.Element[];
}): JSX.Element {
  const { store, version } = props.status;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{props.title}</title>
        <link rel="icon" href="/assets/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/status.css" />
      </head>
      <body>
        <header>
          <a class="brand" href="/">
            Tillbook
          </a>
          <span class="quiet">
            {store?.name ?? 'Not connected to head office'} · agent {version}
          </span>
        </header>
        {props.children}
      </body>
    </html>
  );
}

function Main({ status }: { status: AgentStatus }): JSX.Element {
  const { today } = status;
  return (
    <>
      <Headline status={status} />
      <Numbers status={status} />
      <Todo status={status} />
      <section class="wide" aria-labelledby="tills">
        <h2 id="tills">Tills</h2>
        <Tills status={status} />
      </section>
      <section aria-labelledby="hours">
        <h2 id="hours">Sales by the hour</h2>
        <HourChart hours={today.hours} />
      </section>
      <section class="wide" aria-labelledby="days">
        <h2 id="days">Days</h2>
        <Days days={status.days} withReports={today.totals !== undefined} />
      </section>
      <section aria-labelledby="machine">
        <h2 id="machine">This machine</h2>
        <Machine status={status} />
      </section>
      {today.totals === undefined ? null : (
        <section class="full">
          <a href="/z-report">Z report of today, to print</a>
        </section>
      )}
      <SetAside status={status} />
    </>
  );
}

const SIGNS = { good: '✓', attention: '!', bad: '✕' } as const;

function Headline({ status: { headline } }: { status: AgentStatus }): JSX.Element {
  return (
    <section class={`headline ${headline.level}`} role="status">
      <span class="sign" aria-hidden="true">
        {SIGNS[headline.level]}
      </span>
      <div>
        <h1>{headline.message}</h1>
        {headline.fix === '' ? null : <p>{headline.fix}</p>}
      </div>
    </section>
  );
}

function Numbers({ status }: { status: AgentStatus }): JSX.Element {
  const { today, outbox, terminals, days } = status;
  const connected = terminals.filter(till => till.connected).length;
  const last = days.find(day => day.revision > 0);
  return (
    <div class="numbers">
      <Fact name="Saved today" value={String(today.transactions)}>
        {today.duplicates > 0
          ? `${today.duplicates} sent twice, counted once`
          : `since the day began`}
      </Fact>
      <Fact name="Days to send" value={String(outbox.waiting)}>
        {outbox.lastDeliveredAt === null
          ? 'none sent yet'
          : `last sent ${whenOf(outbox.lastDeliveredAt, status.now)}`}
      </Fact>
      {status.mqtt.upstream ? (
        <Fact name="Tills" value={String(terminals.length)}>
          behind the shop's own broker
        </Fact>
      ) : (
        <Fact name="Tills connected" value={`${connected} of ${terminals.length}`}>
          {terminals.length === 0 ? 'no till is set up' : 'now'}
        </Fact>
      )}
      <Fact name="Last closed day" value={last?.date ?? '–'}>
        {last?.xero?.documents.at(-1) ??
          (last === undefined ? 'none yet' : `revision ${last.revision}`)}
      </Fact>
    </div>
  );
}

function Fact(props: { name: string; value: string; children: string }): JSX.Element {
  return (
    <section>
      <h2>{props.name}</h2>
      <p class="number">{props.value}</p>
      <p class="quiet">{props.children}</p>
    </section>
  );
}

function Machine({ status }: { status: AgentStatus }): JSX.Element {
  const { disk, mqtt, now, timezone, relay } = status;
  const reached =
    relay.reachable === null
      ? 'not asked yet'
      : relay.reachable
        ? 'can be reached'
        : 'cannot be reached';
  return (
    <dl>
      <dt>Time</dt>
      <dd>
        {now.slice(0, 16).replace('T', ' ')} ({timezone})
      </dd>
      <dt>Head office</dt>
      <dd>{relay.address === null ? 'not connected' : reached}</dd>
      <dt>Disk</dt>
      <dd>
        {gibibytes(disk.freeBytes)} free
        {disk.daysLeft === null ? '' : `, enough for ${daysLeft(disk.daysLeft)}`}
      </dd>
      <dt>Till network</dt>
      <dd>{networkOf(mqtt)}</dd>
    </dl>
  );
}

function networkOf({ plain, tls, upstream }: AgentStatus['mqtt']): string {
  if (upstream) return "the shop's own broker";
  if (tls !== null) return plain === null ? 'encrypted' : 'encrypted (8883) and plain';
  return plain === null ? 'not running' : 'plain: keep it closed to others';
}

function daysLeft(days: number): string {
  return days > 3650 ? 'more than ten years' : `about ${days} days`;
}

function gibibytes(bytes: number): string {
  return bytes >= 1024 ** 3
    ? `${(bytes / 1024 ** 3).toFixed(1)} GiB`
    : `${Math.floor(bytes / 1024 ** 2)} MiB`;
}

function Todo({ status: { problems } }: { status: AgentStatus }): JSX.Element | null {
  const others = problems.slice(1);
  if (others.length === 0) return null;
  return (
    <section class="full" aria-labelledby="todo">
      <h2 id="todo">Also to look at</h2>
      <ul class="todo">
        {others.map(({ code, message, fix }) => (
          <li key={code}>
            <strong>{message}</strong> {fix}
          </li>
        ))}
      </ul>
    </section>
  );
}

function SetAside({ status: { quarantine, now } }: { status: AgentStatus }): JSX.Element | null {
  if (quarantine.length === 0) return null;
  return (
    <section class="full" aria-labelledby="aside">
      <h2 id="aside">Messages that could not be counted</h2>
      <ul>
        {quarantine.slice(-20).map(({ number, terminal, receivedAt, words }) => (
          <li key={number}>
            {terminal}, {whenOf(receivedAt, now)}: {words} (number {number})
          </li>
        ))}
      </ul>
    </section>
  );
}
