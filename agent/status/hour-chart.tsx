/** Messages per hour as bars; the numbers stand above them, so that nothing depends on colour. */
import type { JSX } from 'preact';

const BAR = 26;
const STEP = 34;
const HEIGHT = 90;
const TOP = 16;
const HOURS_MAX = 26;

export function HourChart(props: {
  hours: readonly { hour: string; count: number }[];
}): JSX.Element {
  const hours = props.hours.slice(-HOURS_MAX);
  if (hours.length === 0) return <p class="quiet">No sale yet today.</p>;
  const most = Math.max(...hours.map(({ count }) => count));
  const width = hours.length * STEP;
  const label = hours.map(({ hour, count }) => `${hour}: ${count}`).join(', ');
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${Math.max(width, 6 * STEP)} ${TOP + HEIGHT + 16}`}
      role="img"
      aria-label={`Messages by the hour. ${label}`}
    >
      {hours.map(({ hour, count }, i) => {
        const height = Math.max(2, Math.round((count / most) * HEIGHT));
        const x = i * STEP + (STEP - BAR) / 2;
        return (
          <g key={`${hour} ${i}`}>
            <rect x={x} y={TOP + HEIGHT - height} width={BAR} height={height} rx="3" />
            <text x={x + BAR / 2} y={TOP + HEIGHT - height - 4}>
              {count}
            </text>
            <text class="quiet" x={x + BAR / 2} y={TOP + HEIGHT + 13}>
              {hour.slice(0, 2)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
