/**
 * The relay's container files, as far as they can be tried without an engine: what the Dockerfile
 * says, what compose.yaml ties together, the secrets that its script makes. No engine has run them
 * here; deploy/README.md says so.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RELAY_SETTINGS } from '../../relay/config.ts';
import { tempFolder } from '../support/agent.ts';
import { findTool, needs, toolsAreRequired } from '../support/tools.ts';

const run = promisify(execFile);
const FOLDER = fileURLToPath(new URL('../../../deploy/relay/', import.meta.url));
const INSTRUCTIONS =
  /^(FROM|RUN|COPY|ENV|USER|WORKDIR|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD) /;
const TO_JSON = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))';
const SETTING_NAMES: ReadonlySet<string> = new Set(
  Object.values(RELAY_SETTINGS).map(({ name }) => name),
);

interface Service {
  image?: string;
  environment?: Record<string, string>;
  secrets?: string[];
  networks: string[];
  volumes?: string[];
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  healthcheck?: object;
}

interface Compose {
  services: Record<'proxy' | 'relay' | 'db', Service>;
  networks: Record<string, { internal?: boolean } | null>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

async function compose(): Promise<Compose> {
  const python = findTool('python3') ?? '';
  const { stdout } = await run(python, ['-c', TO_JSON, join(FOLDER, 'compose.yaml')]);
  return JSON.parse(stdout) as Compose;
}

/** Instructions with continued lines joined. */
async function dockerfile(): Promise<string[]> {
  const text = await readFile(join(FOLDER, 'Dockerfile'), 'utf8');
  return text
    .replace(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter(line => line !== '');
}

const yaml = needs('python3', 'python3-yaml');

test('the image runs one file on Node, not as root, and says whether it is well', async () => {
  const lines = await dockerfile();
  for (const line of lines) assert.match(line, INSTRUCTIONS);
  assert.match(lines[0] ?? '', /^FROM node:2\d-bookworm-slim$/);
  assert.ok(lines.includes('USER 1000:1000'));
  assert.ok(lines.indexOf('USER 1000:1000') < lines.findIndex(line => /^ENTRYPOINT/.test(line)));
  assert.ok(lines.some(line => line.startsWith('COPY --chmod=0555 tillbook-relay.mjs ')));
  const names = [...lines.join(' ').matchAll(/\b(RELAY_[A-Z_]+)=/g)].map(([, name = '']) => name);
  assert.ok(names.length > 0 && names.every(name => SETTING_NAMES.has(name)));
});

test('the health check of the image tells a relay that answers from one that does not', async t => {
  const line = (await dockerfile()).find(text => text.startsWith('HEALTHCHECK ')) ?? '';
  const [program = '', ...args] = JSON.parse(line.slice(line.indexOf('CMD ') + 4)) as string[];
  assert.equal(program, 'node');
  const { createServer } = await import('node:http');
  const server = createServer((request, answer) => {
    answer.statusCode = request.url === '/healthz' ? 200 : 404;
    answer.end();
  }).listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
  t.after(() => server.close());
  const address = server.address();
  const RELAY_PORT = String(typeof address === 'object' ? address?.port : '');
  const check = () => run(process.execPath, args, { env: { RELAY_PORT } });
  await check();
  server.closeAllConnections();
  await new Promise(done => server.close(done));
  await assert.rejects(check(), { code: 1 });
});

test(
  'only the proxy is reached from outside, and only the relay reaches the database',
  yaml,
  async () => {
    const { services, networks } = await compose();
    const { proxy, relay, db } = services;
    assert.deepEqual(Object.keys(services).sort(), ['db', 'proxy', 'relay']);
    assert.deepEqual(proxy.ports, ['80:80', '443:443']);
    assert.deepEqual([relay.ports, db.ports], [undefined, undefined]);
    assert.deepEqual(
      [proxy.networks, relay.networks, db.networks],
      [['front'], ['front', 'back'], ['back']],
    );
    assert.equal(networks['back']?.internal, true);
    assert.equal(relay.depends_on?.['db']?.condition, 'service_healthy');
    assert.ok(db.healthcheck !== undefined);
  },
);

test('the relay cannot write outside of its volume, and has no rights to spare', yaml, async () => {
  const { services, volumes } = await compose();
  for (const { read_only, cap_drop, security_opt } of [services.relay, services.proxy]) {
    assert.equal(read_only, true);
    assert.deepEqual(cap_drop, ['ALL']);
    assert.deepEqual(security_opt, ['no-new-privileges:true']);
  }
  for (const { volumes: used = [] } of Object.values(services)) {
    const named = used
      .map(volume => volume.split(':')[0] ?? '')
      .filter(name => !name.startsWith('.'));
    for (const name of named) assert.ok(name in volumes, name);
  }
});

test('no secret is in the image or in compose.yaml, and every setting exists', yaml, async () => {
  const { services, secrets } = await compose();
  const environment = services.relay.environment ?? {};
  for (const name of Object.keys(environment)) {
    assert.ok(SETTING_NAMES.has(name), name);
  }
  assert.doesNotMatch(environment['DATABASE_URL'] ?? '', /:[^/]+@/);
  for (const { secrets: used = [] } of Object.values(services)) {
    for (const name of used) assert.equal(secrets[name]?.file, `./secrets/${name}`);
  }
  for (const path of Object.values(environment).filter(value =>
    value.startsWith('/run/secrets/'),
  )) {
    assert.ok(services.relay.secrets?.includes(path.slice('/run/secrets/'.length)), path);
  }
});

test('the secrets are made once, each for the user who needs it', asRoot(), async t => {
  const folder = await tempFolder(t);
  await mkdir(folder, { recursive: true });
  await cp(join(FOLDER, 'make-secrets.sh'), join(folder, 'make-secrets.sh'));
  const make = () => run('sh', [join(folder, 'make-secrets.sh')]);
  await make();
  const at = (name: string) => join(folder, 'secrets', name);
  const names = await readdir(join(folder, 'secrets'));
  assert.deepEqual(names.sort(), ['db_password', 'relay_db_password', 'relay_key']);
  const owners = names.map(async name => [
    (await stat(at(name))).uid,
    (await stat(at(name))).mode & 0o777,
  ]);
  assert.deepEqual(await Promise.all(owners), [
    [999, 0o400],
    [1000, 0o400],
    [1000, 0o400],
  ]);
  assert.match(await readFile(at('relay_key'), 'utf8'), /^[0-9a-f]{64}\n$/);
  const password = (await readFile(at('db_password'), 'utf8')).trim();
  assert.equal(await readFile(at('relay_db_password'), 'utf8'), `${password}\n`);
  await assert.rejects(make(), { code: 1 });
});

/** Only root gives files to others. */
function asRoot(): { skip?: string } {
  if (process.getuid?.() === 0) return {};
  if (toolsAreRequired()) throw new Error('needs root to give files to other users');
  return { skip: 'needs root to give files to other users' };
}
