/**
 * Tills of the day bench: raw MQTT connections, each from an address of its own as on a shop's
 * network, that sell when they are told to and count what was acknowledged.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate, parser } from 'mqtt-packet';

export interface Till {
  socket: Socket;
  sent: number;
  acknowledged: number;
  sell(): void;
}

/** @param nowMs the shop's clock */
export async function connectTills(
  address: string,
  passwords: ReadonlyMap<string, string>,
  nowMs: () => number,
): Promise<Till[]> {
  const tills: Till[] = [];
  for (const [id, password] of passwords) {
    tills.push(await open(address, id, password, tills.length, nowMs));
  }
  return tills;
}

async function open(
  address: string,
  id: string,
  password: string,
  index: number,
  nowMs: () => number,
): Promise<Till> {
  const { hostname: host, port } = new URL(address);
  const localAddress = `127.0.1.${index + 1}`;
  const socket = connect({ host, port: Number(port), localAddress });
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const login = { username: id, password: Buffer.from(password) };
  socket.write(generate({ cmd: 'connect', clientId: id, clean: true, keepalive: 0, ...login }));
  await once(socket, 'data');
  const till: Till = { socket, sent: 0, acknowledged: 0, sell };
  const packets = parser();
  packets.on('packet', ({ cmd }) => {
    if (cmd === 'puback') till.acknowledged += 1;
  });
  socket.on('data', chunk => packets.parse(chunk));
  return till;

  function sell(): void {
    till.sent += 1;
    const messageId = (till.sent % 65_535) + 1;
    const topic = `pos/v1/${id}/transactions`;
    const payload = JSON.stringify(sale(id, till.sent, new Date(nowMs()).toISOString()));
    const flags = { dup: false, retain: false, qos: 1 } as const;
    socket.write(generate({ cmd: 'publish', topic, payload, messageId, ...flags }));
  }
}

function sale(till: string, sequence: number, occurredAt: string) {
  const coffee = { sku: 'LATTE', name: 'Latte', category: 'Coffee', quantity: 2 };
  return {
    ...{ version: 1, id: `${till}-${sequence}-0193f6c2-9b1e-7c33`, type: 'sale', sequence },
    ...{ receipt: `T-${sequence}`, occurredAt, currency: 'SGD' },
    lines: [{ kind: 'item', ...coffee, amount: 1100, discount: 100, taxCode: 'GST9', tax: 91 }],
    tenders: [{ method: 'card', amount: 1100 }],
    rounding: 0,
  };
}
