/**
 * The bill of materials of one program: CycloneDX by `npm sbom` from the lock file, cut down to the
 * packages that are inside the program. The same sources give the same bytes.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BundledPackage } from './notices.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const OUTPUT_BYTES_MAX = 32 * 1024 * 1024;

/** The parts of CycloneDX 1.5 that are changed here. */
export interface Sbom {
  serialNumber: string;
  metadata: { timestamp: string; component: { name: string; 'bom-ref': string } };
  components: { name: string; version: string; 'bom-ref': string }[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

/**
 * Everything in the lock file, as npm says it. Not `--omit=dev`: npm 11 then leaves out what both a
 * program and a tool of development need (undici, ms).
 */
export async function npmSbom(): Promise<Sbom> {
  const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx'];
  const options = { cwd: ROOT, maxBuffer: OUTPUT_BYTES_MAX };
  const { stdout } = await promisify(execFile)('npm', args, options);
  return JSON.parse(stdout) as Sbom;
}

/**
 * @param packages what is inside the program
 * @param madeAt seconds since 1970 that stand for the time of the build
 * @throws Error when npm does not know one of them
 */
export function sbomOf(
  all: Sbom,
  program: string,
  packages: readonly BundledPackage[],
  madeAt: number,
): Sbom {
  const inside = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const components = all.components.filter(one => inside.delete(`${one.name}@${one.version}`));
  if (inside.size > 0) throw new Error(`not in the lock file: ${[...inside].join(', ')}`);
  const root = all.metadata.component['bom-ref'];
  const refs = new Set([root, ...components.map(one => one['bom-ref'])]);
  const dependencies = all.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(to => refs.has(to)) }));
  const digest = createHash('sha256')
    .update(JSON.stringify([program, components]))
    .digest('hex');
  return {
    ...all,
    serialNumber: `urn:uuid:${asUuid(digest)}`,
    metadata: {
      ...all.metadata,
      timestamp: new Date(madeAt * 1000).toISOString(),
      component: { ...all.metadata.component, name: program },
    },
    components,
    dependencies,
  };
}

/** A UUID of version 8 (RFC 9562): made of a digest instead of chance. */
function asUuid(digest: string): string {
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`];
  return [...parts, `a${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-');
}
