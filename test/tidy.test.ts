/**
 * The code checks itself: headers, fences between the parts, one place for each library, settings
 * read in one place. Sizes, names and types are the linter's work (biome.json).
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['protocol', 'agent', 'relay', 'deploy', 'test'];
const HEADER_LINES_MAX = 6;

/** Where a library may be imported; tests and the demo, which stand outside, may use them all. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  aedes: ['agent/broker/'],
  mqtt: ['agent/broker/', 'agent/terminal-kit/'],
  uqr: ['agent/cli/', 'relay/hq/'],
  jose: ['protocol/signing.ts'],
  zod: ['protocol/', 'agent/', 'relay/'],
  lowdb: ['protocol/host/', 'agent/state', 'relay/db/'],
  pino: ['protocol/host/log.ts'],
  'pino-pretty': ['protocol/host/log.ts'],
  undici: ['agent/delivery/', 'relay/xero/', 'relay/alerts/'],
  express: ['agent/status/', 'relay/'],
  helmet: ['agent/status/', 'relay/'],
  'express-session': ['relay/hq/'],
  'express-rate-limit': ['relay/'],
  preact: ['agent/status/', 'relay/hq/'],
  'preact-render-to-string': ['agent/status/', 'relay/hq/'],
  'node-cron': ['agent/day/', 'agent/main.ts', 'relay/'],
  'prom-client': ['agent/status/', 'relay/'],
  'xero-node': ['relay/xero/'],
  'openid-client': ['relay/xero/'],
  axios: ['relay/xero/'],
  pg: ['relay/db/'],
  nodemailer: ['relay/alerts/'],
  otpauth: ['relay/hq/'],
};

/** What each part may import beside itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  agent: ['protocol'],
  relay: ['protocol'],
  deploy: ['protocol', 'agent', 'relay'],
  test: ['protocol', 'agent', 'relay', 'deploy'],
};

interface Source {
  /** From the project's root, with `/`. */
  path: string;
  part: string;
  text: string;
  imports: string[];
}

const sources: Source[] = FOLDERS.flatMap(readSources);

function readSources(folder: string): Source[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map(entry => {
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, 'utf8');
      const path = relative(ROOT, file).replaceAll('\\', '/');
      return { path, part: folder, text, imports: importsOf(text) };
    });
}

/** Names after `from`, `import` and in `import(…)`; a list of names may end on a line of its own. */
function importsOf(text: string): string[] {
  const statements =
    /^(?:import|export|\}).*? from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...text.matchAll(statements)]
    .map(([, from, bare, late]) => from ?? bare ?? late ?? '')
    .filter(name => !name.includes('${'));
}

/** The path that a relative import leads to, e.g. `relay/db/db.ts`. */
function targetOf(source: Source, name: string): string {
  return normalize(join(dirname(source.path), name)).replaceAll('\\', '/');
}

/** A tool of development, or what comes with a library whose insides a test looks at. */
function isInstalled(name: string, manifest: { devDependencies: object }): boolean {
  return name in manifest.devDependencies || name in PLACES || name === 'domhandler';
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

test('every source file opens with a comment of at most six lines', () => {
  const wrong = sources.filter(({ text }) => {
    const code = text.replace(/^#!.*\n/, '');
    const comment = /^(?:\/\*\*[\s\S]*?\*\/|(?:\/\/.*\n)+)/.exec(code)?.[0] ?? '';
    const lines = comment.split('\n').filter(line => /[^\s/*]/.test(line));
    return lines.length === 0 || lines.length > HEADER_LINES_MAX;
  });
  assert.deepEqual(paths(wrong), []);
});

test('agent and relay import protocol, never each other; nothing but tests imports test/', () => {
  const wrong = sources.flatMap(source =>
    source.imports
      .filter(name => name.startsWith('.'))
      .map(name => targetOf(source, name))
      .filter(target => {
        const part = target.split('/')[0] ?? '';
        return part !== source.part && !MAY_IMPORT[source.part]?.includes(part);
      })
      .map(target => `${source.path} imports ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('the pure part of protocol imports nothing that does something', () => {
  const allowed = new Set(['node:buffer', 'node:crypto', 'zod', 'jose']);
  const wrong = sources
    .filter(({ path }) => /^protocol\/[^/]+$/.test(path))
    .filter(({ imports }) =>
      imports.some(
        name => !(name.startsWith('./') && !name.startsWith('./host/')) && !allowed.has(name),
      ),
    );
  assert.deepEqual(paths(wrong), []);
});

test('each library is used only in its own place', () => {
  const wrong = sources
    .filter(({ part }) => part !== 'test' && part !== 'deploy')
    .flatMap(({ path, imports }) =>
      imports
        .filter(name => !name.startsWith('.') && !name.startsWith('node:'))
        .filter(name => !PLACES[packageOf(name)]?.some(place => path.startsWith(place)))
        .map(name => `${path} imports ${name}`),
    );
  assert.deepEqual(wrong, []);
});

test('programs import only what is installed with them', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const wrong = sources.flatMap(({ path, part, imports }) =>
    imports
      .filter(name => !name.startsWith('.') && !name.startsWith('node:'))
      .map(packageOf)
      .filter(name => !(name in manifest.dependencies))
      .filter(name => !['test', 'deploy'].includes(part) || !isInstalled(name, manifest))
      .map(name => `${path} imports ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test('only a main.ts reads the environment', () => {
  const wrong = sources
    .filter(({ part }) => part !== 'test' && part !== 'deploy')
    .filter(({ path, text }) => text.includes('process.env') && !path.endsWith('/main.ts'));
  assert.deepEqual(paths(wrong), []);
});

test('no source keeps a test from running or a debugger waiting', () => {
  const wrong = sources.filter(({ text }) =>
    /^\s*(?:debugger;|(?:test|it|describe)\.only\()/m.test(text),
  );
  assert.deepEqual(paths(wrong), []);
});

function paths(list: readonly Source[]): string[] {
  return list.map(({ path }) => path);
}

test('every fault suite has a canary', () => {
  const suites = sources.filter(({ path }) => /^test\/faults\/.*\.test\.ts$/.test(path));
  assert.ok(suites.length > 5);
  const without = suites.filter(({ text }) => !/canary\(|'canary:/.test(text));
  assert.deepEqual(
    without.map(({ path }) => path),
    [],
  );
});

test('every fault suite of an agent ends in the one verifier', () => {
  const suites = sources.filter(({ path }) => /^test\/faults\/.*\.test\.ts$/.test(path));
  const ofAgents = suites.filter(({ text }) => text.includes("'./shop.ts'"));
  assert.ok(ofAgents.length > 8);
  const without = ofAgents.filter(({ text }) => !/\.endWell\(\)|assertNoFaults\(/.test(text));
  assert.deepEqual(
    without.map(({ path }) => path),
    [],
  );
});
