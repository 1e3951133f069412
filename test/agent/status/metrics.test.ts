/** Every metric the agent tells is explained to who watches it. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createMetrics } from '../../../agent/status/metrics.ts';
import { statusOf } from '../../support/status.ts';

test("deploy/README.md has every name of the agent's metrics in its table", async () => {
  const text = await createMetrics(() => statusOf()).text();
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '');
  const readme = await readFile(new URL('../../../../deploy/README.md', import.meta.url), 'utf8');
  assert.ok(names.length > 14);
  assert.deepEqual(
    names.filter(name => !readme.includes(`| \`${name}\` |`)),
    [],
  );
});
