/** Runs the packager for a test, and installs the .deb into a root folder of its own. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { shippedVersion } from '../../protocol/host/shipped.ts';
import { needs, toolsAreRequired } from '../support/tools.ts';

const run = promisify(execFile);
const PACKAGER = fileURLToPath(new URL('../../deploy/package/main.js', import.meta.url));
/** Seconds since 1970; any will do. */
export const MADE_AT = 1_790_000_000;

/** The name of the agent's package. */
export const DEB = `tillbook-agent_${shippedVersion()}_all.deb`;

/** `npm run package -- --out FOLDER`, without building again what is being tested. */
export async function pack(out: string): Promise<void> {
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(MADE_AT) };
  await run(process.execPath, [PACKAGER, '--out', out], { env });
}

/** dpkg gives files to the package's own user: only root can. */
export function installing(): { skip?: string } {
  if (process.getuid?.() === 0) return needs('dpkg-deb', 'mosquitto_pub');
  const reason = 'needs root to install a Debian package';
  if (toolsAreRequired()) throw new Error(reason);
  return { skip: reason };
}

/**
 * `dpkg -i` on an empty root. What the package depends on comes from this machine; its scripts run,
 * and have nothing to start there.
 */
export async function install(deb: string, root: string): Promise<string> {
  await mkdir(join(root, 'var/lib/dpkg/info'), { recursive: true });
  await mkdir(join(root, 'var/lib/dpkg/updates'), { recursive: true });
  await mkdir(join(root, 'etc'), { recursive: true });
  await writeFile(join(root, 'var/lib/dpkg/status'), '', { flag: 'a' });
  await chmod(root, 0o755);
  return await dpkg(root, '-i', deb);
}

export async function dpkg(root: string, ...args: string[]): Promise<string> {
  const how = [`--root=${root}`, '--force-script-chrootless', '--force-depends', '--log=/dev/null'];
  const { stdout } = await run('dpkg', [...how, ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return stdout;
}

/** A line of /etc/tillbook/agent.env as an admin would write it. */
export async function setInstalled(root: string, name: string, value: string): Promise<void> {
  const file = join(root, 'etc/tillbook/agent.env');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(new RegExp(`^#?${name}=.*$`, 'm'), `${name}=${value}`));
}
