/**
 * Deletes journals whose time has passed: the relay's receipt for the day's newest revision is held
 * and the retention is over. Looks a few times a day; a full disk never hurries it.
 */
import { daysBetween } from '../../protocol/business-date.ts';
import type { Logger } from '../../protocol/host/log.ts';
import { type Loop, startLoop } from '../delivery/loop.ts';
import type { Shop } from '../intake.ts';
import type { SignedDays } from './signed-days.ts';
import type { ShopCalendar } from './store-calendar.ts';

const LOOK_EVERY_MS = 6 * 3_600_000;

export interface RetentionParts {
  shop: Pick<Shop, 'journal' | 'forget'>;
  signed: Pick<SignedDays, 'newest'>;
  calendar: Pick<ShopCalendar, 'today' | 'clockVerdictOn'>;
  config: { retentionDays: number };
  log: Logger;
}

export function startRetention(parts: RetentionParts): Loop {
  return startLoop(async () => {
    for (const date of datesToForget(parts)) await parts.shop.forget(date);
    return LOOK_EVERY_MS;
  }, parts.log);
}

/** Dates whose journal may go; none while the clock cannot be trusted. */
export function datesToForget({ shop, signed, calendar, config }: RetentionParts): string[] {
  if (!calendar.clockVerdictOn()) return [];
  const today = calendar.today();
  return shop.journal
    .dates()
    .filter(date => daysBetween(date, today) > config.retentionDays)
    .filter(date => signed.newest(date)?.receipt !== undefined);
}
