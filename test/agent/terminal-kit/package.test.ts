/**
 * The kit as a till's programmer gets it: packed by npm, installed in a project of its own, with its
 * types, by `import` and by `require`; and the example of its page.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tempFolder } from '../../support/agent.ts';
import { agentEnv, runAgent, startAgent } from '../../support/agent-process.ts';
import { codeBlocksOf } from '../../support/markdown.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const [EXAMPLE] = codeBlocksOf('agent/terminal-kit/README.md').filter(
  ({ label }) => label === 'example',
);
let project = '';

before(async () => {
  // What `npm run build` does; a single test file may have been compiled without it.
  await run(process.execPath, [TSC, '-p', 'agent/terminal-kit'], { cwd: ROOT });
  project = await mkdtemp(join(tmpdir(), 'tillbook-consumer-'));
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', project];
  const { stdout } = await run('npm', pack, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await run('tar', ['xzf', filename], { cwd: project });
  const modules = join(project, 'node_modules');
  await mkdir(modules);
  await cp(join(project, 'package'), join(modules, 'tillbook'), { recursive: true });
  // Its one dependency, as installed here.
  await symlink(join(ROOT, 'node_modules/mqtt'), join(modules, 'mqtt'));
  await writeFile(join(project, 'package.json'), '{"name": "till", "type": "module"}');
});
after(() => rm(project, { recursive: true, force: true }));

async function compile(code: string): Promise<string> {
  await writeFile(join(project, 'till.ts'), code);
  // No types of Node and no look away from declarations: a strict project of somebody else.
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--types', '', '--target'];
  const args = [TSC, ...options, 'es2022', '--exactOptionalPropertyTypes', 'till.ts'];
  return await run(process.execPath, args, { cwd: project }).then(
    () => '',
    error => String(error.stdout),
  );
}

test('a strict TypeScript till gets types for receipts, problems and events', async () => {
  const options = `{ url: 'mqtt://shop', terminal: 'till-1', password: 'x', folder: 'outbox' }`;
  const head = `import { connect, type Problem, type Recorded } from 'tillbook/terminal';
    const till = await connect(${options});`;
  const good = `${head}
    till.on('problem', (problem: Problem) => problem.code.toUpperCase());
    till.on('delivered', recorded => recorded.sequence + 1);
    const recorded: Recorded = await till.record({ type: 'void', voids: 'A-1', currency: 'SGD' });
    await till.record({ type: 'cash-count', cash: { counted: 100 } });
    await till.close();
    export { recorded };`;
  assert.equal(await compile(good), '');
  const sale = "type: 'sale', tenders: []";
  for (const [wrong, words] of [
    [`await till.record({ ${sale} });`, /'lines' is missing/],
    [`await till.record({ ${sale}, lines: [{ kind: 'item', amount: '11.00' }] });`, /'string'/],
    [`till.on('sold', () => 0);`, /'"sold"' is not assignable/],
  ] as const) {
    assert.match(await compile(`${head}\n${wrong}`), words);
  }
});

test('the example of the page records a sale that the agent accepts', async t => {
  const dataDir = await tempFolder(t);
  const env = agentEnv(dataDir);
  const added = await runAgent(env, 'terminal', 'add', 'till-1', '--json');
  const { password } = JSON.parse(added.stdout) as { password: string };
  const agent = await startAgent(t, env);
  await writeFile(join(project, 'till.js'), EXAMPLE?.code ?? '');
  const till = { AGENT_URL: agent.mqtt, TERMINAL_PASSWORD: password };
  for (const number of [1, 2]) {
    const { stdout, stderr } = await run(process.execPath, ['till.js'], {
      ...{ cwd: project, env: till },
    });
    assert.equal(stdout + stderr, `receipt ${number} is recorded\n`);
  }
  const status = JSON.parse((await runAgent(env, 'status', '--json')).stdout);
  assert.equal(status.today.transactions, 2);
});

test('a till that still says require gets the same', async () => {
  const script = "console.log(typeof require('tillbook/terminal').connect)";
  const args = ['--no-warnings', '--input-type=commonjs', '-e', script];
  const { stdout } = await run(process.execPath, args, { cwd: project });
  assert.equal(stdout, 'function\n');
});
