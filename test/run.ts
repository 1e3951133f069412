/**
 * `npm test [-- name …]`: runs every compiled test whose source is still there (or those whose path
 * holds one of the names) with node's own runner and its spec report, and exits with its code.
 * First it fetches PostgreSQL where there is none, and names the tools that this machine lacks; where
 * they are required, that is a failure.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchPostgres } from './support/fetch-postgres.ts';
import { missingTools, toolsAreRequired } from './support/tools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** More at once make tests that measure time fail on small machines. */
const CONCURRENCY_MAX = 4;
/** One file; a suite of faults needs minutes, a test that hangs must not stop the rest. */
const FILE_TIMEOUT_MS = Number(process.env['TILLBOOK_TEST_TIMEOUT_MS'] ?? 300_000);

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  fetchPostgres();
  const missing = missingTools(testSources());
  if (missing.length > 0) {
    console.log(`Not on this machine:\n${missing.map(line => `  ${line}`).join('\n')}\n`);
    if (toolsAreRequired()) {
      console.error('All tools are required here (CI=true or TILLBOOK_TEST_TOOLS=required).');
      return 1;
    }
  }
  const files = testFiles().filter(
    file => names.length === 0 || names.some(name => file.includes(name)),
  );
  if (files.length === 0) {
    console.error(`No test matches ${names.join(' ')}. Names are parts of a path: agent/journal`);
    return 2;
  }
  return await runNode(files);
}

/** Compiled tests, relative to the project, of sources that exist (dist may hold old ones). */
function testFiles(): string[] {
  return readdirSync(join(ROOT, 'test'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.test\.tsx?$/.test(entry.name))
    .map(entry => relative(ROOT, join(entry.parentPath, entry.name)))
    .map(source => join('dist', source.replace(/\.tsx?$/, '.js')))
    .sort();
}

/** Tests and what they share, without the list of tools itself. */
function testSources(): string {
  return readdirSync(join(ROOT, 'test'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name) && entry.name !== 'tools.ts')
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

function runNode(files: readonly string[]): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--test',
      '--test-reporter=spec',
      `--test-concurrency=${Math.min(availableParallelism(), CONCURRENCY_MAX)}`,
      `--test-timeout=${FILE_TIMEOUT_MS}`,
      ...files,
    ],
    { cwd: ROOT, stdio: 'inherit' },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}
