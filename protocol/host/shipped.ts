/**
 * What is shipped beside the code: the version, and the files that pages are made of. Compiled code
 * has them as files (package.json, the folders named assets); in a program that is one file, its
 * packager (deploy/package/bundle.ts) has put them inside as TILLBOOK_PACKED.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** What the packager defines. */
export interface Packed {
  version: string;
  /** Text by name, by folder: `{'agent/status': {'status.css': '…'}}`. */
  assets: Record<string, Record<string, string>>;
}

declare const TILLBOOK_PACKED: Packed;

const packed = typeof TILLBOOK_PACKED === 'undefined' ? undefined : TILLBOOK_PACKED;
/** Of the compiled code; package.json is one above. */
const ROOT = new URL('../../', import.meta.url);

export function shippedVersion(): string {
  if (packed !== undefined) return packed.version;
  const text = readFileSync(new URL('../package.json', ROOT), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * The files that pages of a folder are made of, by name, in the order of their names.
 * @param folder of the sources, e.g. `agent/status`
 */
export function shippedAssets(folder: string): ReadonlyMap<string, string> {
  const inside = packed?.assets[folder];
  if (inside !== undefined) return new Map(Object.entries(inside));
  const url = new URL(`${folder}/assets/`, ROOT);
  const names = readdirSync(url).sort();
  return new Map(names.map(name => [name, readFileSync(new URL(name, url), 'utf8')]));
}
