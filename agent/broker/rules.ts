/**
 * What a terminal may do on the broker: sign in with a clean session under its own name, publish to
 * its own transactions, read its own problems. Everything else is refused with the reason.
 */
import type { ConnectPacket, PublishPacket } from 'aedes';
import { problemsTopic, TERMINAL_ID_PATTERN, transactionsTopic } from '../../protocol/topics.ts';
import { PAYLOAD_BYTES_MAX } from '../../protocol/transaction.ts';

/** CONNACK return codes (MQTT 3.1.1, 3.2.2.3). */
const IDENTIFIER_REJECTED = 2;
const NOT_AUTHORISED = 5;

export interface Refusal {
  returnCode: number;
  message: string;
}

export function checkConnect(packet: ConnectPacket): Refusal | undefined {
  if (!TERMINAL_ID_PATTERN.test(packet.clientId)) {
    return { returnCode: IDENTIFIER_REJECTED, message: 'the client id must be the terminal id' };
  }
  if (packet.clean !== true) {
    return {
      returnCode: NOT_AUTHORISED,
      message: 'persistent sessions are not kept: clean session',
    };
  }
  if (packet.will !== undefined && packet.will !== null) {
    return { returnCode: NOT_AUTHORISED, message: 'last wills are not taken' };
  }
  return undefined;
}

/** Why the connection must be closed, if it must. */
export function checkPublish(terminal: string, packet: PublishPacket): string | undefined {
  const own = transactionsTopic(terminal);
  if (packet.topic !== own) {
    return `it published to ${packet.topic.slice(0, 128)}; a terminal publishes to ${own} only`;
  }
  if (packet.payload.length > PAYLOAD_BYTES_MAX) {
    return `it published ${packet.payload.length} bytes; more than ${PAYLOAD_BYTES_MAX} are not kept`;
  }
  return undefined;
}

/** Why the subscription is refused, if it is. */
export function checkSubscription(terminal: string, topic: string): string | undefined {
  const own = problemsTopic(terminal);
  return topic === own ? undefined : `it may only subscribe to ${own}`;
}
