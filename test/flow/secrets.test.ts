/** No secret in any log, page, status or file: every secret of a whole shop is searched for. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { request } from 'undici';
import { ADMIN, APP } from '../../deploy/demo/head-office.ts';
import { businessDateOf } from '../../protocol/business-date.ts';
import { Stage, TIMEZONE } from '../support/stage.ts';
import { coffee, connectTill, sell } from './till.ts';

describe('a secret', () => {
  let stage: Stage;
  let secrets: string[] = [];
  before(async () => {
    stage = await Stage.raise();
    const password = await stage.addTerminal('till-1');
    secrets = [ADMIN.password, APP.clientSecret, password, stage.token];
    const client = await connectTill(stage.broker, 'till-1', password);
    await sell(client, 'till-1', coffee('till-1', 1, new Date().toISOString()));
    await client.endAsync();
    const today = businessDateOf(Date.now(), { timezone: TIMEZONE, cutOver: '00:00' });
    await stage.agentCommand('close', today);
    await stage.waitForDay(today, day => day.reconciled);
    const requests = (await stage.control('requests', {})) as { headers?: object }[];
    secrets.push(...bearersOf(requests));
    assert.ok(secrets.length > 4, 'the stand-in saw no access token');
  });
  after(() => stage.stop());

  it('stands in no log and in no file of either program', async () => {
    for (const file of await readdir(stage.folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const path = join(file.parentPath, file.name);
      const text = await readFile(path, 'utf8');
      for (const secret of secrets) assert.ok(!text.includes(secret), `${path} holds a secret`);
    }
  });

  it('stands in no backup, and in nothing that is sent to who helps', async () => {
    const backup = join(stage.folder, 'backup.ndjson');
    await stage.relayCommand(['export', backup]);
    const texts = [
      await readFile(backup, 'utf8'),
      await stage.agentCommand('support-bundle'),
      await stage.agentCommand('status', '--json'),
    ];
    assert.ok(texts.every(text => text.length > 500));
    for (const secret of secrets) assert.ok(texts.every(text => !text.includes(secret)));
  });

  it('stands in no page and no answer, asked for rightly or wrongly', async () => {
    const bearer = { authorization: `Bearer ${stage.token}` };
    const agent = ['/', '/status.json', '/metrics', '/healthz', '/readyz', '/nothing'];
    const relay = ['/sign-in', '/settings', '/nothing', '/xero/callback?code=x&state=y'];
    const api = [`/api/v1/stores/${stage.store}/mapping`, '/api/v1/stores', '/api/v1/days'];
    const urls = [
      ...agent.map(path => stage.statusUrl + path),
      ...[...relay, ...api].map(path => stage.relayUrl + path),
    ];
    for (const url of urls) {
      const text = await (await request(url, { headers: bearer })).body.text();
      for (const secret of secrets) assert.ok(!text.includes(secret), `${url} shows a secret`);
    }
  });
});

/** The access tokens that the relay sent to the stand-in. */
function bearersOf(requests: readonly { headers?: object }[]): string[] {
  const tokens = requests.flatMap(({ headers }) => {
    const value = (headers as Record<string, unknown> | undefined)?.['authorization'];
    return typeof value === 'string' && value.startsWith('Bearer ') ? [value.slice(7)] : [];
  });
  return [...new Set(tokens)];
}
