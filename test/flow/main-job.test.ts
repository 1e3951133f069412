/** The main job, end to end, with real processes: from a till's sale to a reconciled invoice. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { businessDateOf } from '../../protocol/business-date.ts';
import { Stage, TIMEZONE } from '../support/stage.ts';
import { findTool, needs } from '../support/tools.ts';
import { coffee, connectTill, sell } from './till.ts';

const run = promisify(execFile);
const today = () => businessDateOf(Date.now(), { timezone: TIMEZONE, cutOver: '00:00' });
const now = () => new Date().toISOString();

describe('a trading day', () => {
  let stage: Stage;
  let password = '';
  before(async () => {
    stage = await Stage.raise();
    password = await stage.addTerminal('till-1');
  });
  after(() => stage.stop());

  it('of one sale by mosquitto_pub is in the next invoice', needs('mosquitto_pub'), async () => {
    const sale = coffee('till-1', 1, now());
    const file = join(stage.folder, 'sale.json');
    await writeFile(file, sale.payload);
    const { hostname, port } = new URL(stage.broker);
    const who = ['-i', 'till-1', '-u', 'till-1', '-P', password];
    const what = ['-q', '1', '-t', 'pos/v1/till-1/transactions', '-f', file];
    await run(findTool('mosquitto_pub') ?? '', ['-h', hostname, '-p', port, ...who, ...what]);
    await stage.agentCommand('close', today());
    const day = await stage.waitForDay(today(), found => found.reconciled);
    assert.equal(day.totals.gross, sale.amount);
    const [invoice] = await stage.documents();
    assert.equal(invoice?.['Total'], sale.amount / 100);
    assert.equal(invoice?.['AmountDue'], 0);
  });

  it('that gets a late sale has the difference posted as an adjustment', async () => {
    const client = await connectTill(stage.broker, 'till-1', password);
    const late = coffee('till-1', 2, now());
    await sell(client, 'till-1', late);
    await client.endAsync();
    await stage.agentCommand('close', today());
    const day = await stage.waitForDay(today(), found => found.revision === 2 && found.reconciled);
    assert.equal(day.documents.length, 2);
    assert.match(String(day.documents[1]?.number), /-A1$/);
    assert.equal(day.documents[1]?.total, late.amount);
  });

  it('is shown by the status of the agent and the days of the relay', async () => {
    const status = JSON.parse(await stage.agentCommand('status', '--json'));
    assert.equal(status.ready, true);
    const days = JSON.parse(await stage.relayCommand(['days', '--json'])) as unknown[];
    assert.equal(days.length, 1);
  });
});
