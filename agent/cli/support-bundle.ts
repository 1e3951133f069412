/**
 * `support-bundle`: what somebody who helps from afar needs, as one JSON text: no secret, no amount,
 * no message. What is in it is listed here by name, so nothing gets in by accident.
 */
import { arch, platform, release } from 'node:os';
import { SETTINGS } from '../config.ts';
import { command } from './command.ts';
import type { Core } from './core.ts';

export const supportBundleCommand = command({
  name: 'support-bundle',
  usage: '> FILE.json',
  summary: 'Prints what support needs to help, without secrets and without amounts.',
  work: async core => ({
    madeAt: new Date(core.clock.nowMs()).toISOString(),
    agent: core.version,
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    settings: settingsOf(core),
    status: statusOf(core),
    calendar: core.state.data.calendar,
    delivery: core.state.data.delivery,
    heartbeat: core.state.data.heartbeat,
    clock: core.state.data.clock,
    journal: core.shop.journal.dates().map(date => ({
      date,
      entries: core.shop.dayBook.entries(date),
    })),
    summaries: core.signed.all().map(({ date, revision, number, digest, entries, receipt }) => ({
      date,
      revision,
      number,
      digest,
      entries,
      verdict: receipt?.verdict ?? 'no receipt',
    })),
  }),
  print: bundle => JSON.stringify(bundle, null, 2),
});

function settingsOf({ config }: Core): Record<string, unknown> {
  const values: Record<string, unknown> = { ...config };
  return Object.fromEntries(
    Object.entries(SETTINGS).map(([key, setting]) => [
      setting.name,
      'secret' in setting && values[key] !== undefined ? '(set)' : (values[key] ?? null),
    ]),
  );
}

function statusOf(core: Core): unknown {
  const { today, ...status } = core.observe();
  const { totals: _amounts, ...counts } = today;
  return { ...status, today: counts };
}
