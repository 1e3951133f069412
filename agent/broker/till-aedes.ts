/**
 * aedes without the routing of sales. Nobody may subscribe to what a terminal publishes (`rules.ts`),
 * yet aedes copies every packet, asks its sessions and its emitter for receivers and only then is
 * done with it: more work than reading it. What the agent itself publishes is routed as ever.
 */
import { Aedes, type AedesOptions, type Client, type PublishPacket } from 'aedes';

type Done = (error?: Error) => void;

export class TillAedes extends Aedes {
  /** aedes calls it with the client for what came in, after `authorizePublish` and the PUBACK. */
  override publish(packet: PublishPacket, from: Client | Done, done?: Done): void {
    if (typeof from === 'function') super.publish(packet, from);
    else done?.();
  }
}

/** As `Aedes.createBroker`. */
export async function createTillAedes(options: AedesOptions): Promise<TillAedes> {
  const aedes = new TillAedes(options);
  await aedes.listen();
  return aedes;
}
