/** The time zone of head office's own pages, from the stores that are open. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLowdb } from '../../../relay/db/lowdb.ts';
import type { StoreRecord } from '../../../relay/db/records.ts';
import { CommonZone } from '../../../relay/hq/common-zone.ts';

function store(id: string, timezone: string, closedAt?: string): StoreRecord {
  return {
    ...{ id, slug: id, name: id, timezone, currency: 'SGD', cutOver: '00:00' },
    ...{ head: { number: 0, digest: '' }, commands: [], createdAt: '2026-11-22T00:00:00Z' },
    ...(closedAt === undefined ? {} : { closedAt }),
  };
}

test('times without a store are those of all stores, or UTC where they differ', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-zone-'));
  const db = await openLowdb(folder);
  let now = 0;
  const zones = new CommonZone(db, () => now);
  const then = async (added: StoreRecord) => {
    await db.write(tx => tx.put('stores', added.id, added));
    now += 5_000;
    return await zones.zone();
  };
  try {
    assert.equal(await zones.zone(), 'UTC');
    assert.equal(await then(store('orchard', 'Asia/Singapore')), 'Asia/Singapore');
    assert.equal(await then(store('jurong', 'Asia/Singapore')), 'Asia/Singapore');
    assert.equal(await then(store('perth', 'Australia/Perth')), 'UTC');
    assert.equal(await then(store('perth', 'Australia/Perth', 'x')), 'Asia/Singapore');
  } finally {
    await db.close();
    await rm(folder, { recursive: true });
  }
});
