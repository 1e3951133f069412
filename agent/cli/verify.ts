/**
 * `verify`: walks the journal's chains, the chain of signed summaries, their signatures and the
 * relay's receipts, recomputes the totals of every closed day, and says where anything breaks.
 */
import { daysBetween } from '../../protocol/business-date.ts';
import type { DaySummary } from '../../protocol/day-summary.ts';
import { DayTotals } from '../../protocol/day-totals.ts';
import { messageOf } from '../../protocol/errors.ts';
import { keyIdOf, verifyJws } from '../../protocol/signing.ts';
import { countText } from '../../protocol/words.ts';
import type { SignedDay } from '../day/signed-days.ts';
import { readReceipt } from '../delivery/receipts.ts';
import { checkDate } from './close.ts';
import { command } from './command.ts';
import type { Core } from './core.ts';

interface Verified {
  days: {
    date: string;
    entries: number;
    summaries: number;
    receipts: number;
    ok: boolean;
    note?: string;
  }[];
  broken: { date: string; where: string; message: string }[];
}

export const verifyCommand = command<Verified>({
  name: 'verify',
  usage: '[DATE] [LAST-DATE] [--json]',
  summary: 'Checks chains, signatures, receipts and totals of all days, one day, or a range.',
  positionals: [0, 2],
  async work(core, { positionals }) {
    for (const date of positionals) checkDate(date);
    const [first = '0000-01-01', last = positionals[0] ?? '9999-12-31'] = positionals;
    const dates = new Set(core.shop.journal.dates());
    for (const { date } of core.signed.all()) dates.add(date);
    const result: Verified = { days: [], broken: [] };
    for (const date of [...dates].sort()) {
      if (date >= first && date <= last) await verifyDay(core, date, result);
    }
    return result;
  },
  print({ days, broken }) {
    const notes = days.flatMap(({ date, note }) => (note === undefined ? [] : `${date}: ${note}`));
    const faults = broken.map(({ date, where, message }) => `${date} ${where}: ${message}`);
    const lines = [...notes, ...faults];
    const entries = days.reduce((sum, day) => sum + day.entries, 0);
    const summaries = days.reduce((sum, day) => sum + day.summaries, 0);
    const counted = [
      countText(days.length, 'day'),
      countText(entries, 'message'),
      countText(summaries, 'summary', 'summaries'),
    ].join(', ');
    return [
      ...lines,
      broken.length === 0
        ? `All intact: ${counted}.`
        : `${broken.length} broken; looked at ${counted}.`,
    ].join('\n');
  },
  found: ({ broken }) => broken.length > 0,
});

async function verifyDay(core: Core, date: string, result: Verified): Promise<void> {
  const before = result.broken.length;
  const fault = (where: string, message: string) => result.broken.push({ date, where, message });
  const chain = await core.shop.journal.verify(date);
  const { broken } = chain;
  if (broken !== undefined) {
    fault(
      `journal/${date}.ndjson`,
      `line ${broken.line} (byte ${broken.offset}): ${broken.message}`,
    );
  }
  const days = core.signed.all().filter(day => day.date === date);
  let receipts = 0;
  for (const day of days) {
    const name = `${date}.${day.revision}.jws`;
    await verifySummary(core, day).catch((error: unknown) =>
      fault(`summaries/${name}`, messageOf(error)),
    );
    if (day.receipt !== undefined) receipts += 1;
    await verifyReceipt(core, day).catch((error: unknown) =>
      fault(`receipts/${name}`, messageOf(error)),
    );
  }
  const newest = core.signed.newest(date);
  const deleted = isDeleted(core, date);
  if (newest !== undefined && !deleted) {
    const differs = await compareTotals(core, newest);
    if (differs !== undefined) fault(`summaries/${date}.${newest.revision}.jws`, differs);
  }
  const ok = result.broken.length === before;
  const note = deleted ? { note: 'journal deleted after retention' } : {};
  result.days.push({ date, entries: chain.entries, summaries: days.length, receipts, ok, ...note });
}

/**
 * The journal is gone as it may be: its receipt is held, its time has passed, and what it held is
 * still counted. A journal that went in another way is broken.
 */
function isDeleted({ calendar, config, shop, signed }: Core, date: string): boolean {
  if (shop.journal.dates().includes(date)) return false;
  const { receipt, entries } = signed.newest(date) ?? {};
  const old = daysBetween(date, calendar.today()) > config.retentionDays;
  return old && receipt !== undefined && shop.dayBook.entries(date) >= (entries ?? 0);
}

async function verifySummary({ key, signed, state }: Core, day: SignedDay): Promise<void> {
  const compact = await signed.compact(day);
  const { anchors = [], formerKeys = [], last, publicKey } = state.data.enrolment ?? {};
  const jwks = [...[key()?.publicJwk, publicKey].filter(jwk => jwk !== undefined), ...formerKeys];
  const keys = new Map(
    await Promise.all(jwks.map(async jwk => [await keyIdOf(jwk), jwk] as const)),
  );
  await verifyJws(compact, 'tillbook-day+jws', kid => keys.get(kid));
  const { previous } = await signed.summary(day);
  const ends = [...signed.all(), ...anchors, ...(last === undefined ? [] : [last])];
  const before = ends.filter(({ number }) => number === day.number - 1);
  const follows =
    before.length === 0 ? previous === '' : before.some(end => end.digest === previous);
  if (!follows) throw new Error(`number ${day.number} does not follow the one before it`);
}

async function verifyReceipt({ signed, state }: Core, day: SignedDay): Promise<void> {
  const { enrolment } = state.data;
  const receipt = await signed.receiptText(day);
  if (receipt === undefined || enrolment === undefined) return;
  await readReceipt(receipt, day, enrolment);
}

/** The first entries of the journal, as many as were signed, give the signed totals. */
async function compareTotals({ shop, signed }: Core, day: SignedDay): Promise<string | undefined> {
  const summary = await signed.summary(day);
  const totals = new DayTotals();
  for await (const { terminal, transaction, target } of shop.journal.entries(day.date)) {
    if (totals.entries === day.entries) break;
    totals.add(terminal, transaction, target);
  }
  return sameMoney(summary, totals) ? undefined : 'the journal gives other totals than were signed';
}

function sameMoney(summary: DaySummary, totals: DayTotals): boolean {
  const { counts, sales, tenders, rounding, cash, overShort } = summary;
  const signed = { counts, sales, tenders, rounding, cash, overShort };
  return canonical(signed) === canonical(totals.parts());
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
