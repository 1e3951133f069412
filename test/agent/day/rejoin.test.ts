/** A rejoin that is cut at any of its steps and done again gives what it gives in one go. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { carryOutRejoin, type Rejoin } from '../../../agent/day/rejoin.ts';
import { openSignedDays, type SignedDays } from '../../../agent/day/signed-days.ts';
import { makeSigningKey, type SigningKey, signJws } from '../../../protocol/signing.ts';
import { handMadeSummary } from '../../support/summaries.ts';

/** The relay has our first day and, by another machine, the three days after it. */
const FORK: Rejoin = {
  number: 3,
  digest: 'A'.repeat(43),
  dates: ['2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24'].map(date => ({
    date,
    revision: 1,
  })),
  sameChain: false,
};

async function shop(t: TestContext, key: SigningKey): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const signed = await openSignedDays(folder);
  for (let number = 1; number <= 6; number += 1) {
    const businessDate = `2026-11-2${number}`;
    const previous = signed.last()?.digest ?? '';
    const summary = handMadeSummary({ businessDate, number, previous });
    await signed.add(summary, await signJws(summary, 'tillbook-day+jws', key));
  }
  return folder;
}

/** Six days, all signed by the key; only the first has the relay's receipt. */
async function reopen(folder: string): Promise<SignedDays> {
  const signed = await openSignedDays(folder);
  for (const day of signed.all()) {
    if (day.number === 1) day.receipt = { verdict: 'accepted' } as typeof day.receipt & object;
  }
  return signed;
}

/** Fails before its step number `steps`, as a power cut does. */
function cutAfter(signed: SignedDays, steps: number): SignedDays {
  let left = steps;
  const signedBefore = () => {
    left -= 1;
    if (left < 0) throw new Error('power cut');
    return signed;
  };
  return {
    ...{ all: () => signed.all(), summary: day => signed.summary(day) },
    setAside: async day => await signedBefore().setAside(day),
    signAgain: async (day, ...rest) => await signedBefore().signAgain(day, ...rest),
  } as SignedDays;
}

async function filesOf(folder: string): Promise<Record<string, string>> {
  const path = join(folder, 'summaries');
  const names = await readdir(path, { recursive: true });
  const texts = names.filter(name => name.endsWith('.jws')).sort();
  return Object.fromEntries(
    await Promise.all(texts.map(async name => [name, await readFile(join(path, name), 'utf8')])),
  ) as Record<string, string>;
}

test('what another machine closed is set aside, what head office lacks is signed again', async t => {
  const [old, next] = [await makeSigningKey(), await makeSigningKey()];
  const folder = await shop(t, old);
  const signed = await reopen(folder);
  const former = signed.all().map(({ digest }) => digest);
  await carryOutRejoin(signed, FORK, next);
  const rows = signed.all().map(({ date, number, kid }) => [date.slice(8), number, kid]);
  assert.deepEqual(rows, [
    ['21', 1, old.kid],
    ['25', 4, next.kid],
    ['26', 5, next.kid],
  ]);
  assert.equal((await signed.summary(signed.all()[1] ?? assert.fail())).previous, FORK.digest);
  assert.deepEqual(
    (await readdir(join(folder, 'summaries', 'aside'))).sort(),
    [1, 2, 3].map(i => `2026-11-2${i + 1}.1.${former[i]?.slice(0, 8)}.jws`),
  );
});

test('cut at any step and done again, it gives the same files as in one go', async t => {
  const [old, next] = [await makeSigningKey(), await makeSigningKey()];
  const straight = await shop(t, old);
  await carryOutRejoin(await reopen(straight), FORK, next);
  const expected = await filesOf(straight);
  for (let steps = 0; steps < 5; steps += 1) {
    const folder = await shop(t, old);
    const cut = cutAfter(await reopen(folder), steps);
    await assert.rejects(carryOutRejoin(cut, FORK, next), /power cut/);
    await carryOutRejoin(await reopen(folder), FORK, next);
    assert.deepEqual(await filesOf(folder), expected, `cut after ${steps} steps`);
  }
});
