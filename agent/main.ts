#!/usr/bin/env node
/**
 * The agent: table of contents. A sale passes broker, intake, journal, day book, day close, outbox
 * and forwarder; the status page shows it. Start-up choices only; the one file that reads the
 * environment.
 */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { serveControl } from '../protocol/host/control-socket.ts';
import { createLog, type Logger, silentLog } from '../protocol/host/log.ts';
import { serviceManager } from '../protocol/host/service-manager.ts';
import { shippedVersion } from '../protocol/host/shipped.ts';
import { localAddress } from './addresses.ts';
import { controlHandlers, runCli } from './cli/cli.ts';
import type { Core } from './cli/core.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { takeFolder } from './data-versions.ts';
import { startDayClock } from './day/day-clock.ts';
import { startRetention } from './day/retention.ts';
import { startDelivery } from './delivery/delivery.ts';
import { openRelayHttp, proxyOf } from './delivery/relay-http.ts';
import { takesWrites } from './journal/probe.ts';
import { startLifetime } from './lifetime.ts';
import { type Outside, openCore } from './open-core.ts';
import { startStatusServer } from './status/server.ts';
import { openWayIn, type WayIn } from './way-in.ts';

const { env, stdout, stderr } = process;
const VERSION = shippedVersion();

/** Runs the agent until it is told to stop. @returns the exit code */
async function run(config: Config): Promise<number> {
  const log = createLog('agent', { level: config.logLevel, readable: stdout.isTTY === true });
  const lock = await takeFolder(config.dataDir);
  const lifetime = startLifetime(log);
  const service = serviceManager({ env, isWell: () => takesWrites(config.dataDir), log });
  const http = await openRelayHttp({ proxy: proxyOf(env), caFile: config.relayCaFile });
  const outside: Outside = {};
  const core = await openCore({
    version: VERSION,
    config,
    clock: systemClock,
    log,
    http,
    outside,
    onFatal: lifetime.fatal,
  });
  const wayIn = await openWayIn(core);
  const status = await startStatusServer({
    host: config.httpHost,
    port: config.httpPort,
    names: [hostname().toLowerCase(), ...(config.httpNames ?? [])],
    showAmounts: config.showAmounts,
    ...{ observe: core.observe, signed: core.signed, log },
  });
  const delivery = startDelivery(core, http, status.changed);
  const days = startDayClock(core);
  const retention = startRetention(core);
  Object.assign(outside, wayIn);
  outside.reachable = delivery.reachable;
  outside.onClosed = () => [delivery.wake(), status.changed()];
  outside.onClockBelieved = () => [days.wake(), status.changed()];
  outside.onEnrolled = () => [delivery.wake(), days.wake(), status.changed()];
  core.shop.onAccepted(status.changed);
  const control = await serveControl(config.dataDir, controlHandlers(core));
  announce(log, wayIn, status.address);
  await service.ready();
  const exitCode = await lifetime.ended;
  const told = service.stopping();
  await wayIn.stop();
  await Promise.all([
    control.stop(),
    status.stop(),
    days.stop(),
    delivery.stop(),
    retention.stop(),
    told,
  ]);
  await core.stop();
  await lock.release();
  log.info({ event: 'stopped' }, 'stopped');
  return exitCode;
}

/** Opens the folder for one command while no agent runs on it. */
async function open(config: Config): Promise<Core> {
  const log = silentLog();
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const lock = await takeFolder(config.dataDir);
  const [http, clock] = [
    await openRelayHttp({ proxy: proxyOf(env), caFile: config.relayCaFile }),
    systemClock,
  ];
  const onFatal = () => undefined; // The command itself gets the error.
  const core = await openCore({ version: VERSION, config, clock, log, http, outside: {}, onFatal });
  const stop = async () => {
    await core.stop();
    await http.stop();
    await lock.release();
  };
  return { ...core, stop };
}

function announce(log: Logger, { broker }: WayIn, http: string): void {
  const [mqtt, mqtts] = [broker?.address, broker?.tlsAddress].map(localAddress);
  log.info({ event: 'listening', mqtt, mqtts, http: localAddress(http) }, 'listening');
}

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env,
  version: VERSION,
  stdout: text => stdout.write(text),
  stderr: text => stderr.write(text),
  write: text => new Promise(resolve => stdout.write(text, () => resolve())),
  exit: code => process.exit(code),
  run,
  open,
});
