/**
 * The golden set through the relay into the Xero stand-in: every document that stands in Xero in the
 * end is that of the plain files, lines, payments, tax and all; nothing else stands there.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { mappingSchema } from '../../relay/books/mapping.ts';
import type { DayRecord } from '../../relay/db/records.ts';
import { connect, dayIn, deliver, makeRig, type Rig } from '../support/posting.ts';
import { type GoldenBooks, type GoldenDay, loadBooks, loadDays, partsByRevision } from './load.ts';
import { standsInXero } from './xero-form.ts';

const STORE = 'golden';
const DONE: DayRecord['state'][] = ['reconciled', 'drafted', 'not-posted', 'waiting'];
/** A set of some eighty days through one poster on a slow machine. */
const WITHIN_MS = 120_000;

async function openStore(t: TestContext, books: GoldenBooks): Promise<Rig> {
  const rig = await makeRig(t, { seeds: [books.seed], limits: { minute: 10_000 } });
  await connect(rig);
  const mapping = mappingSchema.parse({ organisation: rig.organisation, ...books.mapping });
  await rig.db.write(tx =>
    tx.put('stores', STORE, {
      ...{ id: STORE, name: 'Golden', slug: STORE, timezone: 'Asia/Singapore' },
      ...{ currency: books.currency, cutOver: '00:00', createdAt: '2026-01-01T00:00:00Z' },
      ...{ commands: [], head: { number: 0, digest: '' } },
      books: {
        ...{ connection: 'connection-1', organisation: rig.organisation, mapping },
        ...{ postFrom: '2026-01-01', savedAt: '2026-01-01T00:00:00Z' },
      },
    }),
  );
  return rig;
}

/** Delivers one revision of every day that has it, and waits until all are done. */
async function deliverAll(rig: Rig, days: readonly GoldenDay[], books: GoldenBooks, at: number) {
  const poster = rig.start();
  const late = days.filter(({ revisions }) => revisions.length > at);
  const keys: string[] = [];
  for (const day of late) {
    const parts = partsByRevision(day, books)[at];
    if (parts !== undefined) keys.push(await deliver(rig, day.date, parts, STORE));
  }
  for (const key of keys) poster.wake(key);
  const done: DayRecord[] = [];
  for (const key of keys) done.push(await dayIn(rig, key, DONE, WITHIN_MS));
  await poster.stop();
  return done;
}

for (const [name, books] of Object.entries(loadBooks())) {
  test(`the golden days of “${name}” stand in Xero as they shall`, async t => {
    const days = loadDays().filter(day => day.books === name);
    const rig = await openStore(t, books);
    const states = new Map<string, DayRecord>();
    for (const revision of [0, 1]) {
      for (const day of await deliverAll(rig, days, books, revision)) states.set(day.date, day);
    }
    const standing = standsInXero(rig.standIn.control, books.currency);
    for (const { date, expected } of days) {
      if (Array.isArray(expected)) {
        assert.deepEqual(standing.get(date) ?? [], expected, date);
        assert.notEqual(states.get(date)?.state, 'waiting', date);
      } else {
        assert.deepEqual(standing.get(date), undefined, date);
        const codes = states.get(date)?.reasons.map(({ code }) => code);
        assert.deepEqual(codes, expected.waits, date);
      }
      standing.delete(date);
    }
    assert.deepEqual([...standing.keys()], []);
  });
}
