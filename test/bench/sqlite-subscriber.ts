/**
 * The other baseline: what many would build first. Subscribes at Mosquitto and commits each sale to
 * SQLite with synchronous=FULL before the next one. Arguments: broker, database file, messages to
 * wait for, folder in which better-sqlite3 is installed. Prints one JSON line at the end.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';

const [broker = '', file = '', total = '0', modules = ''] = process.argv.slice(2);

interface Database {
  pragma(text: string): unknown;
  exec(text: string): unknown;
  prepare(text: string): { run(...values: unknown[]): unknown };
}

const require = createRequire(join(modules, 'package.json'));
const Sqlite = require('better-sqlite3') as new (path: string) => Database;
const db = new Sqlite(file);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec('create table if not exists sales (id text primary key, body text not null)');
const insert = db.prepare('insert or ignore into sales values (?, ?)');
const latenciesUs: number[] = [];
let startedAt = 0;

const client = await connectAsync(broker, { protocolVersion: 4, clientId: 'collector' });
client.on('message', (_topic, payload) => {
  if (startedAt === 0) startedAt = performance.now();
  const body = payload.toString();
  const { id, sentAtUs } = JSON.parse(body) as { id: string; sentAtUs: number };
  insert.run(id, body);
  latenciesUs.push((performance.timeOrigin + performance.now()) * 1000 - sentAtUs);
  if (latenciesUs.length === Number(total)) finish();
});
await client.subscribeAsync('pos/v1/+/transactions', { qos: 1 });
console.log(JSON.stringify({ event: 'listening' }));

function finish(): void {
  const seconds = (performance.now() - startedAt) / 1000;
  latenciesUs.sort((a, b) => a - b);
  const at = (share: number) => (latenciesUs[Math.floor(latenciesUs.length * share)] ?? 0) / 1000;
  const perSecond = latenciesUs.length / seconds;
  console.log(JSON.stringify({ event: 'done', perSecond, p50Ms: at(0.5), p99Ms: at(0.99) }));
  client.end();
}
