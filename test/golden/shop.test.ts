/**
 * The golden café from its tills to Xero, with real processes: every message over MQTT, every day
 * closed, signed, delivered and posted, then the late sales. What stands in Xero in the end is what
 * the plain files say, to the cent.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { MqttClient } from 'mqtt';
import { request } from 'undici';
import { transactionsTopic } from '../../protocol/topics.ts';
import { connectTill } from '../flow/till.ts';
import { kill, Stage, type StageDay } from '../support/stage.ts';
import { type GoldenDay, loadBooks, loadDays, Numbering } from './load.ts';
import { groupByDate } from './xero-form.ts';

const TILLS = ['till-1', 'till-2', 'till-9'];
const BOOKS = loadBooks()['cafe'];
/** A date without any message cannot be closed by hand; nothing stands in Xero for it either. */
const DAYS = loadDays().filter(({ books, revisions }) => books === 'cafe' && revisions[0]?.length);
const LATE = DAYS.filter(({ revisions }) => revisions.length > 1);

class Café {
  readonly #stage: Stage;
  readonly #tills = new Map<string, MqttClient>();
  readonly #numbering = new Numbering();

  private constructor(stage: Stage) {
    this.#stage = stage;
  }

  static async open(): Promise<Café> {
    const stage = await Stage.raise();
    const café = new Café(stage);
    const path = `stores/${stage.store}/mapping`;
    await café.#call('PUT', path, { ...(await café.#call('GET', path)), ...BOOKS?.mapping });
    for (const id of TILLS) {
      const password = await stage.addTerminal(id);
      café.#tills.set(id, await connectTill(stage.broker, id, password));
    }
    return café;
  }

  async shut(): Promise<void> {
    await Promise.all([...this.#tills.values()].map(till => till.endAsync(true)));
    await this.#stage.stop();
  }

  async sell(days: readonly GoldenDay[], revision: number): Promise<void> {
    for (const day of days) {
      const messages = BOOKS ? this.#numbering.expand(day, revision, BOOKS) : [];
      for (const { terminal, payload } of messages) {
        const till = this.#tills.get(terminal);
        await till?.publishAsync(transactionsTopic(terminal), payload, { qos: 1 });
      }
    }
  }

  /** The power fails; what is over is closed once the agent is up again, late sales at once. */
  async close(): Promise<void> {
    await kill(this.#stage.agent);
    await this.#stage.startAgent({ AGENT_LATE_GRACE_MINUTES: '0' });
  }

  async reopen(): Promise<void> {
    await kill(this.#stage.agent);
    await this.#stage.startAgent({ AGENT_LATE_GRACE_MINUTES: '60' });
  }

  /** HQ asks for days from before the connection. */
  async postAll(dates: readonly string[]): Promise<void> {
    const { store } = this.#stage;
    await Promise.all(dates.map(date => this.#call('POST', `days/${store}/${date}/post`, {})));
  }

  async wait(dates: readonly string[], until: (day: StageDay) => boolean): Promise<void> {
    for (const date of dates) await this.#stage.waitForDay(date, until);
  }

  async standing(): Promise<ReturnType<typeof groupByDate>> {
    return groupByDate(await this.#stage.documents(), await this.#stage.payments(), 'SGD');
  }

  async #call(method: 'GET' | 'PUT' | 'POST', path: string, body?: object) {
    const answer = await request(`${this.#stage.relayUrl}/api/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#stage.token}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    assert.ok(answer.statusCode < 300, `${method} ${path}: ${answer.statusCode} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  }
}

const datesOf = (days: readonly GoldenDay[]) => days.map(({ date }) => date);
/** The documents of the first so many revisions. */
const expectedOf = ({ expected }: GoldenDay, revisions: number) =>
  Array.isArray(expected) ? expected.slice(0, revisions) : [];

describe('the golden café', () => {
  let café: Café;
  before(async () => {
    café = await Café.open();
  });
  after(() => café.shut());

  it('has every day in Xero as it was closed', async () => {
    await café.sell(DAYS, 0);
    await café.close();
    await café.wait(datesOf(DAYS), ({ state }) => state === 'not-posted');
    await café.postAll(datesOf(DAYS));
    const moving = DAYS.filter(day => expectedOf(day, 1).length > 0);
    await café.wait(datesOf(moving), ({ state }) => state === 'reconciled');
    const found = await café.standing();
    for (const day of DAYS) {
      assert.deepEqual(found.get(day.date) ?? [], expectedOf(day, 1), day.date);
    }
  });

  it('has what came late as adjustments, and nothing else', async () => {
    await café.reopen();
    await café.sell(LATE, 1);
    await café.close();
    const isPosted = ({ revision, state }: StageDay) => revision === 2 && state === 'reconciled';
    await café.wait(datesOf(LATE), isPosted);
    const found = await café.standing();
    for (const day of DAYS) {
      assert.deepEqual(found.get(day.date) ?? [], expectedOf(day, 9), day.date);
      found.delete(day.date);
    }
    assert.deepEqual([...found.keys()], []);
  });
});
