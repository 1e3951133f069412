/**
 * `/metrics` for Prometheus. Names are part of what outsiders rely on; they all begin with
 * `tillbook_`, and no label carries a secret or an amount.
 */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Observe } from './observe.ts';
import type { AgentStatus } from './status.ts';

type Read = (status: AgentStatus) => number;

const GAUGES: readonly [name: string, help: string, read: Read][] = [
  ['tillbook_ready', '1 while sales can be stored', ({ ready }) => (ready ? 1 : 0)],
  [
    'tillbook_transactions_today',
    'Accepted messages of the business date',
    s => s.today.transactions,
  ],
  ['tillbook_duplicates_today', 'Messages sent again, counted once', s => s.today.duplicates],
  ['tillbook_quarantined', 'Messages set aside and not settled', s => s.quarantineCount],
  ['tillbook_damaged_today', 'Damaged records of the business date', s => s.today.damaged],
  ['tillbook_terminals_connected', 'Connected tills', s => connectedOf(s)],
  ['tillbook_terminals', 'Tills that are set up or have sold', s => s.terminals.length],
  ['tillbook_outbox_waiting', 'Signed summaries without a receipt', s => s.outbox.waiting],
  ['tillbook_outbox_oldest_seconds', 'Age of the oldest of them', s => s.outbox.oldestSeconds],
  ['tillbook_disk_free_bytes', 'Free space of the data folder', s => s.disk.freeBytes],
  ['tillbook_relay_reachable', '1 while the relay answers', s => (s.relay.reachable ? 1 : 0)],
  ['tillbook_clock_skew_seconds', "The relay's clock minus ours", s => s.relay.skewSeconds ?? 0],
  ['tillbook_clock_right', '1 while the clock is believed', s => clockOf(s)],
  ['tillbook_problems', 'Findings on the status page', s => s.problems.length],
];

export interface Metrics {
  contentType: string;
  text(): Promise<string>;
}

export function createMetrics(observe: Observe): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: 'tillbook_' });
  for (const [name, help, read] of GAUGES) {
    new Gauge({
      name,
      help,
      registers: [register],
      collect() {
        this.set(read(observe()));
      },
    });
  }
  return { contentType: register.contentType, text: () => register.metrics() };
}

function connectedOf({ terminals }: AgentStatus): number {
  return terminals.filter(({ connected }) => connected).length;
}

function clockOf({ clock }: AgentStatus): number {
  return clock.verdict === 'right' ? 1 : 0;
}
