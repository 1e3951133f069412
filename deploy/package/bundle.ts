/**
 * A program as one file: esbuild follows the imports of the compiled main.js, and everything that
 * is read from beside the code otherwise (version, assets, xero-node's own copies) goes in. Goes
 * out: an executable ES module that needs nothing but Node, and which packages are in it.
 */

import { chmod, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { type Packed, shippedAssets, shippedVersion } from '../../protocol/host/shipped.ts';
import { type BundledPackage, noticesOf, readPackage } from './notices.ts';

/** Compiled code. */
const DIST = fileURLToPath(new URL('../../', import.meta.url));
const SDK_COPIES = /relay[/\\]xero[/\\]sdk-copies\.js$/;
/** pg asks for it only when `pg.native` is used. */
const NOT_THERE = ['pg-native'];

export interface ProgramParts {
  name: 'agent' | 'relay';
  /** Folders whose assets its pages need. */
  assets: readonly string[];
}

export interface Bundle {
  file: string;
  packages: readonly BundledPackage[];
  notices: string;
}

/** Writes the program to `file`. @throws when an import cannot be followed */
export async function bundleProgram({ name, assets }: ProgramParts, file: string): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    entryPoints: [`${DIST}${name}/main.js`],
    absWorkingDir: dirname(DIST),
    bundle: true,
    write: false,
    metafile: true,
    outfile: file,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    // Names stay as they are written: a stack trace of a shop must be readable.
    minifySyntax: true,
    legalComments: 'none',
    external: NOT_THERE,
    define: { TILLBOOK_PACKED: JSON.stringify(packedFor(assets)) },
    plugins: [sdkCopies],
    // Packages in CommonJS ask for Node's own modules by `require`.
    banner: {
      js: "import { createRequire as $require } from 'node:module';\nconst require = $require(import.meta.url);",
    },
    // A linked node_modules must not bring the paths of this machine into the file.
    preserveSymlinks: true,
    logLevel: 'warning',
  });
  const packages = await Promise.all(foldersIn(metafile).map(readPackage));
  const notices = await noticesOf(packages);
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`esbuild made nothing of ${name}`);
  await writeFile(file, `${head(name)}${withoutHashbang(output.text)}${comment(notices)}`);
  await chmod(file, 0o755);
  return { file, packages, notices };
}

function packedFor(folders: readonly string[]): Packed {
  const assets = folders.map(
    folder => [folder, Object.fromEntries(shippedAssets(folder))] as const,
  );
  return { version: shippedVersion(), assets: Object.fromEntries(assets) };
}

function head(name: string): string {
  return [
    '#!/usr/bin/env node',
    `// tillbook-${name} ${shippedVersion()}, Apache-2.0; needs Node 20.19 or newer and nothing else.`,
    '// The licences of the packages within stand at the end of this file.\n',
  ].join('\n');
}

function withoutHashbang(text: string): string {
  return text.replace(/^#!.*\n/, '');
}

/** The texts travel with every copy of the file, as most licences ask. */
function comment(notices: string): string {
  return `\n/*\n${notices.replaceAll('*/', '* /')}*/\n`;
}

/** The copies that xero-node itself would find, found now instead of at run time. */
const sdkCopies: Plugin = {
  name: 'sdk-copies',
  setup({ onLoad }) {
    onLoad({ filter: SDK_COPIES }, () => ({
      contents: [
        'export function loadCopies() {',
        "  return { openId: require('openid-client'), axios: require('axios') };",
        '}',
      ].join('\n'),
      resolveDir: dirname(createRequire(import.meta.url).resolve('xero-node')),
      loader: 'js',
    }));
  },
};

/** `node_modules/a/node_modules/@b/c/…` → the folder of `@b/c` there. */
function foldersIn(metafile: Metafile): string[] {
  const folders = new Set<string>();
  for (const path of Object.keys(metafile.inputs)) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  return [...folders].sort();
}
