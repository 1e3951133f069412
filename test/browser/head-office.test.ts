/**
 * HQ's way in a real browser, by visible labels only: set-up link, first store, Xero's consent, the
 * two default accounts; wide and narrow, with and without JavaScript, the console silent under the
 * strict policy, nothing for axe to find. With TILLBOOK_PICTURES=folder it leaves pictures.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { dateOf, fillOffice } from '../relay/hq/filled-office.ts';
import { APP, type Office, PASSWORD, startOffice } from '../relay/hq/office.ts';
import { findTool, needs } from '../support/tools.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PICTURES = process.env['TILLBOOK_PICTURES'];
const chrome = findTool('chromium');

let browser: Browser | undefined;
before(async () => {
  if (chrome === undefined) return;
  browser = await chromium.launch({ executablePath: chrome, args: ['--no-sandbox'] });
});
after(async () => await browser?.close());

/** Opens a page; what the console says is gathered in `words`. */
async function open(options: BrowserContextOptions) {
  if (browser === undefined) throw new Error('no browser');
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const words: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') words.push(message.text());
  });
  page.on('pageerror', error => words.push(error.message));
  return { context, page, words };
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.waitForLoadState('load');
}

/** Chooses the option whose text begins so. */
async function choose(page: Page, label: string, text: string): Promise<void> {
  const list = page.getByLabel(label, { exact: true });
  const option = list.locator('option').filter({ hasText: new RegExp(`^${text}`) });
  await list.selectOption(await option.first().getAttribute('value'));
}

async function setUp(page: Page, office: Office): Promise<void> {
  await page.goto(await office.setUpLink());
  await page.getByLabel('Email').fill('owner@example.com');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Repeat password').fill(PASSWORD);
  await press(page, 'Create admin');
  await page.getByRole('link', { name: 'Stores' }).click();
  await page.getByLabel('Name').fill('Orchard Road');
  await page.getByLabel('Time zone').fill('Asia/Singapore');
  await page.getByLabel('Currency').fill('SGD');
  await press(page, 'Add store');
  await page.getByText('tillbook-agent enrol --relay').waitFor();
}

async function sevenSteps(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByLabel('Client ID').fill(APP.clientId);
  await page.getByLabel('Client Secret').fill(APP.clientSecret);
  await press(page, 'Submit');
  await press(page, 'Allow access');
  await page.waitForURL('**/settings');
  await page.getByRole('status').getByText('Xero is connected: Demo Company (SG)').waitFor();
  await choose(page, 'Store', 'Orchard Road');
  await choose(page, 'Organisation', 'Demo Company');
  await choose(page, 'Accounts for Products', 'Sales');
  await choose(page, 'Default Payment Account', 'Card Clearing');
  await press(page, 'Save');
  await page.getByRole('status').getByText('Saved: Orchard Road').waitFor();
}

const WAYS: [name: string, options: BrowserContextOptions][] = [
  ['on a desk', { viewport: { width: 1280, height: 900 } }],
  ['on a phone, in the dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
  [
    'on a phone without JavaScript',
    { viewport: { width: 390, height: 844 }, javaScriptEnabled: false },
  ],
];

for (const [name, options] of WAYS) {
  test(`HQ sets up, adds a store and goes the seven steps ${name}`, needs('chromium'), async () => {
    const office = await startOffice();
    const { context, page, words } = await open(options);
    try {
      await setUp(page, office);
      await sevenSteps(page);
      const chosen = page.getByLabel('Default Payment Account', { exact: true });
      assert.match((await chosen.locator('option:checked').textContent()) ?? '', /Card Clearing/);
      assert.equal(new URL(page.url()).search, '');
      assert.deepEqual(words, []);
    } finally {
      await context.close();
      await office.stop();
    }
  });
}

const PAGES: Record<string, string> = {
  days: '/days',
  calendar: '/calendar?month=2026-11',
  stores: '/stores',
  store: '/stores/orchard',
  settings: '/settings',
  mapping: '/mapping/orchard',
  'day-reconciled': `/days/orchard/${dateOf('reconciled')}`,
  'day-waiting': `/days/orchard/${dateOf('waiting')}`,
  'day-missing': `/days/orchard/${dateOf('missing')}`,
  users: '/users',
  alerts: '/alerts',
  audit: '/audit',
  account: '/account',
};

async function checkPage(page: Page, name: string): Promise<void> {
  const axe = await readFile(AXE, 'utf8');
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const needed = Number(await page.evaluate('document.documentElement.scrollWidth'));
      assert.ok(needed <= width, `${name} is ${needed} px wide at ${width}`);
      // Several boxes in a stacked cell would fall under the column's name, one line each.
      const loose = await page.evaluate("document.querySelectorAll('.stack td > * + *').length");
      assert.equal(loose, 0, `${name} has a cell of several boxes`);
      const found = (await page.evaluate(`(() => { ${axe}; return axe.run(); })()`)) as {
        violations: { id: string; nodes: { html: string }[] }[];
      };
      const ids = found.violations.map(({ id, nodes }) => [id, nodes[0]?.html]);
      assert.deepEqual(ids, [], `${name} ${width} ${colorScheme}`);
      if (PICTURES === undefined) continue;
      const path = join(PICTURES, `hq-${name}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
    }
  }
}

/** What a press brings forth once, and no address does. */
const MOMENTS: [name: string, path: string, button: string, fields?: Record<string, string>][] = [
  ['enrolment-code', '/stores/orchard', 'New enrolment code'],
  ['second-step', '/account', 'Set up'],
  ['invitation', '/users', 'Make invitation link', { 'For whom': 'Mei' }],
  ['api-token', '/users', 'Make API token', { 'Name of the program': 'reporting' }],
  ['webhook-secret', '/alerts', 'Add webhook', { Address: 'https://hooks.example/tillbook' }],
  ['mail-failed', '/alerts', 'Send me a test mail'],
  ['not-saved-yet', '/mapping/orchard', 'Preview without saving'],
  ['store-refused', '/stores', 'Add store', { Name: 'Bedok', 'Time zone': 'Nowhere' }],
];

test('axe finds nothing on any page, nothing runs off the side', needs('chromium'), async () => {
  const now = Date.parse('2026-11-23T08:00:00Z');
  const office = await startOffice({ now: () => now, withMail: true });
  await office.signedIn('admin');
  await fillOffice(office.db, now);
  const { context, page, words } = await open({});
  try {
    await page.goto(`${office.url}/sign-in`);
    await checkPage(page, 'sign-in');
    await page.getByLabel('Email').fill('admin@example.com');
    await page.getByLabel('Password').fill(PASSWORD);
    await press(page, 'Sign in');
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(office.url + path);
      await checkPage(page, name);
    }
    for (const [name, path, button, fields = {}] of MOMENTS) {
      await page.goto(office.url + path);
      for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
      await press(page, button);
      await checkPage(page, name);
    }
    assert.deepEqual(words, []);
  } finally {
    await context.close();
    await office.stop();
  }
});

test(
  'a wrong password is told in an alert, and the console stays silent',
  needs('chromium'),
  async () => {
    const office = await startOffice();
    const { context, page, words } = await open({});
    try {
      await page.goto(`${office.url}/sign-in`);
      await page.getByLabel('Email').fill('nobody@example.com');
      await page.getByLabel('Password').fill('wrong');
      await press(page, 'Sign in');
      await page.getByRole('alert').getByText('Email or password is wrong').waitFor();
      assert.equal(new URL(page.url()).pathname, '/sign-in');
      assert.deepEqual(words, []);
    } finally {
      await context.close();
      await office.stop();
    }
  },
);
