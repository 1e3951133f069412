/**
 * Xero for the rest of the relay: the port of port.ts, made of consent, tokens, limiter and calls.
 * Comes in: addresses, database, sealer, clock, log. Goes out: documents in whole minor units and
 * AppErrors. Promise: nothing of xero-node is loaded before the first call.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../protocol/host/log.ts';
import type { Db } from '../db/db.ts';
import type { CallDeps } from './calls.ts';
import type { Chart } from './chart.ts';
import { consentUrl, disconnect, finishConsent, listOrganisations, submitApp } from './connect.ts';
import { encodeDocument, encodePayment } from './documents.ts';
import {
  changedDocuments,
  changedPayments,
  findByReference,
  findDocuments,
} from './find-documents.ts';
import { createLimiter, type Timer } from './limits.ts';
import type { CallerKind, Clock, OrganisationRef, Sealer, Xero } from './port.ts';
import { findContacts, readChart } from './read-chart.ts';
import type { XeroUrls } from './sdk.ts';
import { createTokens, type TokenDeps } from './tokens.ts';
import { createDocuments, createPayments } from './write-documents.ts';

export const XERO_URLS: XeroUrls = {
  login: 'https://login.xero.com',
  identity: 'https://identity.xero.com',
  api: 'https://api.xero.com',
};

export interface XeroOptions {
  urls: XeroUrls;
  /** `<RELAY_PUBLIC_URL>/xero/callback`, exactly as it stands in the Xero app. */
  redirectUri: string;
  db: Db;
  seal: Sealer;
  clock: Clock;
  log: Logger;
  /** As in the poster: the same name over restarts only where no second process can be there. */
  holder?: string;
  /** A refresher that was killed keeps the others waiting this long; see tokens.ts. */
  tokenLeaseMs?: number;
  /** A consent was given: what waited for it may go on at once. */
  onConnected?: () => void;
  /** For a simulated clock: how the limiter waits. */
  startTimer?: Timer;
}

/** A chart is read anew once a day, or when somebody asks. */
export const CHART_AGE_MAX_MS = 24 * 3_600_000;

export function createXero(options: XeroOptions): Xero {
  const deps: TokenDeps = {
    ...options,
    log: options.log.child({ part: 'xero' }),
    holder: options.holder ?? randomUUID(),
  };
  const tokens = createTokens(deps);
  const limiter = createLimiter(options.clock, options.startTimer);
  const calls: CallDeps = {
    urls: options.urls,
    tokens,
    limiter,
    listOrganisations: connection => listOrganisations(deps, tokens, connection),
  };
  return {
    redirectUri: options.redirectUri,
    submitApp: app => submitApp(deps, app),
    consentUrl: (connection, user) => consentUrl(deps, connection, user),
    finishConsent: async (callbackUrl, user) => {
      const result = await finishConsent(deps, tokens, callbackUrl, user);
      options.onConnected?.();
      return result;
    },
    organisations: connection => listOrganisations(deps, tokens, connection),
    disconnect: connection => disconnect(deps, tokens, connection),
    refreshIdle: () => tokens.refreshIdle(),
    readChart: (ref, { maxAgeMs = 0, caller = 'person' } = {}) =>
      chartOf(deps, calls, ref, maxAgeMs, caller),
    contactIds: (ref, names) => contactIds(deps, calls, ref, names),
    forgetContacts: ref => forgetContacts(deps, ref.organisation),
    encodeDocument,
    encodePayment,
    createDocuments: (ref, batch) => createDocuments(calls, ref, batch),
    createPayments: (ref, batch, currency) => createPayments(calls, ref, batch, currency),
    findDocuments: (ref, kind, numbers, caller = 'poster') =>
      findDocuments(calls, ref, kind, numbers, caller),
    findByReference: (ref, kind, query) => findByReference(calls, ref, kind, query),
    changedDocuments: (ref, kind, since) => changedDocuments(calls, ref, kind, since),
    changedPayments: (ref, since) => changedPayments(calls, ref, since),
    callsLeft: () => limiter.callsLeft(),
    lastAnswers: () => limiter.lastAnswers(),
    noteChangesRead: (ref, at) => noteChangesRead(deps, ref.organisation, at),
  };
}

async function chartOf(
  deps: TokenDeps,
  calls: CallDeps,
  ref: OrganisationRef,
  maxAgeMs: number,
  caller: CallerKind,
): Promise<Chart> {
  const stored = await deps.db.get('charts', ref.organisation);
  const now = deps.clock();
  if (stored !== undefined && now - Date.parse(stored.readAt) < maxAgeMs) return stored;
  const read = await readChart(calls, ref, caller, new Date(now).toISOString());
  return deps.db.write(async tx => {
    const { contacts, changesReadAt } = (await tx.get('charts', ref.organisation)) ?? {};
    const chart: Chart = {
      ...read,
      ...(contacts && { contacts }),
      ...(changesReadAt && { changesReadAt }),
    };
    await tx.put('charts', ref.organisation, chart);
    return chart;
  });
}

/** Somebody archived or merged a contact: the next document asks Xero anew. */
async function forgetContacts(deps: TokenDeps, organisation: string): Promise<void> {
  await deps.db.write(async tx => {
    const chart = await tx.get('charts', organisation);
    if (chart === undefined) return;
    const { contacts: _, ...rest } = chart;
    await tx.put('charts', organisation, rest);
  });
}

/** Known ids are kept beside the chart, so that a restart does not ask for them again. */
async function contactIds(
  deps: TokenDeps,
  calls: CallDeps,
  ref: OrganisationRef,
  names: readonly string[],
): Promise<Map<string, string>> {
  const stored = await deps.db.get('charts', ref.organisation);
  const known = new Map(Object.entries(stored?.contacts ?? {}));
  const wanted = [...new Set(names)];
  const unknown = wanted.filter(name => !known.has(name));
  const found = await findContacts(calls, ref, unknown);
  if (found.size > 0) {
    await deps.db.write(async tx => {
      const chart = await tx.get('charts', ref.organisation);
      if (chart === undefined) return;
      const contacts = { ...chart.contacts, ...Object.fromEntries(found) };
      await tx.put('charts', ref.organisation, { ...chart, contacts });
    });
  }
  return new Map([...known, ...found].filter(([name]) => wanted.includes(name)));
}

async function noteChangesRead(deps: TokenDeps, organisation: string, at: string): Promise<void> {
  await deps.db.write(async tx => {
    const chart = await tx.get('charts', organisation);
    if (chart !== undefined) await tx.put('charts', organisation, { ...chart, changesReadAt: at });
  });
}
