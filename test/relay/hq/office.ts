/**
 * Head office's pages on a real server for tests: the embedded database, the real stores and the
 * real way to a Xero stand-in; only what posts days is recorded instead of done.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { silentLog } from '../../../protocol/host/log.ts';
import { startAlerts } from '../../../relay/alerts/watch.ts';
import type { Db } from '../../../relay/db/db.ts';
import { openLowdb } from '../../../relay/db/lowdb.ts';
import type { Role } from '../../../relay/db/records.ts';
import { createSeal } from '../../../relay/db/seal.ts';
import { type WatchedDb, watchDays } from '../../../relay/db/watched.ts';
import type { DayAction, HqDeps } from '../../../relay/hq/deps.ts';
import { hqPages } from '../../../relay/hq/pages.ts';
import { hashPassword, verifyPassword } from '../../../relay/hq/passwords.ts';
import { addUser } from '../../../relay/hq/people.ts';
import { offerSetUp } from '../../../relay/hq/set-up-link.ts';
import { StoreDesk } from '../../../relay/inbox/stores.ts';
import { createXero } from '../../../relay/xero/xero.ts';
import { type Xero as StandIn, startXero } from '../../support/xero/server.ts';
import { Visitor } from './visitor.ts';

export const APP = { clientId: 'A'.repeat(32), clientSecret: 'office-test-secret' };

export interface Office {
  url: string;
  db: WatchedDb;
  deps: HqDeps;
  standIn: StandIn;
  /** What was pressed on day pages. */
  acted: { action: DayAction; store: string; date: string; who: string }[];
  /** The first admin's one-time link. */
  setUpLink: () => Promise<string>;
  /** Makes a user and signs in. */
  signedIn: (role: Role, email?: string) => Promise<Visitor>;
  stop: () => Promise<void>;
}

const SEAL = createSeal(Buffer.alloc(32, 7));

export const PASSWORD = 'correct horse battery';

export interface OfficeOptions {
  now?: () => number;
  /** Another public address than the one that is listened on. */
  publicUrl?: string;
  /** Another database than JSON files in the folder. */
  open?: () => Promise<Db>;
  /** A data folder that stays when the office stops. */
  folder?: string;
  log?: HqDeps['log'];
  /** A mail server is set; nobody answers there. */
  withMail?: boolean;
}

export async function startOffice(options: OfficeOptions = {}): Promise<Office> {
  const now = options.now ?? Date.now;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'tillbook-hq-')));
  const db = watchDays(await (options.open ?? (() => openLowdb(folder)))());
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redirectUri = `${url}/xero/callback`;
  const standIn = await startXero({ apps: [{ ...APP, redirectUris: [redirectUri] }] });
  const acted: Office['acted'] = [];
  const alerts = startAlerts({
    ...{ db, clock: now, log: silentLog(), seal: SEAL, publicUrl: url, holder: 'test' },
    ...{ mailFrom: 'tillbook@example.com', privateWebhooks: false },
    smtpUrl: options.withMail === true ? 'smtp://127.0.0.1:1' : undefined,
  });
  const { log = silentLog(), publicUrl = url } = options;
  const deps = { ...depsFor({ db, url: publicUrl, now, standIn, acted }), alerts, log };
  const app = express();
  app.use(hqPages(deps));
  server.on('request', app);
  return {
    ...{ url, db, deps, standIn, acted },
    setUpLink: async () => {
      const path = await offerSetUp({ ...deps, dataDir: folder, now: now() });
      return path === undefined ? '' : (await readFile(path, 'utf8')).trim();
    },
    signedIn: async (role, email = `${role}@example.com`) => {
      const password = await hashPassword(PASSWORD);
      await db.write(tx => addUser(tx, { email, password, role, now: now() - 1000 }));
      const visitor = new Visitor(url);
      await visitor.signIn(email, PASSWORD);
      return visitor;
    },
    stop: async () => {
      await alerts.stop();
      await closeServer(server);
      await standIn.stop();
      await db.close();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Parts {
  db: WatchedDb;
  url: string;
  now: () => number;
  standIn: StandIn;
  acted: Office['acted'];
}

function depsFor({ db, url, now, standIn, acted }: Parts): Omit<HqDeps, 'alerts'> {
  const log = silentLog();
  const urls = { login: standIn.url, identity: standIn.url, api: standIn.url };
  const redirectUri = `${url}/xero/callback`;
  return {
    ...{ db, now, log, seal: SEAL, onDayChanged: db.onDayChanged },
    ...(db.shared === undefined && { onAlertsChanged: db.onAlertsChanged }),
    publicUrl: url,
    xeroLoginUrl: standIn.url,
    version: '0.1.0',
    sessionSecret: SEAL.derive('sessions'),
    passwords: { hash: hashPassword, verify: verifyPassword },
    stores: new StoreDesk(db, now),
    xero: createXero({ ...{ urls, redirectUri, db, seal: SEAL, log }, clock: now }),
    days: {
      act: async (action, store, date, who) => {
        acted.push({ action, store, date, who });
      },
      postRange: async (store, from, to, who) => {
        acted.push({ action: 'post', store, date: `${from}/${to}`, who });
        return [from, to];
      },
      mappingSaved: async () => {},
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
