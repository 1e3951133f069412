/** The Windows service, as far as it can be read here: nobody has run it, and it says so. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { load } from 'cheerio';
import { SETTINGS } from '../../agent/config.ts';

const FILE = new URL('../../../deploy/windows/tillbook-agent.xml', import.meta.url);

test('the definition names the one file, real settings, a small account, and is marked untested', async () => {
  const text = await readFile(FILE, 'utf8');
  const $ = load(text, { xml: true });
  assert.match(text, /UNTESTED/);
  assert.match($('service > arguments').text(), /tillbook-agent\.mjs" run$/);
  assert.equal($('service > serviceaccount > username').text(), 'NT AUTHORITY\\LocalService');
  const known = new Set<string>(Object.values(SETTINGS).map(({ name }) => name));
  const named = $('service > env')
    .map((_, element) => $(element).attr('name') ?? '')
    .get();
  assert.deepEqual(
    named.filter(name => !known.has(name)),
    [],
  );
  assert.equal($('service > onfailure').attr('action'), 'restart');
});
