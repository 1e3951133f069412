/** SIGKILL in the middle of the main job: every acknowledged sale counts once, one invoice each. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { businessDateOf } from '../../protocol/business-date.ts';
import { kill, Stage, TIMEZONE } from '../support/stage.ts';
import { coffee, connectTill, sell } from './till.ts';

const SALES = 120;
const today = () => businessDateOf(Date.now(), { timezone: TIMEZONE, cutOver: '00:00' });

describe('a program that is killed', () => {
  let stage: Stage;
  const clients: MqttClient[] = [];
  before(async () => {
    stage = await Stage.raise();
  });
  after(async () => {
    for (const client of clients) client.end(true);
    await stage.stop();
  });

  it('the agent, while three tills sell: what was acknowledged is counted once', async () => {
    const tills = ['till-1', 'till-2', 'till-3'];
    let acknowledged = 0;
    const passwords = await Promise.all(tills.map(till => stage.addTerminal(till)));
    const selling = tills.map(async (till, index) => {
      const client = await connectTill(stage.broker, till, passwords[index] ?? '');
      client.on('error', () => undefined); // The agent is away: the client connects again.
      clients.push(client);
      for (let number = 1; number <= SALES; number += 1) {
        const sale = coffee(till, number, new Date().toISOString());
        await sell(client, till, sale);
        acknowledged += sale.amount;
        await wait(3);
      }
    });
    for (let kills = 0; kills < 3; kills += 1) {
      await wait(150);
      await kill(stage.agent);
      await stage.startAgent();
    }
    await Promise.all(selling);
    const status = JSON.parse(await stage.agentCommand('status', '--json'));
    assert.equal(status.today.transactions, tills.length * SALES);
    await stage.agentCommand('close', today());
    const day = await stage.waitForDay(today(), found => found.reconciled);
    assert.equal(day.totals.gross, acknowledged);
  });

  it('the relay, again and again while it posts: one invoice, one set of payments', async () => {
    const client = await connectTill(stage.broker, 'till-4', await stage.addTerminal('till-4'));
    await sell(client, 'till-4', coffee('till-4', 1, new Date().toISOString()));
    await client.endAsync();
    await stage.agentCommand('close', today());
    for (const delayMs of [60, 150, 300, 500, 800]) {
      await wait(delayMs);
      await kill(stage.relay);
      await stage.startRelay();
    }
    const day = await stage.waitForDay(today(), found => found.revision === 2 && found.reconciled);
    const numbers = (await stage.documents()).map(document => document['InvoiceNumber']);
    assert.deepEqual(numbers, [...new Set(numbers)]);
    assert.equal(day.documents.length, 2);
    assert.equal((await stage.payments()).length, 2);
  });
});
