/** Each bench writes its own part of the results, and only that. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Part, quantile, type Section, table, writeSection } from './results.ts';

async function newFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-results-'));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, 'RESULTS.md');
}

function section(part: Part, body: string): Section {
  const targets = [{ target: 'within 60 s', measured: '61 s', reached: false }];
  return { part, title: `About ${part}`, command: `npm run bench:${part}`, targets, body };
}

test('a bench replaces its own part of the results and leaves the others', async t => {
  const file = await newFile(t);
  await writeSection(section('pages', 'pages, first'), file);
  await writeSection(section('relay', 'relay, first'), file);
  await writeSection(section('pages', 'pages, second'), file);
  const text = await readFile(file, 'utf8');
  assert.ok(text.indexOf('relay, first') < text.indexOf('pages, second'), text);
  assert.doesNotMatch(text, /pages, first/);
  assert.equal(text.match(/^# Bench results$/gm)?.length, 1);
});

test('a target that was missed says so', async t => {
  const text = await writeSection(section('relay', ''), await newFile(t));
  assert.match(text, /^\| within 60 s \| 61 s \| \*\*no\*\* \|$/m);
  assert.match(text, /^`npm run bench:relay`: \d{4}-\d\d-\d\d, Node v/m);
});

test('a table aligns its numbers to the right', () => {
  assert.equal(table(['page', 'ms'], [['/days', 12]]), '| page | ms |\n|---|---:|\n| /days | 12 |');
});

test('the median of four is the third, and the largest is the last', () => {
  const values = [4, 1, 3, 2];
  assert.deepEqual([quantile(values, 0.5), quantile(values, 1)], [3, 4]);
});
