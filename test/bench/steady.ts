/**
 * A shop's tills at a steady pace, a process of its own: sales leave on time, whatever the answers
 * do. Prints one JSON line: acknowledged, per second, latencies from the time each sale was due.
 * Arguments: address, sales per second, seconds, JSON with the password of each till, name of the run.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { quantile } from './results.ts';

const [address = '', rate = '100', seconds = '10', secrets = '{}', run = '1'] =
  process.argv.slice(2);
const passwords = Object.entries(JSON.parse(secrets) as Record<string, string>);
const total = Number(rate) * Number(seconds);
const latenciesMs: number[] = [];

const tills: { id: string; client: MqttClient }[] = [];
for (const [id, password] of passwords) {
  const login = { clientId: id, username: id, password };
  tills.push({ id, client: await connectAsync(address, { ...login, reconnectPeriod: 0 }) });
}
const startedAt = performance.now();
const sales: Promise<void>[] = [];
for (let sold = 0; sold < total; ) {
  const due = Math.min(total, Math.floor(((performance.now() - startedAt) * Number(rate)) / 1000));
  for (; sold < due; sold += 1) sales.push(sell(sold));
  await wait(1);
}
await Promise.all(sales);
const tookSeconds = (performance.now() - startedAt) / 1000;
for (const { client } of tills) await client.endAsync();
console.log(
  JSON.stringify({
    acknowledged: latenciesMs.length,
    perSecond: latenciesMs.length / tookSeconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  }),
);

async function sell(index: number): Promise<void> {
  const dueAt = startedAt + (index * 1000) / Number(rate);
  const till = tills[index % tills.length];
  if (till === undefined) throw new Error('there are no tills');
  const sequence = Math.floor(index / tills.length) + 1;
  const topic = `pos/v1/${till.id}/transactions`;
  await till.client.publishAsync(topic, sale(`${run}-${till.id}-${sequence}`, sequence), {
    qos: 1,
  });
  latenciesMs.push(performance.now() - dueAt);
}

/** The run is the epoch: each begins its numbers anew. */
function sale(id: string, sequence: number): string {
  const item = { kind: 'item', name: 'Latte', category: 'Coffee', quantity: 2, taxCode: 'GST9' };
  return JSON.stringify({
    ...{ version: 1, id, type: 'sale', epoch: Number(run), sequence, currency: 'SGD' },
    ...{ receipt: `R-${sequence}`, occurredAt: new Date().toISOString() },
    lines: [{ ...item, amount: 1100, discount: 100, tax: 91 }],
    tenders: [{ method: 'card', amount: 1100 }],
  });
}
