/**
 * The agent as a Debian package. Comes in: its one file with notices and bill of materials. Goes
 * out: a .deb that `dpkg -i` installs without a network. The same sources and SOURCE_DATE_EPOCH give
 * the same bytes: names, modes, owners and times are set here, none is taken from this machine.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SETTINGS } from '../../agent/config.ts';
import { envExample } from '../../protocol/host/settings.ts';
import { shippedVersion } from '../../protocol/host/shipped.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SOURCES = join(ROOT, 'deploy/debian');
const NAME = 'tillbook-agent';
const DOC = `usr/share/doc/${NAME}`;

export interface DebParts {
  /** The one-file program. */
  program: string;
  notices: string;
  /** The bill of materials, JSON. */
  sbom: string;
  /** Seconds since 1970 that every file in it carries. */
  madeAt: number;
}

interface Entry {
  /** Within the package. */
  path: string;
  mode: number;
  content: string | Buffer;
}

/** Writes `tillbook-agent_<version>_all.deb` into the folder. @returns its path */
export async function makeDeb(parts: DebParts, folder: string): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'tillbook-deb-'));
  try {
    const entries = await entriesOf(parts);
    for (const entry of [...entries, ...(await controlOf(entries))]) await put(tree, entry);
    await settle(tree, parts.madeAt);
    const file = join(folder, `${NAME}_${shippedVersion()}_all.deb`);
    await promisify(execFile)(
      'dpkg-deb',
      ['--root-owner-group', '-Zxz', '--threads-max=1', '--build', tree, file],
      { env: { ...process.env, SOURCE_DATE_EPOCH: String(parts.madeAt) } },
    );
    return file;
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

async function entriesOf({ program, notices, sbom }: DebParts): Promise<Entry[]> {
  const source = (name: string) => readFile(join(SOURCES, name));
  return [
    { path: `usr/bin/${NAME}`, mode: 0o755, content: await source(NAME) },
    { path: `usr/lib/${NAME}/${NAME}.mjs`, mode: 0o755, content: await readFile(program) },
    {
      path: `usr/lib/systemd/system/${NAME}.service`,
      mode: 0o644,
      content: await source(`${NAME}.service`),
    },
    {
      path: `usr/lib/sysusers.d/${NAME}.conf`,
      mode: 0o644,
      content: await source('sysusers.conf'),
    },
    { path: 'etc/tillbook/agent.env', mode: 0o644, content: installedEnv() },
    { path: `${DOC}/copyright`, mode: 0o644, content: await readFile(join(ROOT, 'LICENSE')) },
    { path: `${DOC}/THIRD-PARTY-NOTICES.txt`, mode: 0o644, content: notices },
    { path: `${DOC}/sbom.cdx.json`, mode: 0o644, content: sbom },
    {
      path: `${DOC}/README.md`,
      mode: 0o644,
      content: await readFile(join(ROOT, 'deploy/README.md')),
    },
    {
      path: `${DOC}/CHANGELOG.md`,
      mode: 0o644,
      content: await readFile(join(ROOT, 'CHANGELOG.md')),
    },
  ];
}

/** The env example with the one setting that an installed agent needs. */
export function installedEnv(): string {
  const folder = `${SETTINGS.dataDir.name}=`;
  return [
    '# Settings of the Tillbook agent; after a change: systemctl restart tillbook-agent',
    '# `tillbook-agent --check` says what is wrong with them. A value with # or spaces needs quotes.\n',
    envExample(SETTINGS).replace(
      `#${folder}${SETTINGS.dataDir.default}`,
      `${folder}/var/lib/${NAME}`,
    ),
  ].join('\n');
}

async function controlOf(entries: readonly Entry[]): Promise<Entry[]> {
  const bytes = entries.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  const control = [
    `Package: ${NAME}`,
    `Version: ${shippedVersion()}`,
    'Architecture: all',
    'Section: misc',
    'Priority: optional',
    'Maintainer: The Tillbook maintainers <maintainers@tillbook.invalid>',
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    // systemd brings systemd-notify and systemd-sysusers.
    'Depends: nodejs (>= 20.19), systemd',
    'Description: takes the sales of a shop and sends each day to head office',
    ' The agent is the broker of the tills. A sale is acknowledged once it is on disk;',
    ' at the end of the trading day one signed summary goes to the relay of head office.',
    ' It works without the internet for as long as the disk lasts.\n',
  ].join('\n');
  const sums = entries.map(({ path, content }) => `${md5(content)}  ${path}\n`).join('');
  const scripts = ['postinst', 'prerm', 'postrm'].map(async name => ({
    path: `DEBIAN/${name}`,
    mode: 0o755,
    content: await readFile(join(SOURCES, name)),
  }));
  return [
    { path: 'DEBIAN/control', mode: 0o644, content: control },
    { path: 'DEBIAN/conffiles', mode: 0o644, content: '/etc/tillbook/agent.env\n' },
    { path: 'DEBIAN/md5sums', mode: 0o644, content: sums },
    ...(await Promise.all(scripts)),
  ];
}

/** The format asks for MD5; it guards against a bad disk, not against people. */
function md5(content: string | Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

async function put(tree: string, { path, mode, content }: Entry): Promise<void> {
  const file = join(tree, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  await chmod(file, mode);
}

/** Modes of folders (the umask of this machine made them) and the times of everything. */
async function settle(tree: string, madeAt: number): Promise<void> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  await chmod(tree, 0o755);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    await utimes(path, madeAt, madeAt);
  }
  await utimes(tree, madeAt, madeAt);
}
