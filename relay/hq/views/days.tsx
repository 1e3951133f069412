/** Every store-day with its state and, where one waits, the reason and the fix. */
import type { ComponentChildren } from 'preact';
import type { StoreRecord } from '../../db/records.ts';
import type { DayFilter, ListedDay } from '../day-list.ts';
import { type Choice, ChoiceField, TextField } from '../parts/fields.tsx';
import { Page, sentence } from '../parts/page.tsx';
import { Card, dateText, Money, STATES, StateBadge, Table } from '../parts/show.tsx';

interface DaysProps {
  days: ListedDay[];
  stores: StoreRecord[];
  filter: DayFilter;
  /** Counted from 1. */
  page: number;
  pages: number;
  total: number;
  /** Days of the filter that need somebody. */
  stuck: number;
  /** The address's query, for the CSV and the other pages. */
  query: string;
  chart: ComponentChildren;
}

export function DaysPage(props: DaysProps) {
  const { days, stores, filter, total, query } = props;
  return (
    <Page title="Days" lead={headline(props)}>
      <Card title="Show">
        <FilterForm stores={stores} filter={filter} />
      </Card>
      {props.chart}
      <Card title={`${total} ${total === 1 ? 'day' : 'days'}`}>
        <Table
          label="Days"
          columns={[
            { name: 'Day', tight: true },
            { name: 'Store' },
            { name: 'State' },
            { name: 'Sales', number: true },
            { name: 'In Xero', tight: true },
          ]}
          rows={days.map(listed => [
            <a href={`/days/${listed.store.id}/${listed.day.date}`}>
              {dateText(listed.day.date)}
              <span class="unseen"> of {listed.store.name}</span>
            </a>,
            listed.store.name,
            <StateCell listed={listed} />,
            <span>
              <Money amount={listed.day.gross} currency={listed.store.currency} />{' '}
              <small>{listed.store.currency}</small>
            </span>,
            listed.day.documents.join(', ') || '–',
          ])}
          empty="No day fits. A store’s first day arrives after its first day close."
        />
        <Pager {...props} />
        <p class="bar">
          <a href={`/days.csv?${query}`}>Download as CSV</a>
          <a href="/calendar">Calendar of all stores</a>
        </p>
      </Card>
    </Page>
  );
}

/** The worst state, in one sentence. */
function headline({ stuck, total }: DaysProps): string {
  if (total === 0) return 'No days yet.';
  if (stuck === 0) return 'Nothing waits for you.';
  return `${stuck} ${stuck === 1 ? 'day needs' : 'days need'} somebody: the reason says what to do.`;
}

function StateCell({ listed }: { listed: ListedDay }) {
  const { state, reasons } = listed.day;
  return (
    <>
      <StateBadge state={state} />
      {reasons.map(reason => (
        <span class="reason">
          {sentence(reason.message)} <span class="faint">{sentence(reason.fix)}</span>
        </span>
      ))}
      {reasons.length === 0 && STATES[state].tone === 'bad' ? (
        <span class="reason">{sentence(STATES[state].means)}</span>
      ) : null}
    </>
  );
}

const STATE_CHOICES: Choice[] = [
  { value: 'unfinished', label: 'Not finished' },
  ...Object.entries(STATES).map(([value, { word }]) => ({ value, label: word })),
];

function FilterForm({ stores, filter }: { stores: StoreRecord[]; filter: DayFilter }) {
  return (
    <form method="get" action="/days" class="filter-form">
      <ChoiceField
        name="store"
        label="Store"
        choices={stores.map(({ id, name }) => ({ value: id, label: name }))}
        value={filter.store}
        empty="All stores"
      />
      <ChoiceField
        name="state"
        label="State"
        choices={STATE_CHOICES}
        value={filter.state}
        empty="All states"
      />
      <TextField name="from" label="From" type="date" value={filter.from} />
      <TextField name="to" label="To" type="date" value={filter.to} />
      <button type="submit" class="plain">
        Show
      </button>
    </form>
  );
}

function Pager({ page, pages, query }: DaysProps) {
  if (pages < 2) return null;
  return (
    <p class="bar">
      {page > 1 ? <a href={`/days?${query}&page=${page - 1}`}>Newer</a> : null}
      <span>
        Page {page} of {pages}
      </span>
      {page < pages ? <a href={`/days?${query}&page=${page + 1}`}>Older</a> : null}
    </p>
  );
}
