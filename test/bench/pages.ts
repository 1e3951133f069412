/**
 * `npm run bench:pages`: how long head office's pages take with 200 stores × 400 days, on JSON files
 * and on PostgreSQL: the first answer after a start and a sign-in, then median and slowest of the
 * following. Writes its part of RESULTS.md; BENCH_STORES and BENCH_DAYS make it smaller.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { addDays } from '../../protocol/business-date.ts';
import { openPostgres } from '../../relay/db/postgres.ts';
import { fillOffice, makeDay } from '../relay/hq/filled-office.ts';
import { type Office, type OfficeOptions, startOffice } from '../relay/hq/office.ts';
import { Visitor } from '../relay/hq/visitor.ts';
import { chart as sampleChart } from '../support/books.ts';
import { TestPostgres } from '../support/postgres.ts';
import { quantile, table, writeSection } from './results.ts';

const STORES = Number(process.env['BENCH_STORES'] ?? 200);
const DAYS = Number(process.env['BENCH_DAYS'] ?? 400);
const ROUNDS = 20;
const TARGET_MS = 300;
/** Whoever signs in types a password first. */
const SIGN_IN_MS = 5_000;
const LAST_DATE = addDays(new Date().toISOString().slice(0, 10), -1);
/** The state of every day: the books are in order. What is counted as missing makes the alerts. */
const STATE = 'reconciled';
/** Stores that are put into the database at once. */
const FILLED_AT_ONCE = 4;

const PAGES: string[] = [
  '/days',
  `/days?from=${addDays(LAST_DATE, -365)}&to=${LAST_DATE}`,
  '/days?state=unfinished',
  `/days/shop-000/${LAST_DATE}`,
  `/calendar?month=${LAST_DATE.slice(0, 7)}`,
  '/stores',
  '/stores/shop-000',
  '/mapping/shop-000',
  '/settings',
  '/alerts',
  '/users',
  '/audit',
  '/account',
];

interface Times {
  page: string;
  firstMs: number;
  medianMs: number;
  slowestMs: number;
}

const folder = await mkdtemp(join(tmpdir(), 'tillbook-pages-'));
const postgres = await TestPostgres.start();
try {
  const files = await measureOn({ folder });
  const url = await postgres.newUrl();
  const forgetFilling = () => postgres.sql("UPDATE days SET changed = now() - interval '1 h'", url);
  const rows = await measureOn({ folder, open: () => openPostgres(url) }, forgetFilling);
  console.log(await writeSection(report(files, rows)));
} finally {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Fills the database, then starts anew on it, so that nothing is in memory. */
async function measureOn(
  options: OfficeOptions,
  afterFilling: () => Promise<unknown> = async () => undefined,
): Promise<Times[]> {
  await working(options, fill);
  await afterFilling();
  const times: Times[] = [];
  await working(options, async office => {
    await timeOf(new Visitor(office.url), '/sign-in');
    await wait(SIGN_IN_MS);
    const visitor = await office.signedIn('admin');
    for (const page of PAGES) times.push(await measure(visitor, page));
  });
  return times;
}

async function working(options: OfficeOptions, run: (office: Office) => Promise<void>) {
  const office = await startOffice(options);
  try {
    await run(office);
  } finally {
    await office.stop();
  }
}

async function fill(office: Office): Promise<void> {
  const store = await fillOffice(office.db, Date.now());
  const chart = sampleChart();
  const numbers = Array.from({ length: STORES }, (_, i) => i).values();
  const lane = async () => {
    for (const i of numbers) {
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
  };
  await Promise.all(Array.from({ length: FILLED_AT_ONCE }, lane));
}

async function measure(visitor: Visitor, page: string): Promise<Times> {
  const firstMs = await timeOf(visitor, page);
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) times.push(await timeOf(visitor, page));
  return { page, firstMs, medianMs: quantile(times, 0.5), slowestMs: quantile(times, 1) };
}

async function timeOf(visitor: Visitor, path: string): Promise<number> {
  const startedAt = performance.now();
  const { status } = await visitor.get(path);
  if (status !== 200) throw new Error(`${path} answered ${status}`);
  return performance.now() - startedAt;
}

function report(files: readonly Times[], rows: readonly Times[]) {
  const all = [...files, ...rows];
  const worst = (of: (times: Times) => number) => Math.max(...all.map(of));
  const target = (what: string, ms: number) => ({
    target: `${what} of every page within ${TARGET_MS} ms`,
    measured: `${ms.toFixed(0)} ms`,
    reached: ms <= TARGET_MS,
  });
  return {
    part: 'pages' as const,
    title: `Head office: ${STORES} stores × ${DAYS} days`,
    command: 'npm run bench:pages',
    targets: [
      target(
        'the median',
        worst(times => times.medianMs),
      ),
      target(
        'the first answer after a start',
        worst(times => times.firstMs),
      ),
      target(
        'the slowest answer',
        worst(times => times.slowestMs),
      ),
    ],
    body: `${table(['page', ...headOf('JSON files'), ...headOf('PostgreSQL')], cellsOf(files, rows))}

Milliseconds: the first answer, then median and slowest of ${ROUNDS}. One visitor, who opens the sign-in
after the start and takes ${SIGN_IN_MS / 1000} s for it; thousands of alerts are open.`,
  };
}

function headOf(database: string): string[] {
  return ['first', 'median', 'slowest'].map(what => `${what}, ${database}`);
}

function cellsOf(files: readonly Times[], rows: readonly Times[]): string[][] {
  return files.map((onFiles, i) => {
    const both = [onFiles, rows[i]].flatMap(times =>
      times === undefined ? [] : [times.firstMs, times.medianMs, times.slowestMs],
    );
    return [`\`${onFiles.page}\``, ...both.map(ms => ms.toFixed(0))];
  });
}
