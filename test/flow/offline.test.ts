/** The relay is out of reach for days: the shop sells on, and every day arrives in order after. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { addDays, businessDateOf, dayStart, formatInstant } from '../../protocol/business-date.ts';
import { kill, Stage, TIMEZONE } from '../support/stage.ts';
import { findTool, needs } from '../support/tools.ts';
import { coffee, connectTill, sell } from './till.ts';

const DAYS_OFFLINE = 3;
const calendar = { timezone: TIMEZONE, cutOver: '00:00' };
const today = businessDateOf(Date.now(), calendar);
/** Days move by whole days, so that the shop's wall clock stays what it is now. */
const clockAhead = (days: number) => ({
  LD_PRELOAD: findTool('libfaketime') ?? '',
  FAKETIME: `+${days}d`,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  AGENT_CLOSE_GRACE_MINUTES: '0',
});

describe('a shop without internet', needs('libfaketime'), () => {
  let stage: Stage;
  let password = '';
  before(async () => {
    stage = await Stage.raise();
    password = await stage.addTerminal('till-1');
  });
  after(() => stage.stop());

  it('sells for days, and each day becomes one invoice in order when it is back', async () => {
    await kill(stage.relay);
    for (let day = 0; day <= DAYS_OFFLINE; day += 1) {
      if (day > 0) await restartAgentOn(day);
      const client = await connectTill(stage.broker, 'till-1', password);
      const at = formatInstant(dayStart(addDays(today, day), calendar) + 1000, TIMEZONE);
      await sell(client, 'till-1', coffee('till-1', day + 1, at));
      await client.endAsync();
    }
    const { AGENT_CLOSE_GRACE_MINUTES: _, ...clock } = clockAhead(DAYS_OFFLINE);
    await stage.startRelay(clock);
    for (let day = 0; day < DAYS_OFFLINE; day += 1) {
      const found = await stage.waitForDay(addDays(today, day), row => row.reconciled);
      assert.equal(found.documents.length, 1);
      assert.equal(found.totals.gross, coffee('till-1', day + 1, '').amount);
    }
    const dates = (await stage.documents()).map(document => document['InvoiceNumber']);
    assert.deepEqual(dates, [...dates].sort());
  });

  async function restartAgentOn(day: number): Promise<void> {
    const child = stage.agent?.child;
    child?.kill('SIGTERM');
    if (child !== undefined) await once(child, 'exit');
    await stage.startAgent(clockAhead(day));
  }
});
