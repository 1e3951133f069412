/** What the running relay has in memory before anybody connects Xero. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RelayFolder } from './relay-process.ts';

/** Writes down every module that is resolved (node:module, customization hooks). */
const hook = (list: string) => `import { appendFileSync } from 'node:fs';
  export async function resolve(specifier, context, next) {
    const found = await next(specifier, context);
    appendFileSync(${JSON.stringify(list)}, found.url + '\\n');
    return found;
  }`;

it('the relay that nobody has connected to Xero carries no xero-node, and never a broker', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-loads-'));
  const list = join(folder, 'loaded.txt');
  const code = `data:text/javascript,${encodeURIComponent(hook(list))}`;
  const recorder = join(folder, 'recorder.mjs');
  await writeFile(
    recorder,
    `import { register } from 'node:module'; register(${JSON.stringify(code)});`,
  );
  const NODE_OPTIONS = `--import=${pathToFileURL(recorder).href}`;
  const relay = await new RelayFolder(join(folder, 'relay')).start({ NODE_OPTIONS });
  const page = await fetch(`${relay.url}/sign-in`);
  assert.equal(page.status, 200);
  assert.equal(await relay.stop(), 0);
  const loaded = await readFile(list, 'utf8');
  assert.match(loaded, /node_modules\/express\//);
  assert.doesNotMatch(loaded, /node_modules\/(xero-node|aedes|mqtt)\//);
  await rm(folder, { recursive: true });
});
