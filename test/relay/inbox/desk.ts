/** A relay with a real folder, port and signatures, and machines that speak to it, for inbox tests. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Router } from 'express';
import type { Receipt } from '../../../protocol/agent-relay.ts';
import { silentLog } from '../../../protocol/host/log.ts';
import {
  digestOf,
  makeSigningKey,
  type SignedType,
  type SigningKey,
  signJws,
  verifyJws,
} from '../../../protocol/signing.ts';
import { createApp } from '../../../relay/app.ts';
import type { Db } from '../../../relay/db/db.ts';
import { openLowdb } from '../../../relay/db/lowdb.ts';
import { type Listening, listen } from '../../../relay/http.ts';
import { inboxRoutes } from '../../../relay/inbox/routes.ts';
import { StoreDesk } from '../../../relay/inbox/stores.ts';
import { handMadeSummary } from '../../support/summaries.ts';

/** The morning after the business date 2026-11-21 in Singapore. */
export const MORNING = Date.parse('2026-11-22T02:00:00Z');

export interface Answer {
  status: number;
  text: string;
  /** The problem document, or {}. */
  problem: { code?: string; detail?: string; hint?: string; field?: string };
}

export class InboxDesk {
  nowMs = MORNING;
  /** Days that the poster was woken for. */
  readonly woken: string[] = [];
  readonly folder: string;
  readonly key: SigningKey;
  db: Db;
  stores: StoreDesk;
  #http: Listening;

  private constructor(folder: string, key: SigningKey, db: Db, http: Listening) {
    this.folder = folder;
    this.key = key;
    this.db = db;
    this.stores = new StoreDesk(db, () => this.nowMs);
    this.#http = http;
  }

  static async open(): Promise<InboxDesk> {
    const folder = await mkdtemp(join(tmpdir(), 'tillbook-inbox-'));
    const key = await makeSigningKey();
    const http = await listen('127.0.0.1', 0);
    const desk = new InboxDesk(folder, key, await openLowdb(folder), http);
    desk.#serve();
    return desk;
  }

  #serve(): void {
    const log = silentLog();
    const wake = (key: string) => void this.woken.push(key);
    const clock = () => this.nowMs;
    const inbox = inboxRoutes({ db: this.db, clock, log, key: this.key, wake });
    const others = { ops: Router(), api: Router(), pages: Router(), trustedProxies: 'none' };
    this.#http.serve(createApp({ log, inbox, ...others }));
  }

  async close(): Promise<void> {
    await this.#http.stop(100);
    await this.db.close();
    await rm(this.folder, { recursive: true });
  }

  get url(): string {
    return this.#http.url;
  }

  async send(method: string, path: string, body: string, headers: object = {}): Promise<Answer> {
    const type = { 'Content-Type': 'application/jose' };
    const response = await fetch(this.#http.url + path, {
      method,
      body,
      headers: { ...type, ...headers },
    });
    const text = await response.text();
    const isProblem = response.headers.get('content-type')?.includes('problem+json') === true;
    return { status: response.status, text, problem: isProblem ? JSON.parse(text) : {} };
  }

  /** A store with a new code. */
  async addStore(name = 'Orchard Road'): Promise<{ store: string; code: string }> {
    const settings = { timezone: 'Asia/Singapore', currency: 'SGD', cutOver: '00:00' };
    const { id } = await this.stores.add({ name, ...settings }, 'test');
    return { store: id, code: (await this.stores.makeCode(id, 'test')).code };
  }

  async enrol(code: string, key: SigningKey, changes: object = {}): Promise<Answer> {
    const issuedAt = new Date(this.nowMs).toISOString();
    const payload = { version: 1, code, jwk: key.publicJwk, relay: 'http://x', issuedAt };
    const jws = await signJws({ ...payload, ...changes }, 'tillbook-enrolment+jws', key);
    return await this.send('POST', '/v1/enrolments', jws);
  }

  /** The payload of an answer that the relay signed; fails when it did not. */
  async signedBy(jws: string, type: SignedType): Promise<Record<string, unknown>> {
    const { payload } = await verifyJws(jws, type, kid =>
      kid === this.key.kid ? this.key.publicJwk : undefined,
    );
    return payload as Record<string, unknown>;
  }
}

/** An enrolled machine: signs summaries that go on from its last one. */
export class Machine {
  readonly desk: InboxDesk;
  readonly store: string;
  readonly key: SigningKey;
  number = 0;
  digest = '';
  counter = 0;

  constructor(desk: InboxDesk, store: string, key: SigningKey) {
    this.desk = desk;
    this.store = store;
    this.key = key;
  }

  static async enrolled(desk: InboxDesk): Promise<Machine> {
    const { store, code } = await desk.addStore();
    const key = await makeSigningKey();
    assert.equal((await desk.enrol(code, key)).status, 200);
    return new Machine(desk, store, key);
  }

  /** The next summary of the chain, signed; `changes` may break it. */
  async sign(changes: object = {}): Promise<string> {
    this.number += 1;
    const link = { storeId: this.store, number: this.number, previous: this.digest };
    const jws = await signJws(handMadeSummary({ ...link, ...changes }), DAY, this.key);
    this.digest = digestOf(jws);
    return jws;
  }

  async put(jws: string, date = '2026-11-21', revision = 1): Promise<Answer> {
    return await this.desk.send('PUT', `/v1/days/${date}/revisions/${revision}`, jws);
  }

  /** Signs and sends; the receipt must be the relay's. */
  async deliver(changes: { businessDate?: string; revision?: number } = {}): Promise<Receipt> {
    const answer = await this.put(await this.sign(changes), changes.businessDate, changes.revision);
    assert.equal(answer.status, 200, answer.text);
    return (await this.desk.signedBy(answer.text, RECEIPT)) as Receipt;
  }

  async beat(changes: object = {}): Promise<Answer> {
    this.counter += 1;
    const jws = await signJws({ ...this.heartbeat(), ...changes }, HEARTBEAT, this.key);
    return await this.desk.send('POST', '/v1/heartbeats', jws);
  }

  heartbeat() {
    return {
      version: 1,
      storeId: this.store,
      instance: 'first-start',
      counter: this.counter,
      sentAt: new Date(this.desk.nowMs).toISOString(),
      agentVersion: '0.1.0',
      backlog: { waiting: 0, oldestSeconds: 0 },
      disk: { freeBytes: 1e9 },
      problems: [],
      quarantine: [],
      names: { categories: [], taxCodes: [], tenders: [], kinds: [], cashReasons: [] },
    };
  }
}

export const DAY = 'tillbook-day+jws';
export const RECEIPT = 'tillbook-receipt+jws';
export const HEARTBEAT = 'tillbook-heartbeat+jws';
export const ANSWER = 'tillbook-answer+jws';
