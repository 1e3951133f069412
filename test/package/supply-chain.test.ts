/** What others wrote and we pass on: pinned, under licences that allow it, and running nothing. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isAllowed, readPackage } from '../../deploy/package/notices.ts';

interface Locked {
  version: string;
  integrity?: string;
  resolved?: string;
  license?: string;
  dev?: boolean;
  devOptional?: boolean;
  hasInstallScript?: boolean;
}

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8'));
const manifest = read('package.json') as Manifest;
const lock = (read('package-lock.json') as { packages: Record<string, Locked> }).packages;
const shipped = Object.entries(lock).filter(
  ([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true,
);

test('every dependency is pinned to one version, and the lock file agrees', () => {
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const [name, version] of Object.entries(wanted)) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
    assert.equal(lock[`node_modules/${name}`]?.version, version, name);
  }
});

test('everything that is shipped is known by its digest and comes from the registry', () => {
  assert.ok(shipped.length > 100);
  for (const [path, { integrity, resolved }] of shipped) {
    assert.match(integrity ?? '', /^sha512-/, path);
    assert.ok(resolved === undefined || resolved.startsWith('https://registry.npmjs.org/'), path);
  }
});

test('nothing that is shipped runs a script when it is installed', () => {
  const running = shipped.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  assert.deepEqual(running, []);
});

test('every licence of what is shipped allows it, without asking for our sources', () => {
  const wrong = shipped.filter(([, { license }]) => license === undefined || !isAllowed(license));
  assert.deepEqual(
    wrong.map(([path, { license }]) => `${path}: ${license}`),
    [],
  );
});

test('a licence that is not allowed stops the packager', async () => {
  for (const licence of ['GPL-3.0', 'AGPL-3.0-only', 'SSPL-1.0', 'UNLICENSED', 'LGPL-2.1', '']) {
    assert.equal(isAllowed(licence), false, licence);
  }
  assert.equal(isAllowed('(GPL-2.0 OR MIT)'), true);
  assert.equal(isAllowed('MIT AND GPL-2.0'), false);
  assert.equal((await readPackage('node_modules/zod')).licence, 'MIT');
});
