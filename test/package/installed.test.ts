/**
 * The agent as `dpkg -i` installs it, into a root of its own, beside a relay that is one file: its
 * user, its settings, a sale by mosquitto_pub, and its day in the books; upgrade and removal.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { businessDateOf } from '../../protocol/business-date.ts';
import { coffee } from '../flow/till.ts';
import { Stage, TIMEZONE } from '../support/stage.ts';
import { findTool } from '../support/tools.ts';
import { DEB, dpkg, install, installing, pack, setInstalled } from './pack.ts';

const run = promisify(execFile);
const today = () => businessDateOf(Date.now(), { timezone: TIMEZONE, cutOver: '00:00' });

describe('the installed package', installing(), () => {
  let folder = '';
  let root = '';
  let deb = '';
  let stage: Stage;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tillbook-installed-'));
    await chmod(folder, 0o755);
    [root, deb] = [join(folder, 'root'), join(folder, `out/${DEB}`)];
    await pack(join(folder, 'out'));
    await install(deb, root);
    const alone = join(folder, 'relay');
    await mkdir(alone);
    await copyFile(join(folder, 'out/tillbook-relay.mjs'), join(alone, 'relay.mjs'));
    const data = join(root, 'var/lib/tillbook-agent');
    stage = await Stage.raise(
      {},
      {
        agent: join(root, 'usr/bin/tillbook-agent'),
        relay: join(alone, 'relay.mjs'),
        agentEnv: { AGENT_DATA_DIR: data },
      },
    );
  });
  after(async () => {
    await stage?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('has a user of its own, who alone may read its data and, with root, its settings', async () => {
    const user = /^tillbook-agent:x:(\d+):(\d+):/m;
    const [, uid, gid] = user.exec(await readFile(join(root, 'etc/passwd'), 'utf8')) ?? [];
    const data = await stat(join(root, 'var/lib/tillbook-agent'));
    assert.deepEqual([String(data.uid), data.mode & 0o777], [uid, 0o700]);
    const settings = await stat(join(root, 'etc/tillbook/agent.env'));
    assert.deepEqual([settings.uid, String(settings.gid), settings.mode & 0o777], [0, gid, 0o640]);
    const running = await stat(`/proc/${stage.agent?.child.pid}`);
    assert.equal(String(running.uid), uid);
  });

  it('takes a sale from mosquitto_pub and delivers its day', async () => {
    const password = await stage.addTerminal('till-1');
    const sale = coffee('till-1', 1, new Date().toISOString());
    const file = join(stage.folder, 'sale.json');
    await writeFile(file, sale.payload);
    const { hostname, port } = new URL(stage.broker);
    const who = ['-i', 'till-1', '-u', 'till-1', '-P', password];
    const what = ['-q', '1', '-t', 'pos/v1/till-1/transactions', '-f', file];
    await run(findTool('mosquitto_pub') ?? '', ['-h', hostname, '-p', port, ...who, ...what]);
    await stage.agentCommand('close', today());
    const day = await stage.waitForDay(today(), found => found.reconciled);
    assert.equal(day.totals.gross, sale.amount);
    assert.equal((await stage.documents())[0]?.['Total'], sale.amount / 100);
  });

  it('shows both pages with their styles from within the one file', async () => {
    for (const url of [`${stage.statusUrl}/`, `${stage.relayUrl}/sign-in`]) {
      const html = await (await fetch(url)).text();
      const [, path = ''] = /href="(\/assets\/[^"]+\.css[^"]*)"/.exec(html) ?? [];
      const style = await fetch(new URL(path, url));
      assert.match(style.headers.get('content-type') ?? '', /^text\/css; charset=utf-8$/);
      assert.match(await style.text(), /body \{/);
    }
  });

  it('runs the relay on a read-only root without any right, but for its folder', async () => {
    assert.match(await runReadOnly(folder), /"event":"listening"/);
  });

  it('keeps changed settings and all sales over an upgrade, a removal and a purge', async () => {
    await setInstalled(root, 'AGENT_CLOSE_GRACE_MINUTES', '7');
    await dpkg(root, '-i', deb);
    const settings = join(root, 'etc/tillbook/agent.env');
    assert.match(await readFile(settings, 'utf8'), /^AGENT_CLOSE_GRACE_MINUTES=7$/m);
    await dpkg(root, '--remove', 'tillbook-agent');
    assert.match(await readFile(settings, 'utf8'), /^AGENT_CLOSE_GRACE_MINUTES=7$/m);
    await assert.rejects(stat(join(root, 'usr/bin/tillbook-agent')));
    assert.match(await dpkg(root, '--purge', 'tillbook-agent'), /journal stays in/);
    await assert.rejects(stat(settings));
    const journal = join(root, 'var/lib/tillbook-agent/journal', `${today()}.ndjson`);
    assert.match(await readFile(journal, 'utf8'), /"terminal":"till-1"/);
  });
});

/** Starts and ends the relay's one file as a container would run it. @returns what it said */
async function runReadOnly(folder: string): Promise<string> {
  const data = join(folder, 'data');
  await mkdir(data);
  const relay = join(folder, 'relay/relay.mjs');
  const script = [
    `mount -t tmpfs -o mode=0700,uid=1000,gid=1000 tmpfs ${data}`,
    'mount -o remount,bind,ro /',
    `! touch ${folder}/probe 2>/dev/null`,
    `exec setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs --bounding-set=-all \
      timeout --signal=TERM 20 node ${relay} run`,
  ].join('\n');
  const env = { PATH: process.env['PATH'] ?? '', RELAY_DATA_DIR: data, RELAY_PORT: '0' };
  const child = spawn('unshare', ['-m', 'sh', '-ec', script], { env });
  let output = '';
  child.stderr.on('data', chunk => {
    output += chunk;
  });
  for await (const chunk of child.stdout) {
    output += chunk;
    if (output.includes('"event":"listening"')) break;
  }
  child.kill();
  await once(child, 'exit');
  return output;
}
