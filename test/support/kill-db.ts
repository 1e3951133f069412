/**
 * SIGKILL for a relay that runs within the test: from the chosen write on, nothing that it does
 * reaches the database any more, and nothing it waits for ever comes. What was written stays.
 */
import type { Db } from '../../relay/db/db.ts';

export interface KillPoint {
  /** Counted from 1 over the writes of this process. */
  write: number;
  when: 'before' | 'after';
}

export interface Mortal {
  db: Db;
  /** Writes so far. */
  writes: () => number;
  /** Resolves when the kill has happened. */
  killed: Promise<void>;
}

/** Without a point it only counts. */
export function mortalDb(db: Db, point?: KillPoint): Mortal {
  let writes = 0;
  let dead = false;
  let tell: () => void = () => undefined;
  const killed = new Promise<void>(done => {
    tell = done;
  });
  const never = <Result>() => new Promise<Result>(() => undefined);
  const die = <Result>() => {
    dead = true;
    tell();
    return never<Result>();
  };
  return {
    killed,
    writes: () => writes,
    db: {
      get: (table, key) => (dead ? never() : db.get(table, key)),
      list: (table, range) => (dead ? never() : db.list(table, range)),
      write: async work => {
        if (dead) return never();
        writes += 1;
        const here = point?.write === writes ? point.when : undefined;
        if (here === 'before') return die();
        const result = await db.write(work);
        return here === 'after' ? die() : result;
      },
      close: () => Promise.resolve(),
    },
  };
}
