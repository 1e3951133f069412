#!/usr/bin/env node
/**
 * The relay's table of contents: every part in the order in which a summary passes it, started and
 * stopped here. Reads the environment; nothing else does.
 */
import { Router } from 'express';
import { AppError } from '../protocol/errors.ts';
import { serveControl } from '../protocol/host/control-socket.ts';
import { createLog, type Logger } from '../protocol/host/log.ts';
import { readSettings } from '../protocol/host/settings.ts';
import { createApp } from './app.ts';
import { startPoster } from './books/poster.ts';
import { EXIT, exitCodeOf, fail, isHelp, runCli } from './cli/cli.ts';
import { systemClock } from './clock.ts';
import { RELAY_PREFIXES, RELAY_SETTINGS, type RelaySettingsValues } from './config.ts';
import { deskHandlers } from './desk.ts';
import { type Home, openHome } from './home.ts';
import { apiRoutes } from './hq/api/routes.ts';
import { listen } from './http.ts';
import { watchMissing } from './inbox/missing.ts';
import { ensureRelayKey } from './inbox/relay-key.ts';
import { inboxRoutes } from './inbox/routes.ts';
import { StoreDesk } from './inbox/stores.ts';
import { readVersion } from './version.ts';
import type { OrganisationRef } from './xero/port.ts';
import { CHART_AGE_MAX_MS, createXero } from './xero/xero.ts';

/** Work in hand is finished within this time after SIGTERM. */
const STOP_MAX_MS = 8_000;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  try {
    if (argv.length > 0 && argv[0] !== 'run') return await command(argv);
    return await run(settingsOf());
  } catch (error) {
    return fail(error, process);
  }
}

function settingsOf(): RelaySettingsValues {
  for (const prefix of RELAY_PREFIXES) readSettings(RELAY_SETTINGS, process.env, prefix);
  return readSettings(RELAY_SETTINGS, process.env, RELAY_PREFIXES[0]);
}

async function run(settings: RelaySettingsValues): Promise<number> {
  const log = createLog('relay', { level: settings.logLevel, readable: process.stdout.isTTY });
  const clock = systemClock;
  const home = await openHome({ ...settings, log, onFatal: error => crash(log, error) });
  const { db, seal } = home;
  const key = await ensureRelayKey(db, seal);
  const http = await listen(settings.host, settings.port);
  const publicUrl = settings.publicUrl ?? `http://localhost:${http.port}`;
  const version = await readVersion();
  const stores = new StoreDesk(db, clock);
  const urls = {
    login: settings.xeroLoginUrl,
    identity: settings.xeroIdentityUrl,
    api: settings.xeroApiUrl,
  };
  const redirectUri = `${publicUrl}/xero/callback`;
  const xero = createXero({ urls, redirectUri, db, seal, clock, log });
  // The folder's lock lets in one process: the lease of a killed one is ours at once.
  const poster = startPoster({ db, xero, clock, log, holder: 'relay' });
  const readChart = (ref: OrganisationRef) => xero.readChart(ref, { maxAgeMs: CHART_AGE_MAX_MS });
  const mappingSaved = async () => poster.wake();
  const act = async () => {
    throw new AppError('not-found', 'days cannot be acted on yet');
  };
  const missing = watchMissing({ db, clock, log });
  const { trustedProxies } = settings;
  const app = createApp({
    log,
    trustedProxies,
    inbox: inboxRoutes({ db, clock, log, key, wake: () => poster.wake() }),
    api: apiRoutes({ db, clock, log, version, publicUrl, readChart, act, mappingSaved }),
    pages: Router(),
  });
  http.serve(app);
  const control = await serveControl(settings.dataDir, deskHandlers({ db, clock, stores }));
  log.info({ event: 'listening', http: http.url, publicUrl }, 'the relay is ready');
  await toldToStop();
  await http.stop(STOP_MAX_MS);
  await Promise.all([control.stop(), poster.stop(), missing.stop()]);
  await db.close();
  log.info({ event: 'stopped' }, 'the relay has stopped');
  return EXIT.done;
}

async function command(argv: string[]): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const settings = argv.some(isHelp) ? readSettings(RELAY_SETTINGS, {}, '-') : settingsOf();
  const host = { stdin, stdout, stderr, dataDir: settings.dataDir };
  return await runCli(argv, { ...host, runOnFolder: (...asked) => onFolder(settings, ...asked) });
}

/** A command while no relay runs: the folder is opened for just this. */
async function onFolder(settings: RelaySettingsValues, method: string, args: unknown) {
  const log = createLog('relay', { level: 'error', readable: true });
  const home: Home = await openHome({ ...settings, log, onFatal: error => crash(log, error) });
  try {
    await ensureRelayKey(home.db, home.seal);
    const stores = new StoreDesk(home.db, systemClock);
    const handler = deskHandlers({ db: home.db, clock: systemClock, stores })[method];
    return await handler?.(args);
  } finally {
    await home.db.close();
  }
}

/** After an I/O error nobody knows what the disk holds: only a new start finds out. */
function crash(log: Logger, error: unknown): void {
  log.fatal({ event: 'disk-failed', err: error }, 'the disk failed: the relay stops');
  process.exit(exitCodeOf(error));
}

function toldToStop(): Promise<void> {
  return new Promise(done => {
    process.once('SIGTERM', () => done());
    process.once('SIGINT', () => done());
  });
}
