/** A database of the relay against a plain map: any changes in any order, aborts and restarts. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Writer } from '../../relay/db/db.ts';
import { fc } from '../support/fast-check.ts';
import { type DbUnderTest, dayRow } from './db-contract.ts';

/** Stores whose names begin alike, dates over months: what a range could mix up. */
const key = fc
  .tuple(
    fc.constantFrom('shop', 'shop-2', 'shopping', 'a'),
    fc.constantFrom('2026-01-31', '2026-02-01', '2026-02-28', '2027-02-01'),
  )
  .map(([store, date]) => `${store}/${date}`);
const change = fc.record({ key, text: fc.option(fc.string({ maxLength: 8 })) });
const step = fc.record({
  changes: fc.array(change, { maxLength: 6 }),
  end: fc.constantFrom('commit', 'commit', 'commit', 'abort', 'restart'),
});
const range = fc.record(
  {
    from: fc.oneof(key, fc.constantFrom('shop', 'shop/', 'shop-', 'b')),
    to: fc.oneof(key, fc.constantFrom('shop/2026-02', 'shop0', 'z')),
    limit: fc.integer({ min: 1, max: 5 }),
    reverse: fc.boolean(),
  },
  { requiredKeys: [] },
);

type Change = { key: string; text: string | null };

async function apply(tx: Writer, changes: readonly Change[]): Promise<void> {
  for (const { key: at, text } of changes) {
    const [store = '', date = ''] = at.split('/');
    if (text === null) await tx.remove('days', at);
    else await tx.put('days', at, { ...dayRow(store, date), heldBy: text });
  }
}

function expected(model: ReadonlyMap<string, string>, asked: Record<string, unknown>): string[] {
  const { from = '', to, limit = 10_000, reverse } = asked;
  const keys = [...model.keys()].filter(
    at => at >= String(from) && (to === undefined || at < String(to)),
  );
  keys.sort();
  if (reverse === true) keys.reverse();
  return keys.slice(0, Number(limit));
}

export function modelTest(open: () => Promise<DbUnderTest>): void {
  it('holds what a plain map would hold, whatever was done in whatever order', async () => {
    const run = fc.asyncProperty(fc.array(step, { maxLength: 8 }), range, async (steps, asked) => {
      const under = await open();
      let { db } = under;
      const model = new Map<string, string>();
      for (const { changes, end } of steps) {
        const work = async (tx: Writer) => {
          await apply(tx, changes);
          if (end === 'abort') throw new Error('abort');
        };
        await db.write(work).catch(error => assert.equal(error.message, 'abort'));
        for (const { key: at, text } of end === 'abort' ? [] : changes) {
          if (text === null) model.delete(at);
          else model.set(at, text);
        }
        if (end === 'restart') db = await under.reopen();
      }
      const rows = await db.list('days', asked as object);
      assert.deepEqual(
        rows.map(row => row.key),
        expected(model, asked),
      );
      for (const row of rows) assert.equal(row.value.heldBy, model.get(row.key));
      await under.end();
    });
    await fc.assert(run, { numRuns: 60 });
  });
}
