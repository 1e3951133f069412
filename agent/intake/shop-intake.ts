/**
 * Carries a message from its bytes to its verdict: judged, stored, then counted. The order of a
 * terminal's messages is decided before anything is waited for.
 */
import { AppError } from '../../protocol/errors.ts';
import { type Problem, parseTransaction } from '../../protocol/transaction.ts';
import { type Entry, entryBody } from '../journal/entry.ts';
import type { Quarantine } from '../journal/quarantine.ts';
import { namesIn, type QuarantinedItem } from '../journal/quarantine-line.ts';
import type { Storage } from '../journal/storage.ts';
import { Judge, type JudgeParts, type Message, type Ruling } from './judge.ts';
import type { Intake, MessageFlags, Verdict } from './ports.ts';

export interface IntakeParts extends JudgeParts {
  quarantine: Quarantine;
  storage: Storage;
  /** Called after the sync, before the acknowledgement. */
  onAccepted: (entry: Entry) => void;
  onDuplicate: (terminal: string) => void;
}

/** What to do with a message that is not accepted. */
type Aside = (problem: Problem) => Promise<Verdict>;
/** Resolves when the ruling is made; with why it could not be, if so. */
type Turn = Promise<unknown>;
type Parsed = Pick<Message, 'transaction' | 'compact'>;
type Concluded = Exclude<Ruling, { kind: 'ask' }>;

const ACCEPTED: Verdict = { kind: 'accepted' };
const DUPLICATE: Verdict = { kind: 'duplicate' };

export class ShopIntake implements Intake {
  readonly #parts: IntakeParts;
  readonly #judge: Judge;
  /** The last message of a terminal that still waits for its ruling. */
  readonly #turns = new Map<string, Turn>();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#judge = new Judge(parts);
  }

  take(terminal: string, payload: Buffer, _flags: MessageFlags): Promise<Verdict> {
    const refusal = this.#parts.storage.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const parsed = parseTransaction(payload);
    if (!parsed.ok) return this.setAside(terminal, payload, parsed.problem);
    const message = messageOf(terminal, parsed);
    return this.#carryOut(message, problem => this.setAside(terminal, payload, problem));
  }

  async try(terminal: string, payload: Buffer): Promise<Verdict> {
    const parsed = parseTransaction(payload);
    if (!parsed.ok) return quarantined(parsed.problem, namesIn(payload));
    const message = messageOf(terminal, parsed);
    let ruling = this.#judge.rule(message, { trying: true });
    while (ruling.kind === 'ask') ruling = this.#judge.rule(message, await ruling.learn());
    if (ruling.kind === 'quarantine') return quarantined(ruling.problem, namesIn(payload));
    return ruling.kind === 'duplicate' ? DUPLICATE : ACCEPTED;
  }

  /** Judges an item of the quarantine again; it leaves the quarantine when it is accepted. */
  async retry(number: number): Promise<Verdict> {
    const { quarantine } = this.#parts;
    const { terminal, outcome } = quarantine.get(number);
    if (outcome !== undefined) {
      throw new AppError('conflict', `number ${number} is settled already: ${outcome}`);
    }
    const payload = await quarantine.payload(number);
    const parsed = parseTransaction(payload);
    if (!parsed.ok) return quarantined(parsed.problem, namesIn(payload));
    const message = messageOf(terminal, parsed);
    const verdict = await this.#carryOut(message, problem =>
      Promise.resolve(quarantined(problem, namesIn(payload))),
    );
    if (verdict.kind !== 'quarantined') await quarantine.settle(number, 'accepted', this.#now());
    return verdict;
  }

  /** Retries the voids that wait for what is known by now. */
  async retryWaitingVoids(): Promise<void> {
    const { quarantine, index } = this.#parts;
    for (const id of quarantine.awaitedIds()) {
      if (index.find(id).length === 0) continue;
      for (const number of quarantine.waitingFor(id)) await this.retry(number);
    }
  }

  /** Runs without a break up to the claim when memory is enough for a ruling. */
  #carryOut(message: Message, aside: Aside): Promise<Verdict> {
    const before = this.#turns.get(message.terminal);
    if (before !== undefined) return this.#waitForTurn(message, aside, before, undefined);
    const ruling = this.#judge.rule(message, {});
    if (ruling.kind === 'ask') return this.#waitForTurn(message, aside, undefined, ruling);
    return this.#conclude(message, aside, ruling);
  }

  /** Later messages of the terminal wait for this one, so that its order stays. */
  async #waitForTurn(
    message: Message,
    aside: Aside,
    before: Turn | undefined,
    first: Ruling | undefined,
  ): Promise<Verdict> {
    const { terminal } = message;
    let end: (failure?: unknown) => void = () => {};
    const turn: Turn = new Promise(resolve => {
      end = failure => resolve(failure);
    });
    this.#turns.set(terminal, turn);
    let verdict: Promise<Verdict>;
    try {
      const failure = await before;
      // What was sent first is stored first: the terminal sends both again, in order.
      if (failure !== undefined) throw failure;
      let ruling = first ?? this.#judge.rule(message, {});
      while (ruling.kind === 'ask') ruling = this.#judge.rule(message, await ruling.learn());
      // In the same turn of the loop as the ruling: nobody else may claim the id in between.
      verdict = this.#conclude(message, aside, ruling);
    } catch (failure) {
      end(failure);
      throw failure;
    } finally {
      if (this.#turns.get(terminal) === turn) this.#turns.delete(terminal);
      end();
    }
    return await verdict;
  }

  #conclude(message: Message, aside: Aside, ruling: Concluded): Promise<Verdict> {
    switch (ruling.kind) {
      case 'accept':
        return this.#accept(message, ruling.date, ruling.voided);
      case 'duplicate':
        this.#parts.onDuplicate(message.terminal);
        return Promise.resolve(DUPLICATE);
      case 'quarantine':
        return aside(ruling.problem);
    }
  }

  #accept(message: Message, date: string, voided: Entry['target']): Promise<Verdict> {
    const { storage, journal, pending, clock } = this.#parts;
    const refusal = storage.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const receivedAtMs = clock.nowMs();
    const { terminal, transaction, compact } = message;
    const entry: Entry = { date, receivedAt: isoOf(receivedAtMs), terminal, transaction };
    if (voided !== undefined) entry.target = voided;
    const body = entryBody(entry.receivedAt, terminal, compact);
    storage.use(body.length);
    const claim = pending.claim(terminal, transaction);
    return new Promise((resolve, reject) => {
      journal.append(date, body, {
        synced: offset => {
          this.#enter(entry, receivedAtMs, offset);
          claim.release();
          resolve(ACCEPTED);
        },
        failed: error => {
          if (error.code === 'disk-full') storage.full(error);
          claim.release(error);
          reject(error);
        },
      });
    });
  }

  /** The message is on disk: from now on it counts and its id and number are taken. */
  #enter(entry: Entry, receivedAtMs: number, offset: number): void {
    const { dayBook, index, journal, quarantine } = this.#parts;
    const { id } = entry.transaction;
    index.add(id, { file: journal.fileNumber(entry.date), offset });
    dayBook.add(entry, receivedAtMs);
    if (entry.transaction.type === 'void' && entry.target !== undefined) {
      this.#judge.markVoided(entry.transaction.voids, entry.target);
    }
    this.#parts.onAccepted(entry);
    const replaced = quarantine.withId(entry.terminal, id);
    const waiting = quarantine.waitingFor(id);
    if (replaced.length + waiting.length > 0) void this.#tidyQuarantine(replaced, waiting);
  }

  /** A failure here is only put off: the next start looks again. */
  async #tidyQuarantine(replaced: readonly number[], waiting: readonly number[]): Promise<void> {
    try {
      for (const number of waiting) await this.retry(number);
      for (const number of replaced) {
        await this.#parts.quarantine.settle(number, 'replaced', this.#now());
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }

  async setAside(terminal: string, payload: Buffer, problem: Problem): Promise<Verdict> {
    const { quarantine, calendar, clock, storage } = this.#parts;
    const nowMs = clock.nowMs();
    const date = calendar.businessDateOf(nowMs);
    let item: QuarantinedItem;
    try {
      item = await quarantine.add(date, isoOf(nowMs), terminal, payload, problem);
    } catch (error) {
      if (error instanceof AppError && error.code === 'disk-full') storage.full(error);
      throw error;
    }
    const { number, code, voids = '', outcome } = item;
    const open = code === 'void-target' && outcome === undefined;
    // The target may have been accepted while the void was being set aside.
    if (open && this.#parts.index.find(voids).length > 0) return await this.retry(number);
    return quarantined(problem, item);
  }

  #now(): string {
    return isoOf(this.#parts.clock.nowMs());
  }
}

/** Spelled out: a spread of what was parsed costs as much as judging it. */
function messageOf(terminal: string, { transaction, compact }: Parsed): Message {
  return { terminal, transaction, compact };
}

function quarantined(
  problem: Problem,
  { id, sequence, number }: { id?: string; sequence?: number; number?: number },
): Verdict {
  return {
    kind: 'quarantined',
    problem,
    ...(id === undefined ? {} : { id }),
    ...(sequence === undefined ? {} : { sequence }),
    ...(number === undefined ? {} : { number }),
  };
}

let lastIsoMs = Number.NaN;
let lastIso = '';

/** RFC 3339 in UTC; thousands of messages share a millisecond. */
function isoOf(instantMs: number): string {
  if (instantMs !== lastIsoMs) {
    lastIsoMs = instantMs;
    lastIso = new Date(instantMs).toISOString();
  }
  return lastIso;
}
