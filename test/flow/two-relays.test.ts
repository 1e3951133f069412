/** Two relays on one PostgreSQL; the one that posts is killed or frozen in the middle of it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { businessDateOf } from '../../protocol/business-date.ts';
import { TestPostgres } from '../support/postgres.ts';
import { Stage, type StageDay, TIMEZONE } from '../support/stage.ts';
import { needs } from '../support/tools.ts';
import { coffee, connectTill, sell } from './till.ts';

/** The poster's lease runs 45 s, and the other asks for it from time to time. */
const TAKE_OVER_MAX_MS = 150_000;
const POST_MAX_MS = 30_000;
const today = () => businessDateOf(Date.now(), { timezone: TIMEZONE, cutOver: '00:00' });

async function until(what: string, limitMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await wait(5);
  }
}

/** A second relay with a folder of its own, the same database and the same key file. */
async function startSecond(stage: Stage): Promise<string> {
  const env = {
    ...stage.relayEnv,
    RELAY_DATA_DIR: join(stage.folder, 'relay-2'),
    RELAY_SECRET_KEY_FILE: join(stage.folder, 'relay', 'secret.key'),
    RELAY_PORT: '0',
  };
  const relay = await stage.processes.start('relay-2', 'relay/main.js', ['run'], env);
  return String(relay.listening['http']);
}

/** One sale, closed; returns once the first relay has asked Xero to create its invoice. */
async function sellAndPost(stage: Stage): Promise<void> {
  const client = await connectTill(stage.broker, 'till-1', await stage.addTerminal('till-1'));
  await sell(client, 'till-1', coffee('till-1', 1, new Date().toISOString()));
  await client.endAsync();
  await stage.agentCommand('close', today());
  await until('the invoice is sent', POST_MAX_MS, async () => {
    const requests = (await stage.control('requests', {})) as { method: string; path: string }[];
    return requests.some(({ method, path }) => method !== 'GET' && path.includes('/Invoices'));
  });
}

async function isReconciled(stage: Stage, url: string): Promise<boolean> {
  await wait(200);
  const answer = await request(`${url}/api/v1/days/${stage.store}/${today()}`, {
    headers: { authorization: `Bearer ${stage.token}` },
  });
  return ((await answer.body.json()) as Partial<StageDay>).reconciled === true;
}

async function assertOnce(stage: Stage): Promise<void> {
  assert.equal((await stage.documents()).length, 1);
  assert.equal((await stage.payments()).length, 1);
}

const OPTIONS = { ...needs('postgres'), concurrency: true, timeout: 300_000 };

describe('two relays on one PostgreSQL: one invoice, one set of payments', OPTIONS, () => {
  let server: TestPostgres;
  const stages: Stage[] = [];
  before(async () => {
    server = await TestPostgres.start();
  });
  after(async () => {
    await Promise.all(stages.map(stage => stage.stop()));
    await server?.stop();
  });
  const raise = async () => {
    const stage = await Stage.raise({ DATABASE_URL: await server.newUrl() });
    stages.push(stage);
    return { stage, second: await startSecond(stage) };
  };

  it('when the one that posts is killed', async () => {
    const { stage, second } = await raise();
    await sellAndPost(stage);
    stage.relay?.child.kill('SIGKILL');
    const done = () => isReconciled(stage, second);
    await until('the second relay finishes the day', TAKE_OVER_MAX_MS, done);
    await assertOnce(stage);
  });

  it('when the one that posts is frozen beyond its lease and wakes up again', async () => {
    const { stage, second } = await raise();
    await sellAndPost(stage);
    stage.relay?.child.kill('SIGSTOP');
    const done = () => isReconciled(stage, second);
    await until('the second relay finishes the day', TAKE_OVER_MAX_MS, done);
    stage.relay?.child.kill('SIGCONT');
    await wait(5_000);
    assert.ok(await isReconciled(stage, stage.relayUrl));
    await assertOnce(stage);
  });
});
