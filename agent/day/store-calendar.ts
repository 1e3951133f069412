/**
 * The store's calendar and currency as the agent knows them: by the environment until enrolment,
 * by head office afterwards. A new cut-over or zone starts with the next date not yet open, so no
 * sale that is on disk ever changes its day.
 */
import { addDays, type Calendar } from '../../protocol/business-date.ts';
import type { Clock } from '../clock.ts';
import type { StoreCalendar } from '../intake/ports.ts';
import type { CalendarRule, StateFile } from '../state.ts';
import { dateAt, ruleOf, startOf, withRule } from './calendar-rules.ts';
import type { SignedDays } from './signed-days.ts';

export interface ShopCalendar extends StoreCalendar {
  /** The rule under which a date trades. */
  ruleOf(date: string): Calendar;
  /** The instant (ms) at which the date begins. */
  startOf(date: string): number;
  /** Takes over zone and cut-over, from the next date that is not yet open on. */
  adopt(next: Calendar): Promise<void>;
}

export interface CalendarParts {
  clock: Clock;
  state: StateFile;
  signed: SignedDays;
  /** Used before enrolment. */
  timezone: string;
  currency: string | undefined;
  /** Business dates that hold sales already; asked only when zone or cut-over change. */
  openDates: () => readonly string[];
  clockRight: () => boolean;
}

/** Midnight, until head office says otherwise. */
const FIRST_CUT_OVER = '00:00';

export async function openCalendar(parts: CalendarParts): Promise<ShopCalendar> {
  const calendar = new StatefulCalendar(parts);
  const { state, timezone } = parts;
  if (state.data.calendar.length === 0) await calendar.start({ timezone, cutOver: FIRST_CUT_OVER });
  return calendar;
}

class StatefulCalendar implements ShopCalendar {
  readonly #parts: CalendarParts;
  /** The day that was asked for last: a shop asks for the same one all day. */
  #last:
    | { rules: readonly CalendarRule[]; date: string; startMs: number; endMs: number }
    | undefined;

  constructor(parts: CalendarParts) {
    this.#parts = parts;
  }

  async start(rule: Calendar): Promise<void> {
    await this.#parts.state.change(state => {
      state.calendar = withRule([], rule, undefined);
    });
  }

  businessDateOf(instantMs: number): string {
    const rules = this.#parts.state.data.calendar;
    const last = this.#last;
    if (last?.rules === rules && last.startMs <= instantMs && instantMs < last.endMs)
      return last.date;
    const date = dateAt(instantMs, rules);
    const [startMs, endMs] = [startOf(date, rules), startOf(addDays(date, 1), rules)];
    this.#last = { rules, date, startMs, endMs };
    return date;
  }

  today(): string {
    return this.businessDateOf(this.#parts.clock.nowMs());
  }

  ruleOf(date: string): Calendar {
    return ruleOf(date, this.#parts.state.data.calendar);
  }

  startOf(date: string): number {
    return startOf(date, this.#parts.state.data.calendar);
  }

  currency(): string | undefined {
    return this.#parts.state.data.currency ?? this.#parts.currency;
  }

  async fixCurrency(currency: string): Promise<void> {
    if (this.#parts.state.data.currency === currency) return;
    await this.#parts.state.change(state => {
      state.currency = currency;
    });
  }

  clockVerdictOn(): boolean {
    return this.#parts.clockRight();
  }

  isClosed(date: string): boolean {
    return this.#parts.signed.newest(date) !== undefined;
  }

  /** A date that another machine closed, or closed after this one did, cannot be continued here. */
  acceptsDate(date: string): boolean {
    const { signed, state } = this.#parts;
    const there = state.data.enrolment?.last.dates.find(known => known.date === date);
    return there === undefined || (signed.newest(date)?.revision ?? 0) >= there.revision;
  }

  async adopt(next: Calendar): Promise<void> {
    const { state } = this.#parts;
    const rules = state.data.calendar;
    const firstOpen = this.#firstDateNotOpen();
    const changed = withRule(rules, next, firstOpen);
    if (JSON.stringify(changed) === JSON.stringify(rules)) return;
    await state.change(now => {
      now.calendar = changed;
    });
  }

  /** Undefined when nothing was ever sold or closed here. */
  #firstDateNotOpen(): string | undefined {
    const { openDates, signed } = this.#parts;
    const used = [...openDates(), ...signed.all().map(({ date }) => date)];
    const newest = used.length === 0 ? undefined : [...used, this.today()].sort().at(-1);
    return newest === undefined ? undefined : addDays(newest, 1);
  }
}
