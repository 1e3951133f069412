/** The tills that may sell: their secrets, and changes that come at the same time. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { openTerminals } from '../../../agent/broker/terminals.ts';
import { isAppError } from '../../../protocol/errors.ts';

const clock = { nowMs: () => Date.parse('2026-11-22T10:00:00Z') };
const folder = () => mkdtemp(join(tmpdir(), 'tillbook-terminals-'));

it('tills that are added at the same moment are all there, after a restart too', async () => {
  const dataDir = await folder();
  const terminals = await openTerminals(dataDir, clock);
  const ids = ['till-1', 'till-2', 'till-3', 'till-4'];
  const added = await Promise.all(ids.map(id => terminals.add(id)));
  const again = await openTerminals(dataDir, clock);
  for (const { id, password } of added) assert.ok(again.check(id, password), id);
});

it('of two people who add the same till at once, one is told that it exists', async () => {
  const terminals = await openTerminals(await folder(), clock);
  const [first, second] = await Promise.allSettled([
    terminals.add('till-1'),
    terminals.add('till-1'),
  ]);
  assert.equal(first.status, 'fulfilled');
  assert.ok(second.status === 'rejected' && isAppError(second.reason, 'already-exists'));
});

it('a rotated secret ends the old one, and the file holds neither', async () => {
  const dataDir = await folder();
  const terminals = await openTerminals(dataDir, clock);
  const { password } = await terminals.add('till-1');
  const rotated = await terminals.rotate('till-1');
  assert.equal(terminals.check('till-1', password), false);
  assert.equal(terminals.check('till-1', rotated.password), true);
  const text = await readFile(join(dataDir, 'terminals.json'), 'utf8');
  assert.ok(!text.includes(password) && !text.includes(rotated.password));
});
