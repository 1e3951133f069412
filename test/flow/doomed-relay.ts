/**
 * A relay's poster as a process of its own that is killed, or freezes, at one named step of posting:
 * around each transaction (when all is changed but nothing committed, and after the commit) and each
 * call of the Xero port. Prints every step, one a line. `stop` on its input ends it properly.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { silentLog } from '../../protocol/host/log.ts';
import { type LeaseTimes, startPoster } from '../../relay/books/poster.ts';
import type { Db, TableName, Writer } from '../../relay/db/db.ts';
import { openPostgres } from '../../relay/db/postgres.ts';
import { createSeal } from '../../relay/db/seal.ts';
import type { Xero } from '../../relay/xero/port.ts';
import { createXero } from '../../relay/xero/xero.ts';

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
const counts = new Map<string, number>();

/** Steps of a kind are numbered; whoever comes back to one that was passed passes it again. */
function number(kind: string): number {
  const next = (counts.get(kind) ?? 0) + 1;
  counts.set(kind, next);
  return next;
}

function reach(step: string): void {
  // Synchronous: after a SIGKILL nothing else is said.
  writeSync(1, `${step}\n`);
  if (step === doom.step) process.kill(process.pid, doom.signal);
}

/** Taking the poster's lease is no step: it depends on the clock how often that happens. */
const isStep = (table: TableName, key: string) => table !== 'leases' || key !== 'poster';

function steppingDb(db: Db): Db {
  return {
    get: (table, key) => db.get(table, key),
    list: (table, range) => db.list(table, range),
    close: () => db.close(),
    write: async work => {
      let name = '';
      const result = await db.write(async tx => {
        const touched = new Set<TableName>();
        const done = await work(noting(tx, touched));
        // Run again after a collision, it is the same step.
        if (name === '' && touched.size > 0) {
          const tables = [...touched].join(' and ');
          name = `${tables} ${number(tables)}`;
          reach(`${name}: not committed`);
        }
        return done;
      });
      if (name !== '') reach(`${name}: committed`);
      return result;
    },
  };
}

function noting(tx: Writer, touched: Set<TableName>): Writer {
  const note = (table: TableName, key: string) => {
    if (isStep(table, key)) touched.add(table);
  };
  return {
    get: (table, key) => tx.get(table, key),
    list: (table, range) => tx.list(table, range),
    put: (table, key, value) => {
      note(table, key);
      return tx.put(table, key, value);
    },
    remove: (table, key) => {
      note(table, key);
      return tx.remove(table, key);
    },
    ...(tx.clock && { clock: tx.clock.bind(tx) }),
  };
}

const CALLS = ['readChart', 'contactIds', 'createDocuments', 'createPayments', 'findDocuments'];

function steppingXero(xero: Xero): Xero {
  return new Proxy(xero, {
    get: (target, name: keyof Xero) => {
      const member = target[name];
      if (typeof member !== 'function' || !CALLS.includes(name)) return member;
      return async (...args: unknown[]) => {
        const call = `${name} ${number(name)}`;
        reach(`${call}: not asked yet`);
        const answer = await (member as (...all: unknown[]) => unknown)(...args);
        reach(`${call}: answered`);
        return answer;
      };
    },
  });
}

const db = steppingDb(await openPostgres(doom.databaseUrl));
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
