/**
 * A relay's poster as a process of its own that is killed, or freezes, at one named step of posting:
 * around each transaction (when all is changed but nothing committed, and after the commit) and each
 * call of the Xero port. Prints every step, one a line. `stop` on its input ends it properly.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { silentLog } from '../../protocol/host/log.ts';
import { type LeaseTimes, startPoster } from '../../relay/books/poster.ts';
import { openPostgres } from '../../relay/db/postgres.ts';
import { createSeal } from '../../relay/db/seal.ts';
import type { Xero } from '../../relay/xero/port.ts';
import { createXero } from '../../relay/xero/xero.ts';
import { stepCounter, steppingDb } from '../support/stepping-db.ts';

export interface Doom {
  databaseUrl: string;
  xeroUrl: string;
  /** Base64. */
  sealKey: string;
  lease: LeaseTimes;
  /** The step, as it is printed; undefined: every step is only printed. */
  step?: string;
  signal?: 'SIGKILL' | 'SIGSTOP';
}

const doom = JSON.parse(process.argv[2] ?? '{}') as Doom;
function reach(step: string): void {
  // Synchronous: after a SIGKILL nothing else is said.
  writeSync(1, `${step}\n`);
  if (step === doom.step) process.kill(process.pid, doom.signal);
}

const CALLS = [
  ...['readChart', 'contactIds', 'createDocuments', 'createPayments', 'findDocuments'],
  'findByReference',
];

function steppingXero(xero: Xero): Xero {
  const number = stepCounter();
  return new Proxy(xero, {
    get: (target, name: keyof Xero) => {
      const member = target[name];
      if (typeof member !== 'function' || !CALLS.includes(name)) return member;
      return async (...args: unknown[]) => {
        const call = number(name);
        reach(`${call}: not asked yet`);
        const answer = await (member as (...all: unknown[]) => unknown)(...args);
        reach(`${call}: answered`);
        return answer;
      };
    },
  });
}

const db = steppingDb(await openPostgres(doom.databaseUrl), reach);
const { xeroUrl: url } = doom;
const shared = { db, clock: Date.now, log: silentLog(), holder: `doomed ${process.pid}` };
const xero = createXero({
  urls: { login: url, identity: url, api: url },
  redirectUri: 'http://localhost:8090/xero/callback',
  seal: createSeal(Buffer.from(doom.sealKey, 'base64')),
  tokenLeaseMs: doom.lease.ttlMs,
  ...shared,
});
const poster = startPoster({ xero: steppingXero(xero), lease: doom.lease, ...shared });
for await (const _ of createInterface({ input: process.stdin })) break;
await poster.stop();
process.exit(0);
