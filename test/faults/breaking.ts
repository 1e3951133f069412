/**
 * Loaded before a program of a canary (`node --import`): replaces lines of the program's compiled
 * code on their way into memory, as `canaries.ts` says. The files stay as they are, and the product
 * has no switch for it. A line that is not there exactly once ends the program.
 */
import { type LoadHook, register } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { type CanaryName, changesIn } from './canaries.ts';

const ROOT = new URL('../../', import.meta.url).href;

/** Node's hooks run in a thread of their own, which loads this file once more. */
if (isMainThread) register(import.meta.url);

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  const { source } = loaded;
  if (!url.startsWith(ROOT) || source === undefined || source === null) return loaded;
  const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString();
  const name = process.env['TILLBOOK_CANARY'] as CanaryName;
  return { ...loaded, source: changesIn(name, url.slice(ROOT.length), text) };
};
