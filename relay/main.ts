#!/usr/bin/env node
/**
 * The relay's table of contents: every part in the order in which a summary passes it, started and
 * stopped here. Reads the environment; nothing else does.
 */
import { randomUUID } from 'node:crypto';
import { isCheck } from '../protocol/host/check.ts';
import { serveControl } from '../protocol/host/control-socket.ts';
import { createLog } from '../protocol/host/log.ts';
import { serviceManager } from '../protocol/host/service-manager.ts';
import { shippedVersion } from '../protocol/host/shipped.ts';
import { startDeadMansSwitch } from './alerts/dead-mans-switch.ts';
import { startAlerts } from './alerts/watch.ts';
import { createApp } from './app.ts';
import { createDayDesk } from './books/actions.ts';
import { startContactsAhead } from './books/contacts-ahead.ts';
import { startNightly } from './books/nightly.ts';
import { startPoster } from './books/poster.ts';
import { sayCheck } from './check.ts';
import { EXIT, fail, isHelp, runCli } from './cli/cli.ts';
import { runOnDatabase } from './cli/on-database.ts';
import { runOnFolder } from './cli/on-folder.ts';
import { systemClock } from './clock.ts';
import { type RelaySettingsValues, readRelaySettings, xeroUrls } from './config.ts';
import { deskHandlers } from './desk.ts';
import { openHome } from './home.ts';
import { apiRoutes } from './hq/api/routes.ts';
import { hqPages } from './hq/pages.ts';
import { hashPassword, verifyPassword } from './hq/passwords.ts';
import { offerSetUp } from './hq/set-up-link.ts';
import { listen } from './http.ts';
import { watchMissing } from './inbox/missing.ts';
import { ensureRelayKey } from './inbox/relay-key.ts';
import { inboxRoutes } from './inbox/routes.ts';
import { StoreDesk } from './inbox/stores.ts';
import { crashWith, toldToStop } from './lifetime.ts';
import { opsRoutes } from './ops/routes.ts';
import { createXero } from './xero/xero.ts';

/** Requests in hand are finished within this time after SIGTERM. */
const STOP_MAX_MS = 8_000;

const clock = systemClock;
process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  try {
    if (isCheck(argv)) return await sayCheck(argv, process, clock());
    if (argv.length > 1 || (argv[0] ?? 'run') !== 'run') return await command(argv);
    return await run(readRelaySettings(process.env));
  } catch (error) {
    // What was started before the failure must not keep the process alive.
    return process.exit(fail(error, process));
  }
}

async function run(settings: RelaySettingsValues): Promise<number> {
  const told = toldToStop();
  const log = createLog('relay', { level: settings.logLevel, readable: process.stdout.isTTY });
  const home = await openHome({ ...settings, log, onFatal: crashWith(log) });
  const { db, seal } = home;
  const { onDayChanged, onAlertsChanged } = db;
  const key = await ensureRelayKey(db, seal);
  const http = await listen(settings.host, settings.port);
  const publicUrl = settings.publicUrl ?? `http://localhost:${http.port}`;
  const version = shippedVersion();
  const stores = new StoreDesk(db, clock);
  const redirectUri = `${publicUrl}/xero/callback`;
  // One process per folder: the leases of a killed one are ours at once. Not so on PostgreSQL.
  const isAlone = settings.databaseUrl === undefined;
  const shared = { db, clock, log, holder: isAlone ? 'relay' : randomUUID() };
  const onConnected = () => poster.wake();
  const xero = createXero({ urls: xeroUrls(settings), redirectUri, seal, onConnected, ...shared });
  const deadMan = startDeadMansSwitch({ ...settings, ...shared });
  const poster = startPoster({ xero, ...shared, onRound: error => deadMan.round(error) });
  home.onRepaired(poster.wake);
  const nightly = startNightly({ xero, wake: poster.wake, ...shared });
  const missing = watchMissing({ db, clock, log });
  const alerts = startAlerts({ ...settings, ...shared, seal, publicUrl });

  const contacts = startContactsAhead({ xero, ...shared });
  const days = createDayDesk({ db, clock, wake: poster.wake, contactWanted: contacts.wanted });
  const inbox = inboxRoutes({ db, clock, log, key, wake: poster.wake });
  const common = { db, log, version, publicUrl, stores, xero, days, alerts };
  const api = apiRoutes({ ...common, clock });
  const { trustedProxies, xeroLoginUrl, dataDir } = settings;
  const passwords = { hash: hashPassword, verify: verifyPassword };
  const sessionSecret = seal.derive('sessions');
  // What another relay changes of the days is asked for; alerts are read again after some seconds.
  const news = { onDayChanged, ...(isAlone && { onAlertsChanged }) };
  const desk = { ...common, seal, sessionSecret, passwords, ...news };
  const pages = hqPages({ ...desk, xeroLoginUrl, now: clock });
  const ops = opsRoutes({ ...desk, clock, onDayChanged, xeroCallsLeft: xero.callsLeft });
  http.serve(createApp({ log, trustedProxies, ops, inbox, api, pages }));
  await offerSetUp({ db, dataDir, publicUrl, now: clock(), log });
  const control = await serveControl(dataDir, deskHandlers({ db, clock, stores, isAlone }));
  log.info({ event: 'listening', http: http.url, publicUrl }, 'the relay is ready');
  // A database that is away heals by itself: the ping says that the process is alive.
  const service = serviceManager({ env: process.env, isWell: async () => true, log });
  await service.ready();
  await told;
  const said = service.stopping();
  const parts = [control, poster, contacts, nightly, missing, alerts, deadMan];
  await Promise.all([http.stop(STOP_MAX_MS), said, ...parts.map(part => part.stop())]);
  await home.close();
  log.info({ event: 'stopped' }, 'the relay has stopped');
  return EXIT.done;
}

async function command(argv: string[]): Promise<number> {
  const settings = readRelaySettings(argv.some(isHelp) ? {} : process.env);
  const log = createLog('relay', { level: 'error', readable: true });
  const { stdin, stdout, stderr } = process;
  const { dataDir, publicUrl = `http://localhost:${settings.port}` } = settings;
  return await runCli(argv, {
    ...{ stdin, stdout, stderr, dataDir, publicUrl },
    runOnFolder: (method, args) =>
      runOnFolder({ ...settings, log, clock, onFatal: crashWith(log) }, method, args),
    runOnDatabase: (method, path) => runOnDatabase({ ...settings, clock }, method, path),
  });
}
