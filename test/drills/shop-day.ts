/** What a shop does between two steps of the runbook: it sells, closes its day, and is in the books. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { businessDateOf } from '../../protocol/business-date.ts';
import { coffee, connectTill, sell } from '../flow/till.ts';
import { type Stage, type StageDay, TIMEZONE } from '../support/stage.ts';

/** The lease of a relay that was killed, or that a backup holds, runs 45 seconds. */
const IN_BOOKS_MAX_MS = 75_000;

export const today = () => businessDateOf(Date.now(), { timezone: TIMEZONE, cutOver: '00:00' });

/** Sells coffees by number at till-1, each acknowledged; their amount is 500 + number. */
export async function sellCoffees(
  stage: Stage,
  password: string,
  ...numbers: number[]
): Promise<void> {
  const client = await connectTill(stage.broker, 'till-1', password);
  for (const number of numbers) {
    await sell(client, 'till-1', coffee('till-1', number, new Date().toISOString()));
  }
  await client.endAsync();
}

export function takings(...numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + 500 + number, 0);
}

/** Closes today and waits until it is in the books with this total. */
export async function closeInBooks(stage: Stage, gross: number): Promise<StageDay> {
  await stage.agentCommand('close', today());
  return await inBooks(stage, gross);
}

export async function inBooks(stage: Stage, gross: number): Promise<StageDay> {
  const isThere = (day: StageDay) => day.reconciled && day.totals.gross === gross;
  return await stage.waitForDay(today(), isThere, IN_BOOKS_MAX_MS);
}

/** Every invoice once, every payment once: what Xero holds is what the tills took. */
export async function assertXeroHolds(stage: Stage, gross: number): Promise<void> {
  const documents = await stage.documents();
  const sign = (type: unknown) => (type === 'ACCRECCREDIT' ? -1 : 1);
  const total = documents.reduce((sum, one) => sum + sign(one['Type']) * Number(one['Total']), 0);
  assert.equal(Math.round(total * 100), gross, JSON.stringify(documents));
  const numbers = documents.map(one => one['InvoiceNumber'] ?? one['CreditNoteNumber']);
  assert.equal(new Set(numbers).size, numbers.length);
  const payments = await stage.payments();
  const paid = payments.reduce((sum, one) => sum + Number(one['Amount']), 0);
  assert.equal(Math.round(paid * 100), gross);
}

export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await wait(50);
  }
}
