/** `status`: the status object, as a page for a terminal or as JSON. */
import { countText } from '../../protocol/words.ts';
import type { AgentStatus } from '../status/status.ts';
import { DAY_WORDS, waitWords } from '../status/words.ts';
import { command, table } from './command.ts';

export const statusCommand = command<AgentStatus>({
  name: 'status',
  usage: '[--json]',
  summary: 'Shows how the shop is: sales, tills, days, head office, disk, and what to do.',
  work: async core => core.observe(),
  workAlone: async core => notRunning(core.observe()),
  print: describe,
  found: ({ headline }) => headline.level === 'bad',
});

/** What the files say; but no till can reach an agent that does not run. */
function notRunning(status: AgentStatus): AgentStatus {
  const headline = {
    code: 'not-running',
    level: 'bad' as const,
    message: 'Sales are NOT being saved: the agent is not running.',
    fix: 'Start it (tillbook-agent run, or its service). The tills keep their sales and send them later.',
  };
  return { ...status, ready: false, headline, problems: [headline, ...status.problems] };
}

function describe(status: AgentStatus): string {
  const { headline, problems, terminals, days } = status;
  const others = problems.slice(1).map(({ message, fix }) => `- ${message} ${fix}`);
  const parts = [
    [headline.message, headline.fix].filter(Boolean).join('\n'),
    others.join('\n'),
    facts(status),
    terminals.length === 0 ? '' : tills(status),
    table([
      ['DAY', 'REVISION', 'STATE', 'MESSAGES', 'XERO'],
      ...days.map(({ date, revision, state, transactions, xero }) => [
        date,
        revision === 0 ? '-' : String(revision),
        DAY_WORDS[state],
        String(transactions),
        xeroText(xero),
      ]),
    ]),
  ];
  return parts.filter(Boolean).join('\n\n');
}

function xeroText(xero: AgentStatus['days'][number]['xero']): string {
  const why = xero?.reason === undefined ? [] : [waitWords(xero.reason)];
  return [...(xero?.documents ?? []), ...why].join(' ');
}

function facts({ store, today, outbox, disk, mqtt, now, timezone, relay }: AgentStatus): string {
  return table([
    ['store', store?.name ?? 'not enrolled'],
    ['time', `${now} ${timezone}`],
    [
      'today',
      `${countText(today.transactions, 'message')}, ${today.duplicates} repeated, ${today.quarantined} set aside`,
    ],
    ['to send', countText(outbox.waiting, 'day')],
    [
      'relay',
      relay.address === null
        ? '-'
        : `${relay.address}${relay.reachable === false ? ' (cannot be reached)' : ''}`,
    ],
    ['disk', `${Math.floor(disk.freeBytes / 1024 ** 2)} MiB free`],
    ['tills at', [mqtt.plain, mqtt.tls].filter(Boolean).join('  ') || '-'],
  ]);
}

function tills({ terminals }: AgentStatus): string {
  return table([
    ['TILL', 'CONNECTED', 'TODAY', 'LAST SALE', 'MISSING'],
    ...terminals.map(({ id, connected, transactions, lastSaleAt, missing }) => [
      id,
      connected ? 'yes' : 'no',
      String(transactions),
      lastSaleAt ?? '-',
      missing.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', '),
    ]),
  ]);
}
