/** Thousands of crash histories of one shop on a disk that forgets, tears and fills up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Shop } from '../../agent/intake.ts';
import { AppError } from '../../protocol/errors.ts';
import { openTestShop, sale, testCalendar } from '../support/agent.ts';
import { fc } from '../support/fast-check.ts';
import { randomFrom } from '../support/random.ts';
import { type Honesty, SimDisk } from '../support/sim-disk.ts';

const RUNS = Number(process.env['TILLBOOK_MODEL_RUNS'] ?? 200);
const CLOCK = { nowMs: () => Date.parse('2026-11-22T04:00:00Z') };
const DATES = ['2026-11-22', '2026-11-21'];

interface Life {
  /** Sales tried in this life, and how many calls of the disk it lasts. */
  sales: number;
  calls: number;
  /** How it ends. */
  end: 'kill' | 'plug' | 'stop';
  faults: 'none' | 'full' | 'sync';
}

const life: fc.Arbitrary<Life> = fc.record({
  sales: fc.integer({ min: 1, max: 12 }),
  calls: fc.integer({ min: 1, max: 90 }),
  end: fc.constantFrom('kill', 'plug', 'stop'),
  faults: fc.constantFrom('none', 'none', 'full', 'sync'),
});

const FAULTS = {
  none: { shortWrite: 0.1, full: 0, syncError: 0 },
  full: { shortWrite: 0.2, full: 0.2, syncError: 0 },
  sync: { shortWrite: 0, full: 0, syncError: 0.15 },
};

function messageOf(number: number): string {
  const day = DATES[number % 5 === 0 ? 1 : 0];
  return JSON.stringify(sale(number, { occurredAt: `${day}T10:00:00+08:00` }));
}

class History {
  readonly disk: SimDisk;
  readonly #random: () => number;
  readonly acknowledged = new Set<number>();
  sent = 0;
  #plugPulled = false;

  constructor(seed: number, honesty: Honesty) {
    this.#random = randomFrom(seed);
    this.disk = new SimDisk(this.#random, honesty);
  }

  async open(): Promise<Shop> {
    const calendar = testCalendar(CLOCK, 'SGD');
    return await openTestShop('/sim', { disk: this.disk.port(), clock: CLOCK, calendar });
  }

  async live({ sales, calls, end, faults }: Life): Promise<void> {
    this.disk.faults = FAULTS.none;
    if (end !== 'stop') this.disk.dieAfter(calls);
    const shop = await this.#whileAlive(this.open());
    this.disk.faults = FAULTS[faults];
    if (shop !== undefined) await this.#whileAlive(this.#sell(shop, sales));
    if (end === 'stop') await shop?.stop().catch(ownErrors);
    else void shop?.stop().catch(ownErrors); // Only its timers: its calls never return.
    if (end === 'plug') {
      this.#plugPulled = true;
      this.disk.pullPlug();
    } else this.disk.kill();
  }

  /** New sales, and now and then one that was sent before. */
  async #sell(shop: Shop, sales: number): Promise<void> {
    const takes: Promise<void>[] = [];
    for (let i = 0; i < sales; i += 1) {
      const again = this.sent > 0 && this.#random() < 0.3;
      if (!again) this.sent += 1;
      const number = again ? 1 + Math.floor(this.#random() * this.sent) : this.sent;
      takes.push(this.#take(shop, number));
      if (this.#random() < 0.5) await takes.at(-1);
    }
    await Promise.all(takes);
  }

  async #take(shop: Shop, number: number): Promise<void> {
    const flags = { qos: 1, retained: false };
    try {
      const verdict = await shop.intake.take('till-1', Buffer.from(messageOf(number)), flags);
      assert.notEqual(verdict.kind, 'quarantined', `sale ${number}`);
      this.acknowledged.add(number);
    } catch (error) {
      ownErrors(error);
    }
  }

  /** Undefined when the process died first. */
  async #whileAlive<Result>(work: Promise<Result>): Promise<Result | undefined> {
    let done = false;
    const ended = work.then(
      result => {
        done = true;
        return result;
      },
      error => {
        done = true;
        ownErrors(error);
        return undefined;
      },
    );
    while (!done && !this.disk.isDead) await new Promise(setImmediate);
    return done ? await ended : undefined;
  }

  async check(): Promise<void> {
    this.disk.faults = FAULTS.none;
    const shop = await this.open();
    const stored = new Map<number, number>();
    for (const date of shop.journal.dates()) {
      let entries = 0;
      for await (const { transaction } of shop.journal.entries(date)) {
        stored.set(transaction.sequence, (stored.get(transaction.sequence) ?? 0) + 1);
        entries += 1;
      }
      const { journal, damaged } = shop.dayBook.snapshot(date);
      assert.equal(journal.entries, entries);
      const { broken } = await shop.journal.verify(date);
      // Half of a lost batch may look like damage after a power cut; it is said, and costs nothing.
      if (!this.#plugPulled) assert.deepEqual([broken, damaged], [undefined, 0]);
      if (broken !== undefined) assert.ok(damaged > 0);
    }
    for (const [number, times] of stored) {
      assert.equal(times, 1, `sale ${number} is stored ${times} times`);
      assert.ok(number <= this.sent, `sale ${number} was never sent`);
    }
    const lost = [...this.acknowledged].filter(number => !stored.has(number));
    assert.deepEqual(lost, [], 'acknowledged sales are lost');
    await shop.stop();
  }
}

function ownErrors(error: unknown): void {
  if (!(error instanceof AppError) && !(error instanceof Error && 'code' in error)) throw error;
}

async function play(lives: readonly Life[], seed: number, honesty: Honesty): Promise<void> {
  const history = new History(seed, honesty);
  for (const one of lives) {
    await history.live(one);
    await history.check();
    history.disk.kill();
  }
}

test(`no acknowledged sale is lost or doubled in ${RUNS} crash histories`, async () => {
  const lives = fc.array(life, { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(lives, fc.integer(), (all, seed) => play(all, seed, 'honest'));
  await fc.assert(property, { numRuns: RUNS, includeErrorInReport: true });
});

test('canary: on a disk that lies about its syncs the same histories lose sales', async () => {
  const lives = fc.array(life, { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(lives, fc.integer(), (all, seed) => play(all, seed, 'lies'));
  const { failed } = await fc.check(property, { numRuns: 100, endOnFailure: true });
  assert.ok(failed);
});
