/**
 * Who may publish: terminals and the secrets they were given once. Secrets are random (192 bits),
 * so a salted SHA-256 keeps them as safe as a slow hash would, without letting strangers buy the
 * processor's time with wrong passwords. Changes are on disk before they are told.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { type JsonFileOptions, openJsonFile } from '../../protocol/host/durable-json.ts';
import { TERMINAL_ID_PATTERN } from '../../protocol/topics.ts';
import type { Clock } from '../clock.ts';

const TERMINALS_MAX = 1000;
const SECRET_BYTES = 24;

interface StoredTerminal {
  id: string;
  salt: string;
  hash: string;
  addedAt: string;
}

export interface Terminal {
  id: string;
  /** RFC 3339, UTC. */
  addedAt: string;
}

export interface Terminals {
  /** The password is shown here and never again. @throws AppError `bad-input`, `already-exists` */
  add(id: string): Promise<{ id: string; password: string }>;
  /** A new password; the old one ends at once. @throws AppError `not-found` */
  rotate(id: string): Promise<{ id: string; password: string }>;
  /** @throws AppError `not-found` */
  remove(id: string): Promise<void>;
  list(): Terminal[];
  has(id: string): boolean;
  check(id: string, password: Buffer | string): boolean;
  /** Called with a terminal's id when its password ends: its connection must go. */
  onRevoked(listener: (id: string) => void): void;
}

/** Reads `terminals.json` of a data folder. @throws AppError `damaged` */
export async function openTerminals(
  dataDir: string,
  clock: Clock,
  options: JsonFileOptions = {},
): Promise<Terminals> {
  const path = join(dataDir, 'terminals.json');
  const file = await openJsonFile<{ terminals: StoredTerminal[] }>(
    path,
    { terminals: [] },
    options,
  );
  let known = new Map(file.data.terminals.map(terminal => [terminal.id, terminal]));
  const listeners: ((id: string) => void)[] = [];

  let queue: Promise<unknown> = Promise.resolve();
  /** One change after the other: two commands at once must not undo each other. */
  const change = (edit: (next: Map<string, StoredTerminal>) => void): Promise<void> => {
    const done = queue.then(async () => {
      const next = new Map(known);
      edit(next);
      file.data = { terminals: [...next.values()] };
      await file.write();
      known = next;
    });
    queue = done.catch(() => undefined); // Its own caller is told; the next one starts afresh.
    return done;
  };
  const issue = async (id: string, check: () => void) => {
    const password = randomBytes(SECRET_BYTES).toString('base64url');
    const salt = randomBytes(16).toString('base64url');
    const addedAt = new Date(clock.nowMs()).toISOString();
    await change(next => {
      check();
      next.set(id, { id, salt, hash: hashOf(salt, password), addedAt });
    });
    return { id, password };
  };
  const mustKnow = (id: string) => {
    if (!known.has(id)) throw unknown(id);
  };
  const revoke = (id: string) => {
    for (const listener of listeners) listener(id);
  };

  return {
    add: id => issue(id, () => checkNew(id, known)),
    rotate: async id => {
      const issued = await issue(id, () => mustKnow(id));
      revoke(id);
      return issued;
    },
    remove: async id => {
      await change(next => {
        mustKnow(id);
        next.delete(id);
      });
      revoke(id);
    },
    list: () => [...known.values()].map(({ id, addedAt }) => ({ id, addedAt })).sort(byId),
    has: id => known.has(id),
    check: (id, password) => {
      const terminal = known.get(id);
      if (terminal === undefined) return false;
      const given = Buffer.from(hashOf(terminal.salt, password));
      return timingSafeEqual(given, Buffer.from(terminal.hash));
    },
    onRevoked: listener => {
      listeners.push(listener);
    },
  };
}

function checkNew(id: string, known: ReadonlyMap<string, StoredTerminal>): void {
  if (!TERMINAL_ID_PATTERN.test(id)) {
    throw new AppError('bad-input', `"${id}" cannot be a terminal's id`, {
      hint: 'Use 1 to 64 letters, digits, dots, hyphens or underscores; begin with a letter or digit.',
      path: 'id',
    });
  }
  if (known.has(id)) {
    throw new AppError('already-exists', `terminal ${id} exists already`, {
      hint: `Use \`terminal rotate ${id}\` to give it a new password.`,
    });
  }
  if (known.size >= TERMINALS_MAX) {
    throw new AppError('too-many', `a store has at most ${TERMINALS_MAX} terminals`);
  }
}

function unknown(id: string): AppError {
  return new AppError('not-found', `there is no terminal ${id}`, { hint: 'See `terminal list`.' });
}

function hashOf(salt: string, password: Buffer | string): string {
  return createHash('sha256').update(salt).update(password).digest('base64url');
}

function byId(a: Terminal, b: Terminal): number {
  return a.id < b.id ? -1 : 1;
}
