/** The relay is killed again and again while summaries come in: no receipt is ever taken back. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { addDays } from '../../../protocol/business-date.ts';
import {
  digestOf,
  makeSigningKey,
  readUnverifiedPayload,
  type SigningKey,
  signJws,
} from '../../../protocol/signing.ts';
import { openLowdb } from '../../../relay/db/lowdb.ts';
import { handMadeSummary } from '../../support/summaries.ts';
import { RelayFolder } from '../relay-process.ts';
import { DAY } from './desk.ts';

const ROUNDS = 8;
const headers = { 'Content-Type': 'application/jose' };

async function enrol(url: string, code: string, key: SigningKey): Promise<void> {
  const payload = { version: 1, code, jwk: key.publicJwk, relay: url };
  const issuedAt = new Date().toISOString();
  const body = await signJws({ ...payload, issuedAt }, 'tillbook-enrolment+jws', key);
  const answer = await fetch(`${url}/v1/enrolments`, { method: 'POST', headers, body });
  assert.equal(answer.status, 200);
}

/** The store's summaries one after another, as an agent signs them. */
async function chain(store: string, key: SigningKey, length: number): Promise<string[]> {
  const days: string[] = [];
  for (let number = 1; number <= length; number += 1) {
    const businessDate = addDays('2025-01-01', number - 1);
    const previous = days.length === 0 ? '' : digestOf(days.at(-1) ?? '');
    const link = { storeId: store, number, businessDate, previous };
    days.push(await signJws(handMadeSummary(link), DAY, key));
  }
  return days;
}

/** Sends from `next` on until the relay dies. @returns the first that has no receipt */
async function sendUntilDeath(url: string, days: readonly string[], next: number): Promise<number> {
  for (let at = next; at < days.length; at += 1) {
    const body = days[at] ?? '';
    const address = `${url}/v1/days/${addDays('2025-01-01', at)}/revisions/1`;
    try {
      const answer = await fetch(address, { method: 'PUT', headers, body });
      const receipt = readUnverifiedPayload(await answer.text()) as { verdict?: string };
      assert.equal(receipt.verdict, 'accepted');
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return at;
    }
  }
  return days.length;
}

describe('a relay that is killed while summaries come in', () => {
  it('holds every one that has a receipt, once, and goes on with the next', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tillbook-inbox-kill-'));
    const home = new RelayFolder(folder);
    const settings = ['--timezone', 'Asia/Singapore', '--currency', 'SGD', '--json'];
    const { id, code } = JSON.parse((await home.run(['store', 'add', 'X', ...settings])).stdout);
    const key = await makeSigningKey();
    const days = await chain(id, key, 400);
    let next = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const relay = await home.start();
      if (round === 0) await enrol(relay.url, code, key);
      setTimeout(() => relay.child.kill('SIGKILL'), 150 + round * 37);
      next = await sendUntilDeath(relay.url, days, next);
      await relay.stop('SIGKILL');
    }
    const db = await openLowdb(folder);
    const number = (await db.get('stores', id))?.head.number ?? 0;
    assert.ok(next > ROUNDS, `only ${next} receipts`);
    assert.ok(number === next || number === next + 1, `head ${number}, receipts ${next}`);
    const rows = await db.list('days');
    assert.deepEqual(
      rows.map(row => row.value.revisions.map(revision => revision.digest)),
      days.slice(0, number).map(day => [digestOf(day)]),
    );
    await db.close();
    await rm(folder, { recursive: true });
  });
});
