/** The way of each day, newest first: open, closing, closed, delivered, posted, reconciled. */
import type { DayProgress } from '../../protocol/agent-relay.ts';
import type { DayClose } from '../day/day-close.ts';
import type { SignedDay, SignedDays } from '../day/signed-days.ts';
import type { Shop } from '../intake.ts';
import type { StateFile } from '../state.ts';
import type { DayState, DayStatus } from './status.ts';

const DAYS_SHOWN_MAX = 31;

interface DaySources {
  shop: Shop;
  signed: SignedDays;
  dayClose: DayClose;
  state: StateFile;
}

export function dayStatuses(parts: DaySources, today: string): DayStatus[] {
  const { dayClose, shop, signed, state } = parts;
  const closing = new Set(dayClose.waiting());
  const dates = new Set([today, ...closing, ...shop.dayBook.dates()]);
  for (const { date } of signed.all()) dates.add(date);
  const progress = new Map(state.data.days.map(day => [day.date, day]));
  return [...dates]
    .sort()
    .reverse()
    .slice(0, DAYS_SHOWN_MAX)
    .map(date => {
      const day = signed.newest(date);
      const transactions = Math.max(shop.dayBook.entries(date), day?.entries ?? 0);
      if (day === undefined) return openDay(date, transactions, closing.has(date));
      return signedDay(day, transactions, progress.get(date));
    });
}

function openDay(date: string, transactions: number, closing: boolean): DayStatus {
  return { date, revision: 0, state: closing ? 'closing' : 'open', transactions, late: 0 };
}

function signedDay(
  day: SignedDay,
  transactions: number,
  progress: DayProgress | undefined,
): DayStatus {
  const { date, revision, receipt } = day;
  const state = stateOf(day, progress);
  const late = transactions - day.entries;
  const status: DayStatus = { date, revision, state, transactions, late };
  if (receipt?.verdict === 'kept-aside') status.keptAside = receipt.reason ?? 'no reason given';
  if (progress !== undefined) {
    const { state: relayState, reason, documents } = progress;
    status.xero = { state: relayState, ...(reason === undefined ? {} : { reason }), documents };
  }
  return status;
}

/** The relay's word counts only for the revision it speaks of. */
function stateOf({ receipt, revision }: SignedDay, progress: DayProgress | undefined): DayState {
  if (receipt === undefined) return 'closed';
  if (progress === undefined || progress.revision < revision) return 'delivered';
  return progress.state === 'posted' || progress.state === 'reconciled'
    ? progress.state
    : 'delivered';
}
