/** A relay's alerts with a real mail server and a real webhook receiver, and a clock to turn. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { silentLog } from '../../../protocol/host/log.ts';
import { type Alerts, startAlerts } from '../../../relay/alerts/watch.ts';
import type { Db } from '../../../relay/db/db.ts';
import { openLowdb } from '../../../relay/db/lowdb.ts';
import type { ConnectionRecord, Role } from '../../../relay/db/records.ts';
import { createSeal } from '../../../relay/db/seal.ts';

export const START = Date.parse('2026-11-22T10:00:00Z');
const QUIET_MS = 11 * 60_000;

interface Received {
  headers: IncomingMessage['headers'];
  body: string;
}

export interface AlertDesk {
  db: Db;
  alerts: Alerts;
  mails: string[];
  refuseMail(refuse: boolean): void;
  addUser(id: string, role: Role, more?: object): Promise<void>;
  connection(id: string, state: ConnectionRecord['state']): Promise<void>;
  /** A round after the quiet time. */
  lookLater(): Promise<void>;
  startReceiver(): Promise<{
    url: string;
    received: Received[];
    refuse: (refuse: boolean) => void;
  }>;
  stop(): Promise<void>;
}

export async function startDesk(): Promise<AlertDesk> {
  const folder = await mkdtemp(join(tmpdir(), 'tillbook-alerts-'));
  const db = await openLowdb(folder);
  const mail = await startMailServer();
  const stops = [mail.stop];
  let now = START;
  const seal = createSeal(Buffer.alloc(32, 1));
  const alerts = startAlerts({
    ...{ db, clock: () => now, log: silentLog(), seal, holder: 'test' },
    ...{ smtpUrl: mail.url, mailFrom: 'tillbook@example.com', privateWebhooks: true },
    publicUrl: 'https://relay.example',
  });
  return {
    ...{ db, alerts, mails: mail.mails, refuseMail: mail.refuse },
    addUser: async (id, role, more = {}) => {
      const user = { id, email: `${id}@example.com`, password: '', role, createdAt: '' };
      await db.write(tx => tx.put('users', id, { ...user, sessionsFrom: '', ...more }));
    },
    connection: async (id, state) => {
      const row = { id, clientId: 'C', clientSecret: '', state, createdAt: '', createdBy: '' };
      const organisations = [{ id: 'org', name: `Organisation ${id}`, connectionId: 'c' }];
      await db.write(tx => tx.put('connections', id, { ...row, organisations }));
    },
    lookLater: async () => {
      now += QUIET_MS;
      await alerts.look();
    },
    startReceiver: async () => {
      const receiver = await startReceiver();
      stops.push(receiver.stop);
      return receiver;
    },
    stop: async () => {
      await alerts.stop();
      for (const stop of stops) await stop();
      await db.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function startMailServer() {
  const mails: string[] = [];
  let refusing = false;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let mail = '';
      stream.on('data', chunk => {
        mail += chunk;
      });
      stream.on('end', () => {
        if (refusing) return done(new Error('the disk is full'));
        mails.push(mail);
        return done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    mails,
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    refuse: (refuse: boolean) => {
      refusing = refuse;
    },
    stop: () => new Promise<void>(done => server.close(() => done())),
  };
}

async function startReceiver() {
  const received: Received[] = [];
  let refusing = false;
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', chunk => {
      body += chunk;
    });
    req.on('end', () => {
      received.push({ headers: req.headers, body });
      res.statusCode = refusing ? 503 : 200;
      res.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    received,
    refuse: (refuse: boolean) => {
      refusing = refuse;
    },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
