/**
 * The status page in a real browser: every state of the sentence at three widths, light and dark,
 * with and without JavaScript; nothing on the console under the strict policy, nothing for axe to
 * find. With TILLBOOK_PICTURES=folder it leaves a picture of each.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type StatusServer, startStatusServer } from '../../agent/status/server.ts';
import type { AgentStatus } from '../../agent/status/status.ts';
import { silentLog } from '../../protocol/host/log.ts';
import { STATES, statusOf } from '../support/status.ts';
import { handMadeSummary } from '../support/summaries.ts';
import { findTool, needs } from '../support/tools.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PICTURES = process.env['TILLBOOK_PICTURES'];
const chrome = findTool('chromium');
interface Look {
  width: number;
  colorScheme: 'light' | 'dark';
}
const LOOKS: Look[] = [390, 1280, 1920].flatMap(width => [
  { width, colorScheme: 'light' },
  { width, colorScheme: 'dark' },
]);
const PHONE: Look = { width: 390, colorScheme: 'light' };

let browser: Browser | undefined;
let server: StatusServer;
let openServer: StatusServer;
let status: AgentStatus = statusOf();

before(async () => {
  const options = { host: '127.0.0.1', port: 0, names: [], showAmounts: false };
  const day = handMadeSummary();
  const { businessDate: date, revision, number, closedAt } = day;
  const kept = { entries: 7, damaged: 0, missing: '', digest: '', kid: '' };
  const signed = {
    newest: () => ({ date, revision, number, closedAt, ...kept }),
    summary: async () => day,
  };
  const parts = { ...options, observe: () => status, signed, log: silentLog() };
  server = await startStatusServer(parts);
  openServer = await startStatusServer({ ...parts, showAmounts: true });
  if (chrome === undefined) return;
  browser = await chromium.launch({ executablePath: chrome, args: ['--no-sandbox'] });
});
after(async () => {
  await browser?.close();
  await server.stop();
  await openServer.stop();
});

async function look(
  { width, colorScheme }: Look,
  how: { javaScriptEnabled?: boolean; bypassCSP?: boolean; address?: string } = {},
) {
  if (browser === undefined) throw new Error('no browser');
  const { address = server.address, ...options } = how;
  const viewport = { width, height: 900 };
  const context = await browser.newContext({ viewport, colorScheme, ...options });
  const page = await context.newPage();
  const words: string[] = [];
  page.on('console', message => words.push(message.text()));
  page.on('pageerror', error => words.push(error.message));
  await page.goto(address);
  return { context, page, words };
}

async function checkLook(page: Page, { width, colorScheme }: Look, code: string): Promise<void> {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme });
  const needed = Number(await page.evaluate('document.documentElement.scrollWidth'));
  assert.ok(needed <= width, `${needed} px wide at ${width}`);
  if (PICTURES === undefined) return;
  const name = `${code}-${width}-${colorScheme}.png`;
  await page.screenshot({ path: join(PICTURES, name), fullPage: true });
}

for (const [code, changes, sentence] of [...STATES, ['ok', {}, /^All 214 sales/] as const]) {
  test(
    `"${code}" can be read at every width; the console is silent`,
    needs('chromium'),
    async () => {
      status = statusOf(changes);
      const { context, page, words } = await look(PHONE);
      assert.match((await page.locator('h1').textContent()) ?? '', sentence);
      for (const looks of LOOKS) await checkLook(page, looks, code);
      assert.deepEqual(words, []);
      await context.close();
    },
  );
}

/** What axe finds on the page as it stands. */
async function violations(page: Page): Promise<unknown[]> {
  if (await page.evaluate("typeof axe === 'undefined'")) {
    await page.evaluate(await readFile(AXE, 'utf8'));
  }
  const found = (await page.evaluate('axe.run().then(result => result.violations)')) as {
    id: string;
    nodes: { html: string }[];
  }[];
  return found.map(({ id, nodes }) => [id, nodes[0]?.html]);
}

test('axe finds nothing in any state, in light and in dark', needs('chromium'), async () => {
  for (const [code, changes] of [...STATES, ['ok', {}] as const]) {
    status = statusOf(changes);
    const { context, page } = await look(PHONE, { bypassCSP: true });
    for (const { width, colorScheme } of [PHONE, { width: 1280, colorScheme: 'dark' as const }]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(page), [], `${code} ${width} ${colorScheme}`);
    }
    await context.close();
  }
});

test(
  'with amounts switched on, page and Z report can be read and printed',
  needs('chromium'),
  async () => {
    const { today } = statusOf();
    status = statusOf({ today: { ...today, totals: handMadeSummary() } });
    const address = openServer.address;
    const { context, page, words } = await look(PHONE, { address, bypassCSP: true });
    for (const looks of LOOKS) await checkLook(page, looks, 'amounts');
    assert.deepEqual(await violations(page), []);
    await page.getByRole('link', { name: '2026-11-21' }).click();
    await page.getByText('summary number').waitFor();
    await page.getByRole('columnheader', { name: 'Tender' }).waitFor();
    assert.ok(await page.getByRole('link', { name: 'Back to the status page' }).isVisible());
    for (const looks of LOOKS) await checkLook(page, looks, 'z-report');
    assert.deepEqual(await violations(page), []);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    assert.equal(ground, 'rgb(255, 255, 255)', 'paper is white, also where screens are dark');
    assert.ok(await page.getByRole('link', { name: 'Back to the status page' }).isHidden());
    if (PICTURES !== undefined)
      await page.screenshot({ path: join(PICTURES, 'z-report-print.png') });
    assert.deepEqual(words, []);
    await context.close();
  },
);

test('without JavaScript the page is complete', needs('chromium'), async () => {
  status = statusOf();
  const { context, page } = await look(PHONE, { javaScriptEnabled: false });
  for (const words of ['Saved today', 'till-2', 'Connected', '2026-11-21', 'In Xero, checked']) {
    assert.ok(await page.getByText(words, { exact: true }).first().isVisible(), words);
  }
  await context.close();
});

test('a change shows within a second without a reload', needs('chromium'), async () => {
  status = statusOf();
  const { context, page } = await look({ width: 1280, colorScheme: 'dark' });
  await page.waitForTimeout(300);
  const { today } = statusOf();
  status = statusOf({ today: { ...today, transactions: 215 } });
  server.changed();
  await page.getByText('All 215 sales').waitFor({ timeout: 1000 });
  await context.close();
});
