/**
 * One month of all stores: a row each, a sign per day that differs in shape and not only in colour.
 * Stores where something waits for somebody come first, so that 200 rows stay readable.
 */
import type { DayState, StoreRecord } from '../../db/records.ts';
import { Page } from '../parts/page.tsx';
import { Card, STATES } from '../parts/show.tsx';

export interface CalendarRow {
  store: StoreRecord;
  /** State by date; `open` for the day that the store is in. */
  days: ReadonlyMap<string, DayState | 'open'>;
  /** Days that need somebody. */
  stuck: number;
}

interface CalendarProps {
  /** `YYYY-MM`. */
  month: string;
  earlier: string;
  later: string | undefined;
  dates: string[];
  rows: CalendarRow[];
  /** Only stores with something to do are shown. */
  onlyStuck: boolean;
  hidden: number;
}

const SIGNS: Record<DayState | 'open', string> = {
  reconciled: '✓',
  posted: '↑',
  posting: '↑',
  received: '•',
  drafted: 'D',
  waiting: '!',
  missing: '?',
  'kept-aside': '✕',
  'not-posted': '–',
  open: '○',
};

export function CalendarPage(props: CalendarProps) {
  const { rows, month, hidden, onlyStuck } = props;
  const stuck = rows.filter(row => row.stuck > 0).length;
  return (
    <Page
      title={`Calendar of ${monthText(month)}`}
      lead={
        stuck === 0
          ? 'Nothing waits for you.'
          : `${stuck} ${stuck === 1 ? 'store has' : 'stores have'} days that need somebody.`
      }
    >
      <Card title="Stores and days">
        <MonthBar {...props} />
        {rows.length === 0 ? (
          <p class="faint">{onlyStuck ? 'No store needs somebody.' : 'There is no store yet.'}</p>
        ) : (
          <MonthTable {...props} />
        )}
        {hidden === 0 ? null : (
          <p>
            {hidden} {hidden === 1 ? 'store is' : 'stores are'} not shown: nothing waits there.
          </p>
        )}
        <Legend />
      </Card>
    </Page>
  );
}

function MonthBar({ month, earlier, later, onlyStuck }: CalendarProps) {
  const only = onlyStuck ? '&only=stuck' : '';
  return (
    <p class="bar">
      <a href={`/calendar?month=${earlier}${only}`}>← {monthText(earlier)}</a>
      {later === undefined ? null : (
        <a href={`/calendar?month=${later}${only}`}>{monthText(later)} →</a>
      )}
      <a href={`/calendar?month=${month}${onlyStuck ? '' : '&only=stuck'}`}>
        {onlyStuck ? 'Show all stores' : 'Show only stores that need somebody'}
      </a>
    </p>
  );
}

function MonthTable({ dates, rows, month }: CalendarProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keys
    <section class="scroll" tabIndex={0} aria-label={`Days of ${monthText(month)}`}>
      <table class="calendar">
        <thead>
          <tr>
            <th scope="col">Store</th>
            {dates.map(date => (
              <th scope="col">{Number(date.slice(8))}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ store, days }) => (
            <tr>
              <th scope="row">
                <a href={`/days?store=${store.id}`} title={store.name}>
                  {store.name}
                </a>
              </th>
              {dates.map(date => (
                <td>
                  <Day store={store.id} date={date} state={days.get(date)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface DayProps {
  store: string;
  date: string;
  state: DayState | 'open' | undefined;
}

function Day({ store, date, state }: DayProps) {
  if (state === undefined) return null;
  const sign = SIGNS[state];
  if (state === 'open') return <span class="day open">{sign}</span>;
  const { word, tone } = STATES[state];
  return (
    <a class={`day ${tone}`} href={`/days/${store}/${date}`} aria-label={word} title={word}>
      {sign}
    </a>
  );
}

function Legend() {
  const states = Object.keys(STATES) as DayState[];
  return (
    <ul class="legend">
      {states
        .filter(state => state !== 'posted')
        .map(state => (
          <li>
            <span class={`day ${STATES[state].tone}`}>{SIGNS[state]}</span>{' '}
            {state === 'posting' ? 'Posting or posted' : STATES[state].word}
          </li>
        ))}
      <li>
        <span class="day">{SIGNS.open}</span> Open today
      </li>
    </ul>
  );
}

function monthText(month: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: 'UTC',
    month: 'long',
    year: 'numeric',
  }).format(new Date(`${month}-01T00:00:00Z`));
}
