/**
 * The outbox: signed summaries without the relay's receipt, by number. It is no list of its own but
 * what the files say, so nothing can be in one and not in the other.
 */
import type { SignedDay, SignedDays } from '../day/signed-days.ts';

export interface Outbox {
  /** The next to deliver: always the lowest number, so that days arrive in order. */
  next(): SignedDay | undefined;
  waiting(): SignedDay[];
  /** Age of the oldest that waits, whole seconds; 0 when none does. */
  oldestSeconds(nowMs: number): number;
  /**
   * The relay's chain ends at `number` (it was restored from a backup): everything it confirmed
   * after that is sent once more.
   * @param confirmed highest number whose receipt was held before the relay was asked
   * @returns how many will be sent again
   */
  sendAgainAfter(number: number, confirmed: number): Promise<number>;
  /** Highest number with a receipt; 0 when there is none. */
  confirmed(): number;
  /** Digest of the summary with this number; undefined when this machine has none. */
  digestOf(number: number): string | undefined;
}

export function openOutbox(signed: SignedDays): Outbox {
  const waiting = () => signed.all().filter(({ receipt }) => receipt === undefined);
  return {
    waiting,
    next: () => waiting()[0],
    confirmed: () => signed.all().findLast(({ receipt }) => receipt !== undefined)?.number ?? 0,
    digestOf: number => signed.all().find(day => day.number === number)?.digest,
    oldestSeconds(nowMs) {
      const [oldest] = waiting();
      if (oldest === undefined) return 0;
      return Math.max(0, Math.floor((nowMs - Date.parse(oldest.closedAt)) / 1000));
    },
    async sendAgainAfter(number, confirmed) {
      const after = signed.all().filter(day => day.number > number && day.receipt !== undefined);
      const lost = after.some(day => day.number <= confirmed && isAccepted(day));
      if (!lost) return 0;
      for (const day of after) await signed.dropReceipt(day);
      return after.length;
    },
  };
}

/** What was kept aside may well be missing from the relay's chain. */
function isAccepted({ receipt }: SignedDay): boolean {
  return receipt?.verdict === 'accepted';
}
