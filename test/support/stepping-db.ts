/**
 * Names the steps of a database: for every transaction one when all is changed but nothing committed
 * yet, and one after the commit. Whoever is told of a step may kill, freeze or cut something there.
 */
import type { Db, TableName, Writer } from '../../relay/db/db.ts';

/** Told of a step, e.g. `days 3: committed`; the step is over when it resolves. */
export type Reach = (step: string) => void | Promise<void>;

/** Taking the poster's lease is no step: it depends on the clock how often that happens. */
const isStep = (table: TableName, key: string) => table !== 'leases' || key !== 'poster';

/** Numbers steps of a kind from 1. */
export function stepCounter(): (kind: string) => string {
  const counts = new Map<string, number>();
  return kind => {
    const next = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, next);
    return `${kind} ${next}`;
  };
}

export function steppingDb(db: Db, reach: Reach): Db {
  const number = stepCounter();
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
          name = number([...touched].join(' and '));
          await reach(`${name}: not committed`);
        }
        return done;
      });
      if (name !== '') await reach(`${name}: committed`);
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
