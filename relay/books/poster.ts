/**
 * The queue of posting: finds the days that are due, oldest business date first, and takes each
 * organisation's days through plan → create → pay → read back, 50 at a time. One poster per
 * database, by a lease. Every step leaves the row in a state from which the next start goes on.
 */
import { randomUUID } from 'node:crypto';
import { type AppError, type ErrorCode, isAppError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import type { Db } from '../db/db.ts';
import { releaseLease, type TakenLease, takeLease } from '../db/lease.ts';
import type { Clock, OrganisationRef, Xero } from '../xero/port.ts';
import { READ_MAX } from '../xero/port.ts';
import { chartForPosting } from './chart-age.ts';
import { checkDocuments } from './check-documents.ts';
import { adoptForgotten, mayBeCreated } from './forgotten.ts';
import { planRevision } from './invoice.ts';
import { type OpenDay, OpenDays } from './open-days.ts';
import type { Plan, PlanInput } from './plan.ts';
import { planDays } from './plan-days.ts';
import { postDocuments } from './post-documents.ts';
import { postPayments } from './post-payments.ts';
import { type Desk, reload } from './poster-desk.ts';
import { giveWay, sayBroken, settleLocally } from './waiting-days.ts';

/** A waiting day is tried again at least every 2 minutes, the try included. */
export const RETRY_MS = 110_000;
const LEASE_NAME = 'poster';
const OWN_TROUBLE: readonly ErrorCode[] = ['conflict', 'database-unavailable'];
const LEASE: LeaseTimes = { ttlMs: 45_000, renewMs: 15_000, pollMs: 5_000 };
/** Organisations that are worked on at the same time. */
const ORGANISATIONS_AT_ONCE = 8;
/** Posted and paid 50 in a call, and read back together in one. */
const DAYS_AT_ONCE = READ_MAX.invoice;
const BACKOFF_FIRST_MS = 2_000;
const BROKEN_OFF_MS = 20_000;
/** How long stop() lets a call to Xero finish; what is left is taken up at the next start. */
const STOP_WITHIN_MS = 8_000;

/** How long a poster that says nothing more keeps the others waiting. */
export interface LeaseTimes {
  ttlMs: number;
  /** The holder prolongs it this often, at least; a third of its length. */
  renewMs: number;
  /** The others ask for it this often. */
  pollMs: number;
}

export interface PosterOptions {
  db: Db;
  xero: Xero;
  clock: Clock;
  log: Logger;
  /**
   * Who takes the lease. The same name over restarts goes on at once after a kill: only right where
   * no second process can be there (the embedded database's lock sees to that).
   */
  holder?: string;
  lease?: LeaseTimes;
  plan?: (input: PlanInput) => Plan;
  /** Told after every round; with the error when the round, or work it had begun, failed. */
  onRound?: (error?: unknown) => void;
}

export interface Poster {
  /**
   * Something changed: one day (`<store>/<date>`), or anything. Waiting days are tried at once, by
   * whichever relay posts at the moment.
   */
  wake(key?: string): void;
  /** Finishes the call in hand, within 8 s. */
  stop(): Promise<void>;
}

export function startPoster(options: PosterOptions): Poster {
  const work = new PosterLoop(options);
  const running = work.run();
  // Of several relays one posts: it hears what came in at the others.
  const { shared } = options.db;
  shared?.hear(key => work.wake(key));
  return {
    wake: key => {
      work.wake(key);
      shared?.tell(key);
    },
    stop: async () => {
      work.halt();
      const late = new Promise<void>(done => setTimeout(done, STOP_WITHIN_MS).unref());
      await Promise.race([running, late]);
    },
  };
}

class PosterLoop {
  readonly #options: PosterOptions;
  readonly #holder: string;
  readonly #times: LeaseTimes;
  /** Ours, set by the database's where several relays share one. */
  readonly #clock: Clock;
  readonly #open: OpenDays;
  readonly #unpaid = new Set<string>();
  readonly #alone = new Set<string>();
  readonly #asked = new Set<string>();
  /** Failures in a row and not-before instant per organisation. */
  readonly #pauses = new Map<string, { failures: number; until: number }>();
  /** Work under way by organisation, and the days in it. */
  readonly #working = new Map<string, Promise<void>>();
  readonly #inHand = new Set<string>();
  #lease: TakenLease | undefined;
  /** Since when the lease is known to run, of performance.now(): no change of the clock moves it. */
  #leaseSince = 0;
  /** When the lease came to us with this token, of our clock; see forgotten.ts. */
  #turnSince = 0;
  #stopping = false;
  #woken = false;
  /** Why the work since the last round was not good; Xero's trouble is not ours. */
  #broken: unknown;
  #nudge: () => void = () => undefined;

  constructor(options: PosterOptions) {
    this.#options = options;
    this.#holder = options.holder ?? randomUUID();
    this.#times = options.lease ?? LEASE;
    this.#clock = () => options.clock() + (this.#lease?.skewMs ?? 0);
    this.#open = new OpenDays(options.db, this.#clock);
  }

  wake(key?: string): void {
    this.#open.wake(key);
    // A new day does not end an organisation's rest; a person does.
    if (key === undefined) for (const pause of this.#pauses.values()) pause.until = 0;
    this.#woken = true;
    this.#nudge();
  }

  halt(): void {
    this.#stopping = true;
    this.#nudge();
  }

  async run(): Promise<void> {
    while (!this.#stopping) {
      try {
        const lease = await this.#takeLease();
        const restMs = lease === undefined ? this.#times.pollMs : await this.#round(lease);
        this.#tellRound();
        await this.#pause(restMs);
      } catch (error) {
        this.#options.log.error({ error }, 'posting failed');
        this.#broken = error;
        this.#tellRound();
        // What woke this round has had its try: a database that refuses at once is not asked again.
        this.#woken = false;
        await this.#pause(BACKOFF_FIRST_MS);
      }
    }
    await Promise.all(this.#working.values());
    if (this.#lease === undefined) return;
    // A lease that cannot be given back runs out.
    await releaseLease(this.#options.db, this.#lease).catch(error =>
      this.#options.log.warn({ error }, 'the lease was not given back'),
    );
  }

  #tellRound(): void {
    const error = this.#broken;
    this.#broken = undefined;
    this.#options.onRound?.(error);
  }

  /** Takes or prolongs; every round comes within a third of its length. */
  async #takeLease(): Promise<TakenLease | undefined> {
    const { db, clock } = this.#options;
    const since = performance.now();
    const { ttlMs } = this.#times;
    const lease = await takeLease(db, { name: LEASE_NAME, holder: this.#holder, ttlMs, clock });
    const isNew = lease?.token !== this.#lease?.token;
    if (isNew) {
      // Another poster may have been at work meanwhile: what this one saw itself is old.
      this.#unpaid.clear();
      this.#alone.clear();
      this.#asked.clear();
    }
    this.#lease = lease;
    this.#leaseSince = since;
    if (isNew) this.#turnSince = this.#clock();
    return lease;
  }

  #isOurTurn({ token }: TakenLease): boolean {
    const runs = performance.now() - this.#leaseSince < this.#times.ttlMs;
    return runs && this.#lease?.token === token;
  }

  /**
   * Starts work on every organisation that has something due and is not at work already: a slow one
   * keeps nobody waiting. Returns the milliseconds until something is due again.
   */
  async #round(lease: TakenLease): Promise<number> {
    this.#woken = false;
    const { db, xero, log, plan = planRevision } = this.#options;
    const clock = this.#clock;
    const desk: Desk = {
      ...{ db, xero, clock, log, lease, plan },
      isOurTurn: () => this.#isOurTurn(lease),
      turnSince: this.#turnSince,
      asked: this.#asked,
      unpaid: this.#unpaid,
      alone: this.#alone,
    };
    await this.#open.scan();
    const idle = (day: OpenDay) => !this.#inHand.has(day.key);
    const due = await settleLocally(desk, (await this.#open.due()).filter(idle));
    for (const day of due.rested) this.#open.put(day, clock() + RETRY_MS);
    await this.#open.forgetRested(due.rested.map(({ key }) => key));
    for (const { ref, days } of due.byOrganisation.values()) {
      if (this.#working.size >= ORGANISATIONS_AT_ONCE) return this.#times.renewMs;
      if (!this.#working.has(ref.organisation)) this.#start(desk, ref, days);
    }
    return Math.min(
      this.#times.renewMs,
      this.#open.nextDueIn(key => !this.#inHand.has(key)),
    );
  }

  #start(desk: Desk, ref: OrganisationRef, days: readonly OpenDay[]): void {
    for (const { key } of days) this.#inHand.add(key);
    const work = this.#postOrganisation(desk, ref, days)
      .catch(error => {
        // Another poster has taken over, or a bug of ours: the days come again either way.
        const lost = isAppError(error, 'conflict');
        this.#options.log[lost ? 'info' : 'error']({ error }, 'posting was broken off');
        if (!lost) this.#broken = error;
        for (const day of days) this.#open.put(day, desk.clock() + (lost ? 0 : BROKEN_OFF_MS));
      })
      .finally(() => {
        for (const { key } of days) this.#inHand.delete(key);
        this.#working.delete(ref.organisation);
        this.#woken = true;
        this.#nudge();
      });
    this.#working.set(ref.organisation, work);
  }

  async #postOrganisation(
    desk: Desk,
    ref: OrganisationRef,
    days: readonly OpenDay[],
  ): Promise<void> {
    const pause = this.#pauses.get(ref.organisation);
    if (pause !== undefined && pause.until > desk.clock()) {
      for (const day of days) this.#open.put(day, pause.until);
      return;
    }
    for (let at = 0; at < days.length && !this.#stopping; at += DAYS_AT_ONCE) {
      const batch = days.slice(at, at + DAYS_AT_ONCE);
      try {
        await this.#postTogether(desk, ref, batch);
        this.#pauses.delete(ref.organisation);
      } catch (error) {
        // Xero has nothing to do with it: what was stored before the call decides later.
        if (!isAppError(error) || OWN_TROUBLE.includes(error.code)) throw error;
        await this.#backOff(desk, ref, days.slice(at), error);
        return;
      }
    }
  }

  /** An error of our own that one day brings about must not keep the others waiting. */
  async #postTogether(desk: Desk, ref: OrganisationRef, days: readonly OpenDay[]): Promise<void> {
    try {
      await this.#postBatch(desk, ref, days);
    } catch (error) {
      const [first, ...others] = days;
      if (isAppError(error) || first === undefined) throw error;
      if (others.length > 0) {
        for (const day of days) await this.#postTogether(desk, ref, [day]);
        return;
      }
      desk.log.error({ error, day: first.key }, 'a day cannot be posted');
      await sayBroken(desk, first, error);
      this.#open.put(first, desk.clock() + RETRY_MS);
    }
  }

  async #postBatch(desk: Desk, ref: OrganisationRef, days: readonly OpenDay[]): Promise<void> {
    const keys = days.map(({ key }) => key);
    const chart = await chartForPosting(desk, ref, keys);
    const planned = await planDays(desk, await adoptForgotten(desk, ref, keys, chart), chart);
    let items = planned.filter(item => mayBeCreated(desk, item));
    for (const step of [postDocuments, postPayments, checkDocuments]) {
      await step(desk, ref, items);
      items = await reload(desk, items);
    }
    for (const day of days) this.#open.put(day, desk.clock() + RETRY_MS);
    await this.#open.forgetRested(keys);
  }

  /** The organisation rests, the days say why; nothing of them is lost. */
  async #backOff(
    desk: Desk,
    ref: OrganisationRef,
    days: readonly OpenDay[],
    error: AppError,
  ): Promise<void> {
    const failures = (this.#pauses.get(ref.organisation)?.failures ?? 0) + 1;
    const backOffMs = Math.min(RETRY_MS, BACKOFF_FIRST_MS * 2 ** (failures - 1));
    const until = desk.clock() + (error.retryAfterMs ?? backOffMs);
    this.#pauses.set(ref.organisation, { failures, until });
    for (const day of days) this.#open.put(day, until);
    desk.log.warn({ organisation: ref.organisation, error, failures }, 'posting is delayed');
    await giveWay(desk, days, error, until);
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stopping || this.#woken) return;
    await new Promise<void>(done => {
      const timer = setTimeout(done, Math.min(ms, this.#times.renewMs));
      this.#nudge = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}
