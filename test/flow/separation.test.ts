/** Each program loads only its own side: a shop carries no Xero code, the relay no broker. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { kill, Stage } from '../support/stage.ts';

/** A module hook that writes down every module a process loads (node:module, customization hooks). */
const RECORDER = `import { appendFileSync } from 'node:fs';
import { register } from 'node:module';
const hook = 'import { appendFileSync } from "node:fs"; export async function resolve(s, c, next) {' +
  ' const r = await next(s, c); appendFileSync(' + JSON.stringify(process.env.LOADED_FILE) +
  ', r.url + "\\\\n"); return r; }';
register('data:text/javascript,' + encodeURIComponent(hook));
import Module from 'node:module';
const load = Module._load;
Module._load = function (request, parent, ...rest) {
  appendFileSync(process.env.LOADED_FILE, 'cjs:' + request + '\\n');
  return load.call(this, request, parent, ...rest);
};
`;

describe('what a program loads', () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.raise();
  });
  after(() => stage.stop());

  const loadedBy = async (name: string, start: (env: Record<string, string>) => Promise<void>) => {
    const recorder = join(stage.folder, 'recorder.mjs');
    const loaded = join(stage.folder, `${name}.loaded`);
    await writeFile(recorder, RECORDER);
    await writeFile(loaded, '');
    const NODE_OPTIONS = `--import=${pathToFileURL(recorder).href}`;
    await start({ NODE_OPTIONS, LOADED_FILE: loaded });
    return await readFile(loaded, 'utf8');
  };

  it('the agent takes aedes and never xero-node', async () => {
    await kill(stage.agent);
    const loaded = await loadedBy('agent', env => stage.startAgent(env));
    assert.match(loaded, /node_modules\/aedes\//);
    assert.doesNotMatch(loaded, /xero-node/);
  });

  it('the relay takes neither aedes nor mqtt', async () => {
    await kill(stage.relay);
    const loaded = await loadedBy('relay', env => stage.startRelay(env));
    assert.match(loaded, /node_modules\/express\//);
    assert.doesNotMatch(loaded, /node_modules\/(aedes|mqtt)\//);
  });
});
