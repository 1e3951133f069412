/**
 * Tills with a memory of their own: what each has sent and what was acknowledged. The record is the
 * client's, kept apart from the agent; the verifier holds the agent to it. After a fault a till
 * sends again what was not acknowledged, in its order, as a till with an outbox does.
 */
import mqtt, { type MqttClient } from 'mqtt';
import { type ReceiptOptions, type ReceiptText, receiptOf } from './receipts.ts';

export interface Sent extends ReceiptText {
  terminal: string;
  sequence: number;
}

/** What the tills of one shop know. */
export class ClientRecord {
  readonly sent = new Map<string, Sent>();
  readonly acknowledged = new Set<string>();

  /** What a till still has in its outbox, in its order. */
  waiting(terminal: string): Sent[] {
    return [...this.sent.values()].filter(
      message => message.terminal === terminal && !this.acknowledged.has(message.id),
    );
  }
}

export interface SellOptions extends ReceiptOptions {
  /** Messages under way at once. */
  window?: number;
  /** No new receipt once this says so; what is under way is waited for. */
  enough: () => boolean;
}

export class Till {
  readonly id: string;
  readonly password: string;
  readonly #record: ClientRecord;
  #sequence: number;
  #client: MqttClient | undefined;

  /** @param last the number of its last receipt before this record */
  constructor(record: ClientRecord, id: string, password: string, last = 0) {
    this.#record = record;
    this.id = id;
    this.password = password;
    this.#sequence = last;
  }

  /** Sells until it is enough or the connection is gone. Never throws for a dead agent. */
  async sell(broker: string, { window = 1, enough, ...receipt }: SellOptions): Promise<void> {
    const client = connect(broker, this);
    this.#client = client;
    const outbox = this.#record.waiting(this.id);
    await new Promise<void>(finished => {
      let underWay = 0;
      let gone = false;
      const next = () => outbox.shift() ?? (enough() ? undefined : this.ring(receipt));
      const pump = () => {
        while (!gone && underWay < window) {
          const message = next();
          if (message === undefined) break;
          underWay += 1;
          client.publish(`pos/v1/${this.id}/transactions`, message.text, { qos: 1 }, error => {
            if (error) return; // The connection died: whether it is stored is not known.
            this.#record.acknowledged.add(message.id);
            underWay -= 1;
            setImmediate(pump);
          });
        }
        if (underWay === 0) finished();
      };
      client.once('connect', pump);
      client.once('close', () => {
        gone = true;
        finished();
      });
    });
    await client.endAsync(true);
  }

  /** Breaks its connection off; what was not acknowledged stays in its outbox. */
  hangUp(): void {
    this.#client?.stream.destroy();
  }

  /** A new receipt, in the till's outbox from now on. */
  ring(options: ReceiptOptions = {}): Sent {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const message = { ...receiptOf(this.id, sequence, options), terminal: this.id, sequence };
    this.#record.sent.set(message.id, message);
    return message;
  }
}

function connect(broker: string, { id, password }: Till): MqttClient {
  const client = mqtt.connect(broker, {
    protocolVersion: 4,
    clientId: id,
    username: id,
    password,
    reconnectPeriod: 0,
    connectTimeout: 20_000,
    keepalive: 0,
  });
  client.on('error', () => undefined); // `close` follows.
  return client;
}
