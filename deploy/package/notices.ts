/**
 * Names, versions and licence texts of the packages that are inside a program. Comes in: their
 * folders. Goes out: THIRD-PARTY-NOTICES. A package without a licence that may be passed on stops
 * the packager: nothing goes out by accident.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Permissive licences (SPDX): they ask for their text to be passed on, and nothing of our code. */
export const ALLOWED_LICENCES: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
];

export interface BundledPackage {
  /** From the project's root, e.g. `node_modules/a/node_modules/b`. */
  folder: string;
  name: string;
  version: string;
  /** SPDX. */
  licence: string;
}

interface Manifest {
  name: string;
  version: string;
  license?: string;
  author?: string | { name: string };
}

/** @throws Error when its licence is not one that we may pass on */
export async function readPackage(folder: string): Promise<BundledPackage> {
  const { name, version, license: licence } = await manifestOf(folder);
  if (licence === undefined || !isAllowed(licence)) {
    throw new Error(`${name} ${version}: the licence ${licence} is not in ALLOWED_LICENCES`);
  }
  return { folder, name, version, licence };
}

/** One allowed name, or `(A OR B)` with an allowed one among them. */
export function isAllowed(licence: string): boolean {
  return licence
    .replace(/[()]/g, '')
    .split(' OR ')
    .some(one => ALLOWED_LICENCES.includes(one));
}

export async function noticesOf(packages: readonly BundledPackage[]): Promise<string> {
  const parts = await Promise.all(packages.map(noticeOf));
  const line = '-'.repeat(72);
  return [
    'Tillbook contains the packages below, each under its own licence.\n',
    ...parts.map(part => `${line}\n${part.trim()}\n`),
  ].join('\n');
}

async function noticeOf({ folder, name, version, licence }: BundledPackage): Promise<string> {
  return `${name} ${version} (${licence})\n\n${(await licenceText(folder)).trim()}`;
}

/** The package's licence file; else the part of its README; else what its manifest says. */
async function licenceText(folder: string): Promise<string> {
  const names = (await readdir(join(ROOT, folder))).sort();
  const wanted = names.filter(name => /^(licen[cs]e|copying|notice)/i.test(name));
  if (wanted.length > 0) {
    const texts = await Promise.all(wanted.map(name => readFile(join(ROOT, folder, name), 'utf8')));
    return texts.join('\n');
  }
  const readme = names.find(name => /^readme/i.test(name));
  const text = readme === undefined ? '' : await readFile(join(ROOT, folder, readme), 'utf8');
  const section = /^(?:#+ *licen[cs]e|licen[cs]e\n-+)\s*\n([\s\S]*?)(?=^#|(?![\s\S]))/im.exec(text);
  if (section?.[1] !== undefined) return section[1];
  const { author, license } = await manifestOf(folder);
  const by = typeof author === 'object' ? author.name : author;
  return `Copyright ${by ?? 'its authors'}; the package names the licence ${license}.`;
}

async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}
