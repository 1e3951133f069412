/**
 * A picture of the days shown, drawn on the server: one bar per business date, from the bottom in
 * the books, on the way, waiting for somebody; beside it what still waits in the shops.
 */
import type { ListedDay } from '../day-list.ts';
import { Card, dateText, STATES } from '../parts/show.tsx';

interface ChartProps {
  days: readonly ListedDay[];
  /** Summaries that the shops have not delivered yet. */
  backlog: number;
}

interface Bar {
  date: string;
  done: number;
  underway: number;
  stuck: number;
}

const WIDTH = 960;
const HEIGHT = 120;
/** Beyond this many dates the bars would be thinner than a line. */
const BARS_MAX = 120;
/** A week must not look like a wall. */
const BAR_WIDTH_MAX = 40;
const PARTS = ['done', 'underway', 'stuck'] as const;
const NAMES = {
  done: 'in the books or not meant for them',
  underway: 'on the way',
  stuck: 'waiting for somebody',
};

export function DaysChart({ days, backlog }: ChartProps) {
  const bars = countByDate(days).slice(-BARS_MAX);
  const first = bars[0];
  const last = bars.at(-1);
  if (first === undefined || last === undefined || bars.length < 2) return null;
  const total = (part: (typeof PARTS)[number]) => bars.reduce((sum, bar) => sum + bar[part], 0);
  const told = PARTS.map(part => `${total(part)} ${NAMES[part]}`).join(', ');
  return (
    <Card title="At a glance">
      <svg
        class="chart"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Days from ${dateText(first.date)} to ${dateText(last.date)}: ${told}.`}
      >
        <Bars bars={bars} />
      </svg>
      <p class="chart-ends">
        <small>{dateText(first.date)}</small> <small>{dateText(last.date)}</small>
      </p>
      <ul class="legend">
        {PARTS.map(part => (
          <li>
            <svg class="chart key" viewBox="0 0 10 10" aria-hidden="true">
              <rect class={part} width="10" height="10" rx="2" />
            </svg>{' '}
            {total(part)} {NAMES[part]}
          </li>
        ))}
        <li>
          {backlog} {backlog === 1 ? 'summary' : 'summaries'} still in the shops
        </li>
      </ul>
    </Card>
  );
}

function Bars({ bars }: { bars: readonly Bar[] }) {
  const highest = Math.max(...bars.map(bar => bar.done + bar.underway + bar.stuck));
  const step = WIDTH / bars.length;
  return (
    <>
      {bars.map((bar, index) => {
        let top = HEIGHT;
        return PARTS.map(part => {
          const height = (bar[part] / highest) * HEIGHT;
          top -= height;
          if (height === 0) return null;
          const width = Math.min(step * 0.8, BAR_WIDTH_MAX);
          const at = { x: index * step + (step - width) / 2, y: top, width, height };
          return <rect class={part} {...rounded(at)} />;
        });
      })}
    </>
  );
}

function rounded(at: Record<'x' | 'y' | 'width' | 'height', number>) {
  const text = (value: number) => value.toFixed(1);
  return { x: text(at.x), y: text(at.y), width: text(at.width), height: text(at.height) };
}

/** Oldest first. */
function countByDate(days: readonly ListedDay[]): Bar[] {
  const bars = new Map<string, Bar>();
  for (const { day } of days) {
    const bar = bars.get(day.date) ?? { date: day.date, done: 0, underway: 0, stuck: 0 };
    bar[partOf(day.state)] += 1;
    bars.set(day.date, bar);
  }
  return [...bars.values()].sort((a, b) => (a.date < b.date ? -1 : 1));
}

function partOf(state: keyof typeof STATES): (typeof PARTS)[number] {
  if (STATES[state].tone === 'bad') return 'stuck';
  return state === 'reconciled' || state === 'not-posted' ? 'done' : 'underway';
}
