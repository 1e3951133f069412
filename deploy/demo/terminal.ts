/**
 * One till of the demo, a process of its own: publishes its messages with QoS 1 and counts a sale
 * as safe only when the broker has acknowledged it. Arguments: broker, id, file with one JSON
 * message a line, pause between messages in ms. The password comes in TILL_PASSWORD.
 */
import { readFile } from 'node:fs/promises';
import { connectAsync } from 'mqtt';
import { problemsTopic, transactionsTopic } from '../../protocol/topics.ts';

const [broker = '', id = '', file = '', pauseMs = '0'] = process.argv.slice(2);

const client = await connectAsync(broker, {
  protocolVersion: 4,
  clean: true,
  clientId: id,
  username: id,
  password: process.env['TILL_PASSWORD'] ?? '',
});
client.on('message', (_topic, payload) => report({ problem: JSON.parse(payload.toString()) }));
await client.subscribeAsync(problemsTopic(id), { qos: 1 });

const lines = (await readFile(file, 'utf8')).split('\n').filter(line => line !== '');
for (const line of lines) {
  await client.publishAsync(transactionsTopic(id), line, { qos: 1 });
  report({ acknowledged: 1 });
  await new Promise(done => setTimeout(done, Number(pauseMs)));
}
await client.endAsync();

/** One JSON line for the demo to read. */
function report(event: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
