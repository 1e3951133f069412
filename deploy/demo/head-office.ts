/**
 * Head office in the demo: registers the app at the stand-in, goes through the seven steps of the
 * settings page the way a browser would, and maps the names that need an account of their own.
 */
import { request } from 'undici';
import { FormBrowser } from './form-browser.ts';

export const ADMIN = { email: 'owner@example.com', password: 'correct horse battery staple' };
export const APP = {
  clientId: 'DEMO0CLIENT0ID0000000000000000AA',
  clientSecret: 'demo-client-secret-1',
};
const STORE_NAME = 'Tanjong Pagar';

export interface Addresses {
  relay: string;
  xero: string;
}

/** Calls one of the stand-in's controls. */
export async function controlXero(xero: string, call: string, argument: object): Promise<unknown> {
  const answer = await request(`${xero}/_control/${call}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(argument),
  });
  if (answer.statusCode !== 200) throw new Error(`${call}: ${await answer.body.text()}`);
  return await answer.body.json();
}

/** At Xero: the app that HQ makes on the "New app" page, and an account for the safe. */
export async function prepareXero({ relay, xero }: Addresses): Promise<void> {
  await controlXero(xero, 'registerApp', { ...APP, redirectUris: [`${relay}/xero/callback`] });
  await controlXero(xero, 'addAccount', { code: '625', name: 'Cash in Safe', type: 'CURRENT' });
}

/** Sign in, Client ID, Client Secret, Submit, allow access, Store … Default Payment Account, Save. */
export async function connectXero(
  { relay }: Addresses,
  onStep: (step: string) => void,
): Promise<void> {
  const browser = new FormBrowser();
  await browser.open(`${relay}/sign-in`);
  await browser.submit('Sign in', { Email: ADMIN.email, Password: ADMIN.password });
  await browser.open(`${relay}/settings`);
  onStep('Client ID, Client Secret, Submit');
  await browser.submit('Submit', {
    'Client ID': APP.clientId,
    'Client Secret': APP.clientSecret,
  });
  onStep('Allow access at Xero');
  await browser.submit('Allow access');
  if (!browser.url.startsWith(`${relay}/settings`)) {
    throw new Error(`the consent ended at ${browser.url}: ${browser.text}`);
  }
  onStep('Store, Organisation, Accounts for Products, Default Payment Account, Save');
  await browser.submit('Save', {
    Store: STORE_NAME,
    Organisation: 'Demo Company (SG)',
    'Accounts for Products': 'Sales',
    'Default Payment Account': 'Card Clearing',
  });
}

/** What a simple shop may leave out: categories, tenders, tips, gift cards and cash movements. */
export async function mapNames(relay: string, store: string, token: string): Promise<void> {
  const url = `${relay}/api/v1/stores/${store}/mapping`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const saved = await request(url, { headers });
  const mapping = (await saved.body.json()) as Record<string, unknown>;
  const answer = await request(url, {
    method: 'PUT',
    headers,
    body: JSON.stringify({
      ...mapping,
      categories: {
        Coffee: { account: '201' },
        Food: { account: '202' },
        Retail: { account: '203' },
      },
      kinds: { tip: '832', 'gift-card': '830' },
      tenders: {
        card: { payment: '620' },
        cash: { payment: '621' },
        paynow: { payment: '622' },
        'gift-card': { line: '830' },
      },
      cash: { float: '625', milk: '420' },
      overShort: '421',
    }),
  });
  if (answer.statusCode !== 200) throw new Error(`mapping: ${await answer.body.text()}`);
}
