/**
 * Keeps our calls within Xero's limits: per organisation 60 in any minute, 5 at once and a day's
 * number, per app 10,000 a minute. Comes in: a call to make; goes out: its answer, later if need be.
 * Xero's headers correct our own count, since other programs share it. Promise: we cause no 429.
 */
import { AppError } from '../../protocol/errors.ts';
import type { CallerKind, Clock } from './port.ts';

export const MINUTE_CALLS_MAX = 60;
export const AT_ONCE_MAX = 5;
export const APP_MINUTE_CALLS_MAX = 10_000;
/** Calls of a day that posting leaves for people: they press Retry, Refresh and Submit. */
export const PEOPLE_DAY_SHARE = 50;
/** A longer wait than this is the caller's to sleep through, not ours. */
export const WAIT_MAX_MS = 65_000;
/** Xero's day rolls on: after this long it is asked again whether calls are left. */
const DAY_PROBE_MS = 30 * 60_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
/**
 * Xero counts a call when it arrives, at some time between its leaving and its answer. So a call
 * counts here while it runs and for a minute after its answer: what was slow never overlaps.
 */
const WINDOW_MS = MINUTE_MS + 250;
const CONCURRENT_PAUSE_MS = 1_000;

export type LimitHeaders = Readonly<Record<string, unknown>>;

export interface Limiter {
  /**
   * Waits for a free place, then makes the call. `report` is told Xero's headers, good or bad.
   * @throws AppError xero-rate-limit when the wait would be longer than WAIT_MAX_MS
   */
  run<Result>(
    organisation: string,
    caller: CallerKind,
    call: (report: (headers: LimitHeaders) => void) => Promise<Result>,
  ): Promise<Result>;
  /** Calls of the day that are left, by organisation; those of which Xero has told within the day. */
  callsLeft(): ReadonlyMap<string, number>;
  /** When Xero last answered, good or bad, by organisation; ms since 1970, since the start. */
  lastAnswers(): ReadonlyMap<string, number>;
}

interface Window {
  /** When each call of the last minute was answered, oldest first. */
  answered: number[];
  running: number;
}

interface Budget extends Window {
  dayRemaining: number;
  dayReadAt: number;
  /** 0: not since the start. */
  heardAt: number;
  /** Xero said: not before. */
  blockedUntil: number;
  blockedFor: string;
}

interface Waiter {
  organisation: string;
  caller: CallerKind;
  since: number;
  start: () => void;
  refuse: (error: AppError) => void;
}

/** Runs `work` after so many milliseconds; gives a way to call it off. */
export type Timer = (work: () => void, afterMs: number) => () => void;

const systemTimer: Timer = (work, afterMs) => {
  const timer = setTimeout(work, afterMs).unref();
  return () => clearTimeout(timer);
};

export function createLimiter(clock: Clock, startTimer: Timer = systemTimer): Limiter {
  const budgets = new Map<string, Budget>();
  const app: Window = { answered: [], running: 0 };
  const waiters: Waiter[] = [];
  let callOff: () => void = () => undefined;

  function budgetOf(organisation: string): Budget {
    const known = budgets.get(organisation);
    if (known !== undefined) return known;
    const fresh = freshBudget();
    budgets.set(organisation, fresh);
    return fresh;
  }

  /** Starts who may start, people first; sets the timer for the others. */
  function pump(): void {
    callOff();
    let soonest = Number.POSITIVE_INFINITY;
    const queue = waiters.splice(0).sort(byCaller);
    for (const waiter of queue) {
      const budget = budgetOf(waiter.organisation);
      const now = clock();
      const appWaitMs = waitOfWindow(app, APP_MINUTE_CALLS_MAX, now);
      const waitMs = Math.max(waitOf(budget, waiter.caller, now), appWaitMs);
      if (waitMs === 0) {
        take(budget, app);
        waiter.start();
      } else if (waitMs > WAIT_MAX_MS && Number.isFinite(waitMs)) {
        waiter.refuse(limitReached(budget, waitMs));
      } else {
        waiters.push(waiter);
        soonest = Math.min(soonest, waitMs);
      }
    }
    if (Number.isFinite(soonest)) callOff = startTimer(pump, soonest);
  }

  return {
    async run(organisation, caller, call) {
      await new Promise<void>((start, refuse) => {
        waiters.push({ organisation, caller, since: clock(), start, refuse });
        pump();
      });
      const budget = budgetOf(organisation);
      try {
        return await call(headers => learn(budget, headers, clock()));
      } finally {
        giveBack(budget, clock());
        giveBack(app, clock());
        pump();
      }
    },
    callsLeft: () => {
      const told = [...budgets].filter(([, { dayReadAt }]) => dayReadAt > clock() - DAY_MS);
      return new Map(told.map(([id, { dayRemaining }]) => [id, Math.max(0, dayRemaining)]));
    },
    lastAnswers: () => {
      const heard = [...budgets].filter(([, { heardAt }]) => heardAt > 0);
      return new Map(heard.map(([id, { heardAt }]) => [id, heardAt]));
    },
  };
}

function freshBudget(): Budget {
  return {
    answered: [],
    running: 0,
    dayRemaining: Number.POSITIVE_INFINITY,
    dayReadAt: 0,
    heardAt: 0,
    blockedUntil: 0,
    blockedFor: '',
  };
}

function byCaller(a: Waiter, b: Waiter): number {
  if (a.caller !== b.caller) return a.caller === 'person' ? -1 : 1;
  return a.since - b.since;
}

function take(budget: Budget, app: Window): void {
  budget.running += 1;
  budget.dayRemaining -= 1;
  app.running += 1;
}

function giveBack(window: Window, now: number): void {
  window.running -= 1;
  window.answered.push(now);
}

/** Milliseconds until this organisation may be called; infinite while only a place is missing. */
function waitOf(budget: Budget, caller: CallerKind, now: number): number {
  if (budget.blockedUntil > now) return budget.blockedUntil - now;
  const reserved = caller === 'poster' ? PEOPLE_DAY_SHARE : 0;
  const probeAt = budget.dayReadAt + DAY_PROBE_MS;
  if (budget.dayRemaining <= reserved && probeAt > now) {
    budget.blockedFor = 'day';
    return probeAt - now;
  }
  if (budget.running >= AT_ONCE_MAX) return Number.POSITIVE_INFINITY;
  return waitOfWindow(budget, MINUTE_CALLS_MAX, now);
}

/** Infinite while only calls under way stand in the way: their end is looked at anyway. */
function waitOfWindow({ answered, running }: Window, max: number, now: number): number {
  drop(answered, now);
  const over = answered.length + running - max;
  if (over < 0) return 0;
  const next = answered[over];
  return next === undefined ? Number.POSITIVE_INFINITY : Math.max(1, next + WINDOW_MS - now);
}

function drop(answered: number[], now: number): void {
  const kept = answered.findIndex(at => at > now - WINDOW_MS);
  answered.splice(0, kept === -1 ? answered.length : kept);
}

/** Takes over what Xero says is left: another program may have called as well. */
function learn(budget: Budget, headers: LimitHeaders, now: number): void {
  // Without headers nobody answered: the way to Xero is cut.
  if (Object.keys(headers).length > 0) budget.heardAt = now;
  const dayLeft = numberOf(headers['x-daylimit-remaining']);
  if (dayLeft !== undefined) {
    budget.dayRemaining = dayLeft;
    budget.dayReadAt = now;
  }
  const minuteLeft = numberOf(headers['x-minlimit-remaining']);
  if (minuteLeft !== undefined) {
    drop(budget.answered, now);
    // Calls that we did not make count as if they had been answered just now.
    const known = budget.answered.length + budget.running;
    for (let i = known; i < MINUTE_CALLS_MAX - minuteLeft; i += 1) budget.answered.push(now);
  }
  const problem = headers['x-rate-limit-problem'];
  if (typeof problem === 'string') {
    const seconds = numberOf(headers['retry-after']);
    const pauseMs = seconds === undefined ? CONCURRENT_PAUSE_MS : Math.max(1, seconds) * 1000;
    budget.blockedUntil = now + pauseMs;
    budget.blockedFor = problem;
  }
}

function numberOf(header: unknown): number | undefined {
  const value = typeof header === 'string' && header !== '' ? Number(header) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

function limitReached(budget: Budget, waitMs: number): AppError {
  const problem = budget.blockedFor || 'day';
  return new AppError('xero-rate-limit', `Xero’s ${problem} limit of calls is used up`, {
    hint: 'nothing to do: posting goes on when Xero allows it; a larger Xero plan allows more calls',
    retryable: true,
    retryAfterMs: waitMs,
  });
}
