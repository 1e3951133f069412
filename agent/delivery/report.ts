/**
 * What the heartbeat tells head office: backlog, disk, problems, counts of what was set aside, every
 * name seen in the last days (so that it can be mapped before the close) and today so far. No
 * message's content.
 */
import type { Heartbeat } from '../../protocol/agent-relay.ts';
import type { DayParts } from '../../protocol/day-summary.ts';
import type { Shop } from '../intake.ts';
import type { AgentStatus } from '../status/status.ts';
import type { Report } from './heartbeat.ts';

/** Names are gathered over this many of the newest dates. */
const NAME_DAYS = 7;
const NAMES_MAX = 500;
const ROWS_MAX = 500;

export function reportOf(status: AgentStatus, shop: Shop): Report {
  const { businessDate, currency, disk, outbox, problems, version } = status;
  const { dayBook } = shop;
  const recent = dayBook
    .dates()
    .slice(-NAME_DAYS)
    .map(date => dayBook.snapshot(date).parts);
  const report: Report = {
    agentVersion: version,
    backlog: { waiting: outbox.waiting, oldestSeconds: outbox.oldestSeconds },
    disk: { freeBytes: Math.floor(disk.freeBytes), totalBytes: Math.floor(disk.totalBytes) },
    problems: problems.slice(0, ROWS_MAX).map(({ code, message, fix }) => ({
      code,
      message: message.slice(0, 1024),
      fix: fix.slice(0, 1024),
    })),
    quarantine: quarantineCounts(shop),
    names: namesOf(recent),
  };
  if (currency !== null) {
    report.today = { businessDate, currency, ...dayBook.snapshot(businessDate).parts };
  }
  return report;
}

function quarantineCounts({ quarantine }: Shop): Heartbeat['quarantine'] {
  const counts = new Map<string, { terminal: string; code: string; count: number }>();
  for (const { terminal, code } of quarantine.list()) {
    const key = `${terminal} ${code}`;
    const row = counts.get(key) ?? { terminal, code, count: 0 };
    counts.set(key, { ...row, count: row.count + 1 });
  }
  return [...counts.values()].slice(0, ROWS_MAX);
}

function namesOf(days: readonly DayParts[]): Heartbeat['names'] {
  const sales = days.flatMap(day => day.sales);
  return {
    categories: unique(sales.map(({ category }) => category)),
    taxCodes: unique(sales.map(({ taxCode }) => taxCode)),
    tenders: unique(days.flatMap(day => day.tenders.map(({ method }) => method))),
    kinds: unique(sales.map(({ kind }) => kind)),
    cashReasons: unique(days.flatMap(day => day.cash.map(({ reason }) => reason))),
  };
}

function unique(names: readonly (string | undefined)[]): string[] {
  const known = names.filter(name => name !== undefined);
  return [...new Set(known)].sort().slice(0, NAMES_MAX);
}
