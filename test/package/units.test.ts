/**
 * The units of systemd, as far as they can be tried where systemd does not run: its own checks, its
 * rating of what is left open, the system calls that the filter would refuse, and the agent as a
 * process that tells a socket how it is.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Disk, systemDisk } from '../../agent/journal/disk.ts';
import { takesWrites } from '../../agent/journal/probe.ts';
import { coffee, connectTill, sell } from '../flow/till.ts';
import { RelayFolder } from '../relay/relay-process.ts';
import { tempFolder } from '../support/agent.ts';
import { agentEnv, runAgent, startAgent } from '../support/agent-process.ts';
import { openNotifySocket } from '../support/notify-socket.ts';
import { findTool, needs } from '../support/tools.ts';

const run = promisify(execFile);
/** Lines of strace's table that are no calls. */
const SUMMARY = new Set(['syscall', 'total']);
const UNITS = ['debian/tillbook-agent.service', 'relay/tillbook-relay.service'];
const analyze = (...args: string[]) => run(findTool('systemd-analyze') ?? '', args);
const sourceOf = (unit: string) =>
  fileURLToPath(new URL(`../../../deploy/${unit}`, import.meta.url));

for (const unit of UNITS) {
  test(`${unit} is what systemd understands`, needs('systemd-analyze'), async t => {
    const file = join(await tempFolder(t), 'tried.service');
    const text = await readFile(sourceOf(unit), 'utf8');
    // The programs are not installed on this machine.
    await writeFile(file, text.replaceAll(/\/usr\/(local\/)?bin\/tillbook-\S+/g, '/bin/true'));
    const { stdout, stderr } = await analyze('verify', '--man=no', file);
    assert.equal(stdout + stderr, '');
  });

  test(`${unit} leaves little open by systemd's own rating`, needs('systemd-analyze'), async () => {
    await analyze('security', '--offline=true', '--threshold=16', sourceOf(unit));
  });
}

test('the system calls of an agent that sells pass the filter of its unit', {
  ...needs('systemd-analyze', 'strace'),
}, async t => {
  const folder = await tempFolder(t);
  const file = join(folder, 'calls');
  const env = agentEnv(join(folder, 'data'));
  const strace = [findTool('strace') ?? '', '-f', '-D', '-qq', '-c', '-U', 'name', '-o', file];
  const agent = await startAgent(t, env, strace);
  const { stdout } = await runAgent(env, 'terminal', 'add', 'till-1', '--json');
  const client = await connectTill(agent.mqtt, 'till-1', JSON.parse(stdout).password);
  await sell(client, 'till-1', coffee('till-1', 1, new Date().toISOString()));
  await client.endAsync();
  assert.equal(await agent.stop(), 0);
  const used = await countedIn(file);
  assert.ok(used.includes('fdatasync'));
  const allowed = await allowedBy(
    await readFile(sourceOf('debian/tillbook-agent.service'), 'utf8'),
  );
  assert.deepEqual(
    used.filter(name => !allowed.has(name)),
    [],
  );
});

test('the agent tells systemd that it is ready, alive, stopping', {
  ...needs('systemd-notify', 'python3'),
}, async t => {
  const folder = await tempFolder(t);
  const socket = await openNotifySocket(t, folder);
  const settings = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '600000' };
  const agent = await startAgent(t, agentEnv(join(folder, 'data'), settings));
  await socket.heard('WATCHDOG=1', 2);
  assert.equal(await agent.stop(), 0);
  await socket.heard('STOPPING=1');
  assert.equal(socket.told[0], 'READY=1');
  assert.equal(socket.told.at(-1), 'STOPPING=1');
});

test('the relay tells systemd, too', { ...needs('systemd-notify', 'python3') }, async t => {
  const folder = await tempFolder(t);
  const socket = await openNotifySocket(t, folder);
  const settings = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '600000' };
  const relay = await new RelayFolder(join(folder, 'data')).start(settings);
  await socket.heard('WATCHDOG=1');
  assert.equal(await relay.stop(), 0);
  await socket.heard('STOPPING=1');
  assert.equal(socket.told[0], 'READY=1');
});

test('a disk that fails is not well; a full one heals by itself', async t => {
  const folder = await tempFolder(t);
  const failing = (code: string): Disk => ({
    ...systemDisk,
    open: async path => ({
      ...(await systemDisk.open(path)),
      datasync: async () => Promise.reject(Object.assign(new Error(code), { code })),
    }),
  });
  assert.equal(await takesWrites(folder), true);
  assert.equal(await takesWrites(folder, failing('EIO')), false);
  assert.equal(await takesWrites(folder, failing('ENOSPC')), true);
  assert.equal(await takesWrites(join(folder, 'not-there')), false);
});

/** The calls that strace has counted; it writes them down after the process has ended. */
async function countedIn(file: string): Promise<string[]> {
  for (;;) {
    const names = (await readFile(file, 'utf8').catch(() => ''))
      .split('\n')
      .map(name => name.trim());
    const calls = names.filter(name => /^[a-z][a-z_0-9]+$/.test(name) && !SUMMARY.has(name));
    if (calls.length > 0) return calls;
    await wait(50);
  }
}

/** The names that `SystemCallFilter=` of a unit lets through. */
async function allowedBy(unit: string): Promise<Set<string>> {
  const groups = groupsIn((await analyze('syscall-filter')).stdout);
  const allowed = new Set<string>();
  for (const [, not, names = ''] of unit.matchAll(/^SystemCallFilter=(~?)(.+)$/gm)) {
    for (const name of names.split(' ').flatMap(group => expand(group, groups))) {
      if (not === '~') allowed.delete(name);
      else allowed.add(name);
    }
  }
  return allowed;
}

/** `@group` and its members, which may be groups themselves. */
function groupsIn(text: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  let members: string[] = [];
  for (const line of text.split('\n')) {
    const name = line.trim();
    if (line.startsWith('@')) {
      members = [];
      groups.set(name, members);
    } else if (/^@?[a-z_0-9-]+$/.test(name)) members.push(name);
  }
  return groups;
}

function expand(name: string, groups: ReadonlyMap<string, string[]>): string[] {
  if (!name.startsWith('@')) return [name];
  return (groups.get(name) ?? []).flatMap(member => expand(member, groups));
}
