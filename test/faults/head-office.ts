/** A real relay process behind a proxy, for faults between a shop and its head office. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort, Processes, type Program } from '../../deploy/demo/processes.ts';
import type { Broken } from './canaries.ts';
import { type RelayLine, startProxy } from './proxy.ts';

export interface ReceivedDay {
  date: string;
  revision: number;
  totals: { gross: number; tenders: Record<string, number> };
}

export interface HeadOffice {
  proxy: RelayLine;
  /** What a shop enrols with: address and code. */
  invitation: { relay: string; code: string };
  /** One row per date, newest revision. */
  days(): Promise<ReceivedDay[]>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

export async function startHeadOffice(t: TestContext, broken: Broken): Promise<HeadOffice> {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-office-'));
  const processes = new Processes(folder);
  t.after(async () => {
    await processes.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const port = await freePort();
  const proxy = await startProxy(t, () => port);
  const env = {
    RELAY_DATA_DIR: join(folder, 'relay'),
    RELAY_PORT: String(port),
    RELAY_PUBLIC_URL: proxy.url,
    ...broken,
  };
  let relay: Program | undefined;
  const start = async () => {
    relay = await processes.start('relay', 'relay/main.js', ['run'], env);
  };
  await start();
  const command = (...args: string[]) => processes.run('relay/main.js', args, env);
  const zone = ['--timezone', 'Asia/Singapore', '--currency', 'SGD'];
  const added = await command('store', 'add', 'Tanjong Pagar', ...zone, '--json');
  const { code } = JSON.parse(added) as { code: string };
  return {
    proxy,
    invitation: { relay: proxy.url, code },
    days: async () => JSON.parse(await command('days', '--json')) as ReceivedDay[],
    start,
    kill: async () => {
      const gone = new Promise(done => relay?.child.once('exit', done));
      relay?.child.kill('SIGKILL');
      await gone;
    },
  };
}
