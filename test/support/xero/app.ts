/**
 * The stand-in's wiring: which path leads where. The order is: pages and control, then recorder,
 * faults, and Xero itself.
 */
import express, { type Express, type Request, type Response } from 'express';
import { connectionRoutes } from './connections.ts';
import {
  createContacts,
  getContact,
  listContacts,
  updateContact,
  upsertContacts,
} from './contacts.ts';
import type { Control } from './control.ts';
import { controlRoutes } from './control-api.ts';
import { createDocs, getDoc, listDocs, updateDoc, upsertDocs } from './documents-api.ts';
import { localsOf, playFaults, sendAnswer } from './faults.ts';
import { accounting, type Handler, type Scope } from './gate.ts';
import { identityRoutes } from './identity.ts';
import { pageRoutes } from './pages.tsx';
import { createPayments, deletePayment, getPayment, listPayments } from './payments.ts';
import {
  getAccount,
  getOrganisation,
  listAccounts,
  listTaxRates,
  listTracking,
} from './settings.ts';
import type { RequestRecord } from './types.ts';
import type { World } from './world.ts';

type Method = 'get' | 'put' | 'post';
type Route = readonly [Method, string, Scope, Handler];

/** Recorded requests that are kept; the oldest go first. */
const REQUESTS_MAX = 100_000;

const INVOICES: Scope = 'accounting.invoices';
const PAYMENTS: Scope = 'accounting.payments';
const CONTACTS: Scope = 'accounting.contacts';
const SETTINGS: Scope = 'accounting.settings';

const ROUTES: readonly Route[] = [
  ['get', '/Organisation', SETTINGS, getOrganisation],
  ['get', '/Accounts', SETTINGS, listAccounts],
  ['get', '/Accounts/:id', SETTINGS, getAccount],
  ['get', '/TaxRates', SETTINGS, listTaxRates],
  ['get', '/TrackingCategories', SETTINGS, listTracking],
  ['get', '/Contacts', CONTACTS, listContacts],
  ['put', '/Contacts', CONTACTS, createContacts],
  ['post', '/Contacts', CONTACTS, upsertContacts],
  ['get', '/Contacts/:id', CONTACTS, getContact],
  ['post', '/Contacts/:id', CONTACTS, updateContact],
  ['get', '/Invoices', INVOICES, listDocs('invoice')],
  ['put', '/Invoices', INVOICES, createDocs('invoice')],
  ['post', '/Invoices', INVOICES, upsertDocs('invoice')],
  ['get', '/Invoices/:id', INVOICES, getDoc('invoice')],
  ['post', '/Invoices/:id', INVOICES, updateDoc('invoice')],
  ['get', '/CreditNotes', INVOICES, listDocs('credit-note')],
  ['put', '/CreditNotes', INVOICES, createDocs('credit-note')],
  ['post', '/CreditNotes', INVOICES, upsertDocs('credit-note')],
  ['get', '/CreditNotes/:id', INVOICES, getDoc('credit-note')],
  ['post', '/CreditNotes/:id', INVOICES, updateDoc('credit-note')],
  ['get', '/Payments', PAYMENTS, listPayments],
  ['put', '/Payments', PAYMENTS, createPayments],
  ['post', '/Payments', PAYMENTS, createPayments],
  ['get', '/Payments/:id', PAYMENTS, getPayment],
  ['post', '/Payments/:id', PAYMENTS, deletePayment],
];

/** Builds the app over a world. `latencyMs` is how long each accounting call takes. */
export function makeApp(world: World, control: Control, latencyMs: number): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(controlRoutes(control));
  app.use(pageRoutes(world, control));
  app.use(express.text({ type: () => true, limit: '8mb' }));
  app.use(recordRequest(world));
  app.use(playFaults(world));
  app.use(identityRoutes(world));
  app.use(connectionRoutes(world));
  const gate = accounting(world, latencyMs);
  for (const [method, path, scope, handler] of ROUTES) {
    app[method](`/api.xro/2.0${path}`, gate(scope, handler));
  }
  app.use((_req, res) => sendAnswer(res, { status: 404 }));
  return app;
}

/** Middleware: keeps every call with what was answered. */
function recordRequest(world: World) {
  return (req: Request, res: Response, next: () => void): void => {
    const record: RequestRecord = {
      number: (world.requests.at(-1)?.number ?? 0) + 1,
      at: new Date(world.now()).toISOString(),
      method: req.method,
      path: req.path,
      query: req.originalUrl.split('?')[1] ?? '',
      headers: Object.fromEntries(
        Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
      ),
      body: typeof req.body === 'string' ? req.body : '',
      status: 0,
      answer: '',
      replayed: false,
    };
    world.requests.push(record);
    if (world.requests.length > REQUESTS_MAX) world.requests.shift();
    Object.assign(localsOf(res), { record, raw: record.body });
    next();
  };
}
