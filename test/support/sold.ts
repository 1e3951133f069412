/**
 * The client's own record of what it sold, and the verifier in which every fault run ends:
 * acknowledged ⊆ stored ⊆ sent, nothing twice, order per terminal, chain intact, totals equal.
 */
import assert from 'node:assert/strict';
import mqtt from 'mqtt';
import { openTestShop, sale } from './agent.ts';

interface Sold {
  terminal: string;
  sequence: number;
  amount: number;
}

export class SalesRecord {
  readonly sent = new Map<string, Sold>();
  readonly acknowledged = new Set<string>();

  /** What is lost or wrong in a data folder, as sentences; empty when all is well. */
  async findFaults(dataDir: string): Promise<string[]> {
    const shop = await openTestShop(dataDir);
    const faults: string[] = [];
    const stored = new Set<string>();
    const lastOf = new Map<string, number>();
    let gross = 0;
    for (const date of shop.journal.dates()) {
      const { broken } = await shop.journal.verify(date);
      if (broken !== undefined) faults.push(`chain of ${date}: ${broken.message}`);
      for await (const { transaction, terminal } of shop.journal.entries(date)) {
        const { id, sequence } = transaction;
        if (stored.has(id)) faults.push(`${id} is stored twice`);
        if (!this.sent.has(id)) faults.push(`${id} was never sent`);
        if (sequence < (lastOf.get(terminal) ?? 0)) faults.push(`${id} is out of order`);
        lastOf.set(terminal, sequence);
        stored.add(id);
        gross += this.sent.get(id)?.amount ?? 0;
      }
    }
    for (const id of this.acknowledged) if (!stored.has(id)) faults.push(`${id} is lost`);
    const totals = shop.journal.dates().flatMap(date => shop.dayBook.snapshot(date).parts.sales);
    const counted = totals.reduce((sum, row) => sum + row.amount, 0);
    if (counted !== gross) faults.push(`the day book says ${counted}, the tills ${gross}`);
    await shop.stop();
    return faults;
  }

  /**
   * Sells on one terminal until the connection dies or `until` is reached; what was not
   * acknowledged the last time is sent again first, as a till with an outbox does.
   */
  async sell(port: number, terminal: string, window: number, until: number): Promise<void> {
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
      clientId: terminal,
      username: terminal,
      password: 'x',
      reconnectPeriod: 0,
    });
    client.on('error', () => undefined);
    const gone = new Promise<void>(resolve => client.once('close', () => resolve()));
    const connected = new Promise<void>(resolve => client.once('connect', () => resolve()));
    await Promise.race([connected, gone]);
    const topic = `pos/v1/${terminal}/transactions`;
    const unsure = [...this.sent.values()].filter(
      sold => sold.terminal === terminal && !this.acknowledged.has(idOf(sold)),
    );
    let next = [...this.sent.values()].filter(sold => sold.terminal === terminal).length;
    let alive = client.connected;
    client.on('close', () => {
      alive = false;
    });
    const work = async () => {
      while (alive && Date.now() < until) {
        let sold = unsure.shift();
        if (sold === undefined) {
          next += 1;
          sold = { terminal, sequence: next, amount: 100 + next };
          this.sent.set(idOf(sold), sold);
        }
        await client.publishAsync(topic, textOf(sold), { qos: 1 });
        this.acknowledged.add(idOf(sold));
      }
    };
    const lanes = Array.from({ length: window }, () => work().catch(() => undefined));
    await Promise.race([Promise.all(lanes), gone]);
    await client.endAsync(true);
  }
}

function idOf({ terminal, sequence }: Sold): string {
  return `${terminal}-${sequence}`;
}

const START = Date.now();

/** The same text whenever it is sent. */
function textOf(sold: Sold): string {
  const occurredAt = new Date(START + sold.sequence).toISOString();
  return JSON.stringify(sale(sold.sequence, { id: idOf(sold), occurredAt }));
}

/** Assertion with the seed and the first few faults. */
export function assertNoFaults(faults: readonly string[], seed: number): void {
  assert.deepEqual(faults.slice(0, 5), [], `${faults.length} faults, seed ${seed}`);
}
