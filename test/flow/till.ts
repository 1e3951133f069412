/** Tills of the flow tests: sales that differ by number, published over MQTT by the mqtt client. */
import { connectAsync, type MqttClient } from 'mqtt';
import { transactionsTopic } from '../../protocol/topics.ts';

export interface Sale {
  id: string;
  sequence: number;
  amount: number;
  payload: string;
}

/** A cash sale of one coffee; the amount tells sales apart: 500 + number, to the cent. */
export function coffee(till: string, sequence: number, occurredAt: string): Sale {
  const amount = 500 + sequence;
  const tax = Math.round((amount * 9) / 109);
  const id = `${till}-${sequence}`;
  const line = { kind: 'item', category: 'Coffee', amount, taxCode: 'GST9', tax };
  const payload = JSON.stringify({
    ...{ version: 1, id, type: 'sale', sequence, occurredAt, currency: 'SGD' },
    lines: [line],
    tenders: [{ method: 'card', amount }],
  });
  return { id, sequence, amount, payload };
}

export async function connectTill(
  broker: string,
  id: string,
  password: string,
): Promise<MqttClient> {
  return await connectAsync(broker, {
    protocolVersion: 4,
    clean: true,
    clientId: id,
    username: id,
    password,
    reconnectPeriod: 100,
  });
}

/** Publishes and waits for the PUBACK, which says: on disk. */
export async function sell(client: MqttClient, till: string, sale: Sale): Promise<void> {
  await client.publishAsync(transactionsTopic(till), sale.payload, { qos: 1 });
}
