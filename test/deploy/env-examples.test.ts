/** The env examples say what the programs understand. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ENV_EXAMPLES } from '../../deploy/env-examples.ts';

for (const [name, content] of Object.entries(ENV_EXAMPLES)) {
  test(`deploy/${name} is current (npm run env-examples)`, async () => {
    const file = new URL(`../../../deploy/${name}`, import.meta.url);
    assert.equal(await readFile(file, 'utf8'), content);
  });
}
