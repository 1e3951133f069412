/**
 * Deletes journals whose time has passed: the relay's receipt for the day's newest revision is held
 * and accepts it, nothing came in since, and the retention is over. Looks a few times a day; a full disk never hurries it.
 */
import { daysBetween } from '../../protocol/business-date.ts';
import type { Logger } from '../../protocol/host/log.ts';
import { type Loop, startLoop } from '../delivery/loop.ts';
import type { Shop } from '../intake.ts';
import { troubleOf } from '../trouble.ts';
import type { SignedDay, SignedDays } from './signed-days.ts';
import type { ShopCalendar } from './store-calendar.ts';

const LOOK_EVERY_MS = 6 * 3_600_000;

export interface RetentionParts {
  shop: Pick<Shop, 'journal' | 'dayBook' | 'forget'>;
  signed: Pick<SignedDays, 'newest'>;
  calendar: Pick<ShopCalendar, 'today' | 'clockVerdictOn'>;
  config: { retentionDays: number };
  log: Logger;
}

export function startRetention(parts: RetentionParts): Loop {
  return startLoop(async () => {
    for (const date of datesToForget(parts)) await forget(parts, date);
    return LOOK_EVERY_MS;
  }, parts.log);
}

/** One that cannot be deleted now is looked at again; it costs room, nothing else. */
async function forget({ log, shop }: RetentionParts, date: string): Promise<void> {
  await shop.forget(date).catch((thrown: unknown) => {
    const error = troubleOf(thrown, `deleting the journal of ${date}`);
    if (error === undefined) throw thrown;
    log.error({ date, error }, 'a journal could not be deleted, it will be tried again');
  });
}

/** Dates whose journal may go; none while the clock cannot be trusted. */
export function datesToForget({ shop, signed, calendar, config }: RetentionParts): string[] {
  if (!calendar.clockVerdictOn()) return [];
  const today = calendar.today();
  return shop.journal
    .dates()
    .filter(date => daysBetween(date, today) > config.retentionDays)
    .filter(date => isSettled(signed.newest(date), shop.dayBook.entries(date)));
}

/** What head office keeps aside, or has not got yet, is proven by the journal alone. */
function isSettled(day: SignedDay | undefined, entries: number): boolean {
  return day?.receipt?.verdict === 'accepted' && day.entries >= entries;
}
