/**
 * How long head office's pages take with 200 stores × 400 days, put straight into the embedded
 * database: the first answer after a start, then median and slowest of the following. A
 * measurement, no test; BENCH_STORES and BENCH_DAYS make it smaller.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addDays } from '../../protocol/business-date.ts';
import { fillOffice, makeDay } from '../relay/hq/filled-office.ts';
import { type Office, startOffice } from '../relay/hq/office.ts';
import type { Visitor } from '../relay/hq/visitor.ts';
import { chart as sampleChart } from '../support/books.ts';

const STORES = Number(process.env['BENCH_STORES'] ?? 200);
const DAYS = Number(process.env['BENCH_DAYS'] ?? 400);
const ROUNDS = 10;
const NOW = Date.parse('2026-11-23T08:00:00Z');
const LAST_DATE = '2026-11-22';

/** The state of every day but the newest: the books are in order. */
const STATE = 'reconciled';

async function fill(office: Office): Promise<void> {
  const store = await fillOffice(office.db, NOW);
  const chart = sampleChart();
  for (let i = 0; i < STORES; i += 1) {
    const id = `shop-${String(i).padStart(3, '0')}`;
    const shop = { ...store, id, slug: id, name: `Shop ${i}` };
    await office.db.write(async tx => {
      await tx.put('stores', id, shop);
      for (let back = 0; back < DAYS; back += 1) {
        const date = addDays(LAST_DATE, -back);
        await tx.put('days', `${id}/${date}`, makeDay(shop, chart, STATE, date));
      }
    });
  }
}

const PAGES: string[] = [
  '/days',
  `/days?from=${addDays(LAST_DATE, -365)}&to=${LAST_DATE}`,
  '/days?state=unfinished',
  `/days/shop-000/${LAST_DATE}`,
  '/calendar?month=2026-11',
  '/stores',
  '/stores/shop-000',
  '/mapping/shop-000',
  '/settings',
  '/alerts',
  '/users',
  '/audit',
  '/account',
];

async function timeOf(visitor: Visitor, path: string): Promise<number> {
  const startedAt = performance.now();
  const { status } = await visitor.get(path);
  if (status !== 200) throw new Error(`${path} answered ${status}`);
  return performance.now() - startedAt;
}

async function measure(visitor: Visitor, path: string): Promise<string> {
  const first = await timeOf(visitor, path);
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) times.push(await timeOf(visitor, path));
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  const cells = [first, median, times.at(-1) ?? 0].map(ms => ms.toFixed(0).padStart(7));
  return `${path.padEnd(40)}${cells.join('')}`;
}

/** A relay that was just started on the filled folder, so that nothing is in memory yet. */
async function restarted(folder: string, run: (office: Office) => Promise<void>): Promise<void> {
  const office = await startOffice({ now: () => NOW, folder });
  try {
    await run(office);
  } finally {
    await office.stop();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'tillbook-pages-'));
try {
  await restarted(folder, fill);
  await restarted(folder, async office => {
    const visitor = await office.signedIn('admin');
    console.log(`${STORES} stores × ${DAYS} days; milliseconds`);
    console.log(`${'page'.padEnd(40)}  first median    max`);
    for (const path of PAGES) console.log(await measure(visitor, path));
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
