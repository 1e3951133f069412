/**
 * The canary of the kill suite: broker, intake and disk of a shop that says yes before it stores.
 * Argument: the data folder. Says its port once ready, and waits to be killed.
 */
import { startBroker } from '../../agent/broker/broker.ts';
import type { Terminals } from '../../agent/broker/terminals.ts';
import { systemClock } from '../../agent/clock.ts';
import type { Intake } from '../../agent/intake/ports.ts';
import { silentLog } from '../../protocol/host/log.ts';
import { openTestShop } from '../support/agent.ts';

const [dataDir = ''] = process.argv.slice(2);

/** Everybody may sign in: this process is about the disk. */
const anybody: Terminals = {
  add: async id => ({ id, password: '' }),
  rotate: async id => ({ id, password: '' }),
  remove: async () => undefined,
  list: () => [],
  has: () => true,
  check: () => true,
  onRevoked: () => undefined,
};

const shop = await openTestShop(dataDir);

/** Says yes at once and stores a little later. */
const hasty: Intake = {
  try: (...message) => shop.intake.try(...message),
  setAside: (...message) => shop.intake.setAside(...message),
  take: async (...message) => {
    setTimeout(() => void shop.intake.take(...message), 30);
    return { kind: 'accepted' };
  },
};
const broker = await startBroker({
  host: '127.0.0.1',
  port: 0,
  intake: hasty,
  terminals: anybody,
  clock: systemClock,
  log: silentLog(),
});
process.send?.({ port: Number(new URL(broker.address).port) });
