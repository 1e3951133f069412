/** The mapping page's helpers: preview and Refresh without saving, copy from another store. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fillOffice } from './filled-office.ts';
import { type Office, startOffice } from './office.ts';
import { alertIn, type Visitor } from './visitor.ts';

let office: Office;
let admin: Visitor;
const NOW = Date.parse('2026-11-23T08:00:00Z');
const PAGE = '/mapping/orchard';
const TIPS = { 'kinds.0.name': 'tip', 'kinds.0.to': 'id-830' };
const GOOD = { products: 'id-200', payment: 'id-616', prefix: 'TB', noTax: 'NONE', ...TIPS };

before(async () => {
  office = await startOffice({ now: () => NOW });
  admin = await office.signedIn('admin');
  const store = await fillOffice(office.db, NOW);
  await office.db.write(async tx => {
    const { books, ...bare } = store;
    assert.ok(books !== undefined);
    const mapping = { ...books.mapping, payment: '616', tenders: { cash: { payment: '615' } } };
    await tx.put('stores', 'jurong', {
      ...{ ...bare, id: 'jurong', slug: 'jurong', name: 'Jurong' },
      books: { ...books, mapping },
    });
    await tx.put('stores', 'bedok', { ...bare, id: 'bedok', slug: 'bedok', name: 'Bedok' });
  });
});
after(async () => await office.stop());

async function savedPayment(): Promise<string | undefined> {
  return (await office.db.get('stores', 'orchard'))?.books?.mapping.payment;
}

test('a preview shows the form as it stands and saves nothing', async () => {
  const seen = await admin.post(PAGE, `${PAGE}/preview`, { ...GOOD, prefix: 'SHOP' });
  for (const words of ['Not saved yet', 'SHOP-orchard-20261123', '"id-616" selected']) {
    assert.ok(seen.text.includes(words), words);
  }
  assert.equal(await savedPayment(), '615');
});

test('what is copied from another store fills in the form and is not saved', async () => {
  assert.ok((await admin.get(PAGE)).text.includes('<option value="jurong">Jurong</option>'));
  const copied = await admin.post(PAGE, `${PAGE}/copy`, { from: 'jurong' });
  for (const words of ['Filled in from Jurong: look it over and press Save', '"id-616" selected']) {
    assert.ok(copied.text.includes(words), words);
  }
  assert.equal(await savedPayment(), '615');
  const wrong = await admin.post(PAGE, `${PAGE}/copy`, { from: 'bedok' });
  assert.match(alertIn(wrong.text), /same organisation/);
});

test('a store without accounts leads to the settings, with the store chosen', async () => {
  assert.equal((await admin.get('/mapping/bedok')).location, '/settings');
  const { text } = await admin.get('/settings');
  assert.match(text, /role="status">Bedok is not connected yet/);
  assert.match(text, /<option value="bedok" selected/);
  const viewer = await office.signedIn('viewer');
  assert.match(alertIn((await viewer.get('/mapping/bedok')).text), /Open Settings/);
});

test('the log of a saved mapping names accounts as Xero does, in words', async () => {
  await admin.post(PAGE, PAGE, GOOD);
  const { text } = await admin.get('/audit');
  const [row = ''] = /<tr[^>]*>(?:(?!<\/tr>)[\s\S])*Mapping saved[\s\S]*?<\/tr>/.exec(text) ?? [];
  assert.match(row, /payment: (615|Cash clearing \(615\)) → [\w ]+ \(616\)/);
  assert.doesNotMatch(row, /[{}]|nothing →/);
});

test('the whole log can be downloaded, however long it is', async () => {
  await office.db.write(async tx => {
    for (let n = 0; n < 2500; n += 1) {
      const at = new Date(NOW - 86_400_000 + n).toISOString();
      await tx.put('audit', `${at}/x`, { at, who: 'test', what: 'Counted', details: { n } });
    }
  });
  const { text } = await admin.get('/audit.csv');
  assert.equal(text.match(/,Counted,n: \d+\r\n/g)?.length, 2500);
});
