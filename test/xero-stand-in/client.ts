/**
 * For the tests of the Xero stand-in: the real xero-node client pointed at one, and short ways to
 * say a café's invoice, credit note or payment.
 */
import type { TestContext } from 'node:test';
import type { AccountingApi, CreditNote, Invoice, LineItem, Payment } from 'xero-node';
import * as sdk from 'xero-node';
import { startXero, type Xero, type XeroOptions } from '../support/xero/server.ts';

/** A stand-in with a connected app, and xero-node signed in to it. */
export interface Stage {
  readonly xero: Xero;
  readonly api: AccountingApi;
  readonly token: string;
  /** The organisation's id. */
  readonly org: string;
  readonly contactID: string;
  /** A raw call to the accounting API. */
  readonly call: (method: string, path: string, init?: CallInit) => Promise<Response>;
}

export interface CallInit {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** Starts a stage that ends with the test. */
export async function makeStage(t: TestContext, options: XeroOptions = {}): Promise<Stage> {
  const xero = await startXero({ seeds: ['sg'], ...options });
  t.after(() => xero.stop());
  const app = xero.control.registerApp({ redirectUris: ['http://localhost/cb'] });
  const tokens = xero.control.grant({ clientId: app.clientId });
  const token = String(tokens['access_token']);
  const organisation = xero.world.organisations[0];
  if (organisation === undefined) throw new Error('A stage needs an organisation.');
  const call = (method: string, path: string, { body, headers }: CallInit = {}) =>
    fetch(`${xero.url}/api.xro/2.0${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'xero-tenant-id': organisation.id,
        accept: 'application/json',
        'content-type': 'application/json',
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const contactID = organisation.contacts[0]?.id ?? '';
  return { xero, api: apiFor(xero, token), token, org: organisation.id, contactID, call };
}

/** xero-node's accounting client for a stand-in. */
export function apiFor(xero: Xero, token: string): AccountingApi {
  const api = new sdk.AccountingApi(`${xero.url}/api.xro/2.0`);
  api.accessToken = token;
  return api;
}

export function line(amount: number, more: Partial<LineItem> = {}): LineItem {
  return {
    description: 'Coffee',
    quantity: 1,
    unitAmount: amount,
    accountCode: '201',
    taxType: 'OUTPUT',
    ...more,
  };
}

/** An approved invoice for one day; `lines` are gross amounts or whole lines. */
export function invoice(
  stage: Stage,
  number: string,
  lines: readonly (number | LineItem)[],
  more: Partial<Invoice> = {},
): Invoice {
  return {
    type: sdk.Invoice.TypeEnum.ACCREC,
    contact: { contactID: stage.contactID },
    invoiceNumber: number,
    reference: 'Tanjong Pagar 2026-11-21 r1',
    date: '2026-11-21',
    dueDate: '2026-11-21',
    status: sdk.Invoice.StatusEnum.AUTHORISED,
    lineAmountTypes: sdk.LineAmountTypes.Inclusive,
    lineItems: lines.map(each => (typeof each === 'number' ? line(each) : each)),
    ...more,
  };
}

export function creditNote(
  stage: Stage,
  number: string,
  amount: number,
  more: Partial<CreditNote> = {},
): CreditNote {
  return {
    type: sdk.CreditNote.TypeEnum.ACCRECCREDIT,
    contact: { contactID: stage.contactID },
    creditNoteNumber: number,
    date: '2026-11-21',
    status: sdk.CreditNote.StatusEnum.AUTHORISED,
    lineAmountTypes: sdk.LineAmountTypes.Inclusive,
    lineItems: [line(amount)],
    ...more,
  };
}

export function payment(invoiceID: string | undefined, code: string, amount: number): Payment {
  return {
    invoice: { ...(invoiceID !== undefined && { invoiceID }) },
    account: { code },
    date: '2026-11-21',
    amount,
    reference: `day ${code}`,
  };
}

/** Creates invoices and returns the first. */
export async function post(stage: Stage, ...invoices: Invoice[]): Promise<Invoice> {
  const { body } = await stage.api.createInvoices(stage.org, { invoices }, true);
  const first = body.invoices?.[0];
  if (first === undefined) throw new Error('No invoice came back.');
  return first;
}

export async function pay(stage: Stage, ...payments: Payment[]): Promise<Payment[]> {
  const { body } = await stage.api.createPayments(stage.org, { payments }, true);
  return body.payments ?? [];
}

/** What xero-node rejects with, read. */
export interface Refusal {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown>;
  /** All validation messages, joined. */
  readonly text: string;
}

/** Waits for a call to be refused and returns the refusal; a call that succeeds fails the test. */
export async function refusal(work: Promise<unknown>): Promise<Refusal> {
  const reason = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (typeof reason !== 'string') throw new Error(`Not a refusal by Xero: ${String(reason)}`);
  const { response } = JSON.parse(reason);
  const elements: { ValidationErrors?: { Message: string }[] }[] = response.body?.Elements ?? [];
  const texts = elements.flatMap(e => (e.ValidationErrors ?? []).map(v => v.Message));
  return {
    status: response.statusCode,
    headers: response.headers,
    body: response.body,
    text: texts.join(' | '),
  };
}
