/**
 * The day close. Whatever the clock did, every day that is due is closed once, in order: its totals
 * become a signed summary in a file, and only then is it told to anybody. The timer merely wakes
 * `check`, which looks at what is due; so a timer that is slept through costs a minute at most.
 */
import { addDays, formatInstant } from '../../protocol/business-date.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import { type SigningKey, signJws } from '../../protocol/signing.ts';
import type { Clock } from '../clock.ts';
import type { EnrolmentState, StateFile } from '../state.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { DayBook, DaySnapshot } from './day-book.ts';
import { carryOutRejoin } from './rejoin.ts';
import { isQuiet, type RevisionWatch, watchForRevisions } from './revisions.ts';
import type { SignedDay, SignedDays } from './signed-days.ts';
import type { ShopCalendar } from './store-calendar.ts';
import { buildSummary } from './summary.ts';

/** What was published just before the cut-over may still be on its way to the disk. */
const SETTLE_MS = 2_000;
/** Days without sales are closed one by one; more than this in one check would hold up the rest. */
const CLOSES_PER_CHECK_MAX = 400;

export interface DayCloseParts {
  clock: Clock;
  watch: ClockWatch;
  state: StateFile;
  calendar: ShopCalendar;
  dayBook: DayBook;
  signed: SignedDays;
  /** This machine's key; undefined before enrolment. */
  key: () => SigningKey | undefined;
  isConnected: (terminal: string) => boolean;
  /** The totals of a revision, built on what was signed before. */
  revise: (before: SignedDay, now: DaySnapshot) => Promise<DaySnapshot>;
  onClosed: (day: SignedDay) => void;
  closeGraceMs: number;
  lateGraceMs: number;
  log: Logger;
}

export interface DayClose {
  /** Closes what is due and revises what changed. */
  check(): Promise<void>;
  /**
   * Closes a date (default: today) at once, after all earlier ones.
   * @throws AppError when the date cannot be closed
   */
  closeByHand(date?: string): Promise<SignedDay>;
  /** Does something while no day is being closed, then makes the summaries follow the relay's chain. */
  enrol<Result>(adopt: () => Promise<Result>): Promise<Result>;
  /** Dates that are over but still wait for a terminal or the grace. */
  waiting(): string[];
}

export function openDayClose(parts: DayCloseParts): DayClose {
  return new OrderedDayClose(parts);
}

class OrderedDayClose implements DayClose {
  readonly #parts: DayCloseParts;
  readonly #revisions: RevisionWatch;
  /** One close at a time: number and digest of the one before are needed. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: DayCloseParts) {
    this.#parts = parts;
    this.#revisions = watchForRevisions(parts);
  }

  check(): Promise<void> {
    return this.#inOrder(async () => {
      const { calendar, watch } = this.#parts;
      const verdict = await watch.check();
      if (verdict !== 'right' || this.#enrolment() === undefined) return;
      await this.#rejoin();
      for (const date of this.#dueDates().slice(0, CLOSES_PER_CHECK_MAX)) {
        if (this.#mustWait(date)) break;
        await this.#close(date);
      }
      const revised = this.#revisions.due().filter(({ date }) => calendar.acceptsDate(date));
      for (const day of revised) await this.#revise(day);
    });
  }

  closeByHand(date?: string): Promise<SignedDay> {
    return this.#inOrder(async () => {
      const { calendar, signed, watch } = this.#parts;
      if (this.#enrolment() === undefined) throw notEnrolled();
      if ((await watch.check()) !== 'right') throw clockInDoubt();
      await this.#rejoin();
      const wanted = date ?? calendar.today();
      this.#refuseOtherDates(wanted);
      for (const due of this.#dueDates()) if (due < wanted) await this.#close(due);
      const before = signed.newest(wanted);
      if (before === undefined) return await this.#close(wanted);
      return this.#revisions.changed(before) ? await this.#revise(before) : before;
    });
  }

  enrol<Result>(adopt: () => Promise<Result>): Promise<Result> {
    return this.#inOrder(async () => {
      const result = await adopt();
      await this.#rejoin();
      return result;
    });
  }

  waiting(): string[] {
    if (this.#enrolment() === undefined || this.#parts.watch.verdict() !== 'right') return [];
    return this.#dueDates();
  }

  /** Dates that are over and not closed, oldest first. */
  #dueDates(): string[] {
    const { calendar, clock, dayBook } = this.#parts;
    const firstDay = this.#enrolment()?.firstDay ?? '';
    const open = this.#isOpen.bind(this);
    const now = calendar.businessDateOf(clock.nowMs() - SETTLE_MS);
    const early = dayBook.dates().filter(date => date < firstDay && date < now && open(date));
    // They come in late by nature: they are gathered first.
    const dates = early.filter(date => isQuiet(this.#parts, date));
    for (let date = firstDay; date < now; date = addDays(date, 1)) if (open(date)) dates.push(date);
    return dates;
  }

  /** Not closed here, nor by the machine before this one. */
  #isOpen(date: string): boolean {
    const { calendar, signed } = this.#parts;
    return signed.newest(date) === undefined && calendar.acceptsDate(date);
  }

  #mustWait(date: string): boolean {
    const { calendar, clock, closeGraceMs, dayBook, isConnected } = this.#parts;
    const sinceMs = clock.nowMs() - calendar.startOf(addDays(date, 1));
    if (sinceMs >= closeGraceMs) return false;
    const { terminals } = dayBook.snapshot(date).parts;
    return terminals.some(({ terminal, missing }) => missing.length > 0 || !isConnected(terminal));
  }

  #refuseOtherDates(date: string): void {
    const { calendar, dayBook, signed } = this.#parts;
    if (date > calendar.today()) {
      throw new AppError('bad-input', `${date} has not begun: today is ${calendar.today()}`, {
        hint: 'name today or an earlier date',
      });
    }
    if (!calendar.acceptsDate(date)) {
      throw new AppError('conflict', `${date} was closed by the machine before this one`, {
        hint: 'head office has its summary already',
      });
    }
    const firstDay = this.#enrolment()?.firstDay ?? '';
    if (date < firstDay && dayBook.entries(date) === 0 && signed.newest(date) === undefined) {
      throw new AppError('not-found', `${date} is before this store's first day, ${firstDay}`);
    }
  }

  async #close(date: string): Promise<SignedDay> {
    const snapshot = this.#parts.dayBook.snapshot(date);
    const day = await this.#sign(snapshot, 1);
    const { entries, revision, number } = day;
    this.#parts.log.info({ event: 'closed', date, revision, number, entries }, 'day closed');
    return day;
  }

  async #revise(before: SignedDay): Promise<SignedDay> {
    const { dayBook, log, revise } = this.#parts;
    const snapshot = await revise(before, dayBook.snapshot(before.date));
    const day = await this.#sign(snapshot, before.revision + 1);
    const { date, entries, revision, number } = day;
    this.#revisions.made(date);
    log.info({ event: 'revised', date, revision, number, entries }, 'day revised');
    return day;
  }

  async #sign(snapshot: DaySnapshot, revision: number): Promise<SignedDay> {
    const { calendar, clock, signed, state } = this.#parts;
    const enrolment = this.#enrolment();
    const key = this.#parts.key();
    if (enrolment === undefined || key === undefined) throw notEnrolled();
    const { timezone } = calendar.ruleOf(snapshot.date);
    const own = signed.last();
    // A machine set back to a backup has older summaries than the relay.
    const before = own !== undefined && own.number > enrolment.last.number ? own : enrolment.last;
    const summary = buildSummary({
      ...snapshot,
      storeId: enrolment.storeId,
      businessDate: snapshot.date,
      revision,
      number: before.number + 1,
      timezone,
      currency: snapshot.currency ?? state.data.currency ?? '',
      closedAt: formatInstant(clock.nowMs(), timezone),
      previous: before.digest,
    });
    const compact = await signJws(summary, 'tillbook-day+jws', key);
    const day = await signed.add(summary, compact);
    this.#parts.onClosed(day);
    return day;
  }

  /** Before anything is closed: the chain must end where the next summary goes on. */
  async #rejoin(): Promise<void> {
    const { log, signed, state } = this.#parts;
    const rejoin = this.#enrolment()?.rejoin;
    const key = this.#parts.key();
    if (rejoin === undefined || key === undefined) return;
    const { again, aside } = await carryOutRejoin(signed, rejoin, key);
    await state.change(({ enrolment }) => {
      delete enrolment?.rejoin;
    });
    const names = (days: readonly SignedDay[]) =>
      days.map(({ date, revision }) => `${date}.${revision}`);
    const fields = { event: 'rejoined', again: names(again), aside: names(aside) };
    if (aside.length > 0) log.error(fields, 'head office has other summaries of some days');
    else log.info(fields, "the summaries follow the relay's chain");
  }

  #enrolment(): EnrolmentState | undefined {
    return this.#parts.state.data.enrolment;
  }

  #inOrder<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work);
    // The next one must not fail for this one: its own caller has been told.
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function notEnrolled(): AppError {
  return new AppError('conflict', 'this shop is not enrolled yet, so nothing is closed', {
    hint: 'run: tillbook-agent enrol --relay URL --code CODE (head office gives both)',
  });
}

function clockInDoubt(): AppError {
  return new AppError('conflict', "this machine's clock cannot be believed, so nothing is closed", {
    hint: 'set the clock; if it is right, run: tillbook-agent clock confirm',
  });
}
