/** A store's page at work: renamed, its code made anew, its machine no longer believed, its keys. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeSigningKey, signJws } from '../../../protocol/signing.ts';
import { verifyFile } from '../../../relay/cli/verify-file.ts';
import { handMadeSummary } from '../../support/summaries.ts';
import { fillOffice } from './filled-office.ts';
import { type Office, startOffice } from './office.ts';
import { alertIn, type Visitor } from './visitor.ts';

let office: Office;
let admin: Visitor;
const NOW = Date.parse('2026-11-23T08:00:00Z');
const PAGE = '/stores/orchard';

before(async () => {
  office = await startOffice({ now: () => NOW });
  admin = await office.signedIn('admin');
  await fillOffice(office.db, NOW);
});
after(async () => await office.stop());

async function freshCode(): Promise<string> {
  await admin.post(PAGE, `${PAGE}/code`);
  return /class="secret">([^<]+)</.exec((await admin.get(PAGE)).text)?.[1] ?? '';
}

test('a store is renamed, and its trading day begins elsewhere from the next day on', async () => {
  const change = { name: 'Orchard Central', timezone: 'Asia/Kuala_Lumpur', cutOver: '04:00' };
  assert.equal((await admin.post(PAGE, PAGE, change)).location, PAGE);
  const store = await office.db.get('stores', 'orchard');
  assert.deepEqual([store?.name, store?.timezone, store?.cutOver], Object.values(change));
  assert.equal(store?.slug, 'orchard', 'numbers in Xero go by the slug');
  const wrong = await admin.post(PAGE, PAGE, { ...change, cutOver: '25:00' });
  assert.match(alertIn(wrong.text), /no time of day/);
});

test('a new enrolment code ends the one before', async () => {
  const first = await freshCode();
  const second = await freshCode();
  assert.match(second, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
  assert.notEqual(first, second);
  assert.equal((await office.db.list('enrolmentCodes')).length, 1);
});

test('a shop’s public keys are downloaded, and check its summary offline', async t => {
  const key = await makeSigningKey();
  const row = { store: 'orchard', jwk: key.publicJwk, enrolledAt: new Date(NOW).toISOString() };
  await office.db.write(tx => tx.put('agentKeys', key.kid, row));
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-keys-'));
  t.after(() => rm(folder, { recursive: true }));
  const { text, headers } = await admin.get(`${PAGE}/keys.json`);
  assert.match(headers.get('content-disposition') ?? '', /filename="?orchard-keys\.json/);
  const [keys, day] = [join(folder, 'keys.json'), join(folder, 'day.jws')];
  await writeFile(keys, text);
  await writeFile(day, await signJws(handMadeSummary(), 'tillbook-day+jws', key));
  assert.equal((await verifyFile(day, keys)).good, true);
});

test('a revoked shop is not believed any more, and the page says so', async () => {
  assert.ok((await admin.get(PAGE)).text.includes('>Connected<'));
  await admin.post(PAGE, `${PAGE}/revoke`);
  const { text } = await admin.get(PAGE);
  assert.ok(text.includes('role="status">The agent of Orchard Central is no longer believed'));
  assert.ok(text.includes('>Not enrolled<'));
  const keys = (await office.db.list('agentKeys')).map(({ value }) => value.revokedAt);
  assert.ok(keys.every(revokedAt => revokedAt !== undefined));
});
