/**
 * The load of the intake bench, a process of its own: C connections with W messages in flight each,
 * QoS 1, about 620 bytes a message. Prints one JSON line: acknowledged per second, and latencies, those
 * of the second half also apart: by then what this process itself must compile is compiled.
 * Arguments: address, connections, window, messages in all, JSON with the password of each user.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate, parser } from 'mqtt-packet';
import { quantile } from './results.ts';

const [
  address = '',
  connections = '1',
  windowSize = '1',
  total = '1000',
  secrets = '{}',
  run = '',
] = process.argv.slice(2);
const passwords = JSON.parse(secrets) as Record<string, string>;
const perConnection = Math.floor(Number(total) / Number(connections));
const latenciesUs: number[] = [];

interface Till {
  id: string;
  socket: Socket;
  sent: number;
  acknowledged: number;
  sentAt: Map<number, bigint>;
}

const tills = await Promise.all(
  Array.from({ length: Number(connections) }, (_, index) => open(`till-${index + 1}`)),
);
const startedAt = process.hrtime.bigint();
await Promise.all(tills.map(sellAll));
const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
for (const { socket } of tills) socket.destroy();
const secondHalfUs = latenciesUs.slice(latenciesUs.length / 2);
console.log(
  JSON.stringify({
    acknowledged: latenciesUs.length,
    perSecond: latenciesUs.length / seconds,
    p50Ms: quantile(latenciesUs, 0.5) / 1000,
    p99Ms: quantile(latenciesUs, 0.99) / 1000,
    warmP99Ms: quantile(secondHalfUs, 0.99) / 1000,
  }),
);

async function open(id: string): Promise<Till> {
  const url = new URL(address);
  const socket = connect(Number(url.port), url.hostname);
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const password = passwords[id];
  const login = password === undefined ? {} : { username: id, password: Buffer.from(password) };
  const hello = { cmd: 'connect', clientId: id, clean: true, keepalive: 0, ...login } as const;
  socket.write(generate(hello));
  await once(socket, 'data');
  return { id, socket, sent: 0, acknowledged: 0, sentAt: new Map() };
}

/** Keeps the window full until every message has its PUBACK. */
function sellAll(till: Till): Promise<void> {
  return new Promise((done, failed) => {
    const packets = parser();
    packets.on('packet', packet => {
      if (packet.cmd !== 'puback' || packet.messageId === undefined) return;
      const sentAt = till.sentAt.get(packet.messageId);
      if (sentAt === undefined) return;
      till.sentAt.delete(packet.messageId);
      latenciesUs.push(Number(process.hrtime.bigint() - sentAt) / 1000);
      till.acknowledged += 1;
      if (till.acknowledged === perConnection) done();
      else if (till.sent < perConnection) publish(till);
    });
    till.socket.on('data', chunk => packets.parse(chunk));
    till.socket.on('close', () => {
      if (till.acknowledged < perConnection) failed(new Error(`${till.id}: connection closed`));
    });
    till.socket.cork();
    while (till.sent < Math.min(Number(windowSize), perConnection)) publish(till);
    till.socket.uncork();
  });
}

function publish(till: Till): void {
  till.sent += 1;
  const messageId = (till.sent % 65_535) + 1;
  till.sentAt.set(messageId, process.hrtime.bigint());
  const topic = `pos/v1/${till.id}/transactions`;
  const payload = Buffer.from(sale(till.id, till.sent));
  till.socket.write(
    generate({ cmd: 'publish', topic, payload, qos: 1, messageId, dup: false, retain: false }),
  );
}

/** A sale of two lines; `sentAtUs` is an extra field, so that a subscriber can tell its age. */
function sale(till: string, sequence: number): string {
  return JSON.stringify({
    version: 1,
    id: `${run}-${till}-${sequence}-0193f6c2-9b1e-7c33-8f5e`,
    type: 'sale',
    epoch: Number(run.replace(/\D/g, '')) || 1,
    sequence,
    receipt: `T1-${String(sequence).padStart(6, '0')}`,
    occurredAt: new Date().toISOString(),
    currency: 'SGD',
    lines: [
      {
        kind: 'item',
        sku: 'LATTE',
        name: 'Latte',
        category: 'Coffee',
        quantity: 2,
        amount: 1100,
        discount: 100,
        taxCode: 'GST9',
        tax: 91,
      },
      {
        kind: 'item',
        sku: 'KAYA',
        name: 'Kaya toast set',
        category: 'Food',
        quantity: 1,
        amount: 520,
        discount: 0,
        taxCode: 'GST9',
        tax: 43,
      },
    ],
    tenders: [{ method: 'card', amount: 1620 }],
    rounding: 0,
    sentAtUs: Math.round((performance.timeOrigin + performance.now()) * 1000),
  });
}
