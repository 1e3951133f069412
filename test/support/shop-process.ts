/**
 * Broker, intake and disk of one shop as a process of its own, to be killed. Arguments: the data
 * folder, and for the canaries `early` (acknowledges before the disk) or `nosync` (never syncs). Says its port and pid once ready.
 */
import { startBroker } from '../../agent/broker/broker.ts';
import type { Terminals } from '../../agent/broker/terminals.ts';
import { systemClock } from '../../agent/clock.ts';
import type { Intake } from '../../agent/intake/ports.ts';
import { type Disk, systemDisk } from '../../agent/journal/disk.ts';
import { silentLog } from '../../protocol/host/log.ts';
import { openTestShop } from './agent.ts';

const [dataDir = '', mode = ''] = process.argv.slice(2);

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

/** The canary: a disk that is never asked to sync. */
const careless: Disk = {
  ...systemDisk,
  open: async path => ({ ...(await systemDisk.open(path)), datasync: async () => undefined }),
  syncFolder: async () => undefined,
};

const disk = mode === 'nosync' ? careless : systemDisk;
const shop = await openTestShop(dataDir, { disk, onFatal: () => process.exit(74) });
/** The canary: says yes at once and stores a little later. */
const early: Intake = {
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
  intake: mode === 'early' ? early : shop.intake,
  terminals: anybody,
  clock: systemClock,
  log: silentLog(),
});
process.on('SIGTERM', () => void broker.stop().then(() => shop.stop()));
process.send?.({ port: Number(new URL(broker.address).port), pid: process.pid });
