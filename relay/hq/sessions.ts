/**
 * Sessions of head office: who is signed in at this browser, kept in the database under the hash of
 * the cookie, so that a copy of the database opens nothing. One session ends after half a day
 * without use, and all of a user's end at once by their `sessionsFrom`.
 */
import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import session from 'express-session';
import type { Db } from '../db/db.ts';
import type { SessionRecord } from '../db/records.ts';

declare module 'express-session' {
  interface SessionData {
    user: string;
    /** RFC 3339; a session from before the user's `sessionsFrom` is over. */
    signedInAt: string;
    /** Whose password was right while the code of the second step is still to come. */
    halfway: { user: string; at: string };
    /** Sealed secret of a second step that is being set up. */
    freshSecret: string;
    /** Said once on the next page, in `role=status`. */
    said: string;
    /** The same for what went wrong, in `role=alert`. */
    wrong: { message: string; fix?: string };
    /** The store last chosen on the settings page. */
    store: string;
    /** What stood in the settings form when Refresh was pressed. */
    draft: { store: string; organisation: string; products: string; payment: string };
    /** A one-time code that the next page shows, and only that one. */
    code: { store: string; code: string; expiresAt: string };
    /** An API token that was just made, shown once. */
    token: { name: string; token: string };
    /** What signs the calls of a webhook that was just added, shown once. */
    webhookSecret: string;
    /** A one-time link for another person, shown once. */
    link: { for: string; url: string; expiresAt: string };
  }
}

const IDLE_MS = 12 * 3_600_000;
/** A request within this long of the last one does not write the session again. */
const TOUCH_EVERY_MS = 15 * 60_000;

export interface SessionOptions {
  db: Db;
  secret: string;
  secure: boolean;
  now: () => number;
}

/** express-session with our store; `__Host-` and Secure where the public URL is https. */
export function sessions({ db, secret, secure, now }: SessionOptions): RequestHandler {
  return session({
    name: secure ? '__Host-tillbook' : 'tillbook',
    secret,
    resave: false,
    saveUninitialized: false,
    // The public URL tells whether the browser speaks https, whatever the proxy in front says.
    proxy: true,
    cookie: { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: IDLE_MS },
    store: new DbSessionStore(db, now),
  });
}

class DbSessionStore extends session.Store {
  readonly #db: Db;
  readonly #now: () => number;

  constructor(db: Db, now: () => number) {
    super();
    this.#db = db;
    this.#now = now;
  }

  override get(
    id: string,
    done: (error: unknown, data?: session.SessionData | null) => void,
  ): void {
    this.#read(id).then(
      data => done(null, data),
      error => done(error),
    );
  }

  override set(id: string, data: session.SessionData, done?: (error?: unknown) => void): void {
    const row = { data: JSON.stringify(data), expiresAt: this.#expiry() };
    answer(
      this.#db.write(tx => tx.put('sessions', keyOf(id), row)),
      done,
    );
  }

  override touch(id: string, _data: session.SessionData, done?: (error?: unknown) => void): void {
    answer(this.#touch(keyOf(id)), done);
  }

  override destroy(id: string, done?: (error?: unknown) => void): void {
    answer(
      this.#db.write(tx => tx.remove('sessions', keyOf(id))),
      done,
    );
  }

  async #read(id: string): Promise<session.SessionData | null> {
    const row = await this.#db.get('sessions', keyOf(id));
    if (row === undefined || Date.parse(row.expiresAt) <= this.#now()) return null;
    return JSON.parse(row.data);
  }

  async #touch(key: string): Promise<void> {
    const row = await this.#db.get('sessions', key);
    if (row === undefined || !this.#isStale(row)) return;
    await this.#db.write(tx => tx.put('sessions', key, { ...row, expiresAt: this.#expiry() }));
  }

  #isStale(row: SessionRecord): boolean {
    return Date.parse(row.expiresAt) - this.#now() < IDLE_MS - TOUCH_EVERY_MS;
  }

  #expiry(): string {
    return new Date(this.#now() + IDLE_MS).toISOString();
  }
}

const SWEEP_MAX = 1000;

/** Removes sessions that ended; cheap enough for every sign-in. */
export async function sweepSessions(db: Db, now: number): Promise<void> {
  const rows = await db.list('sessions', { limit: SWEEP_MAX });
  const over = rows.filter(row => Date.parse(row.value.expiresAt) <= now);
  if (over.length === 0) return;
  await db.write(async tx => {
    for (const row of over) await tx.remove('sessions', row.key);
  });
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}

function answer(work: Promise<void>, done?: (error?: unknown) => void): void {
  work.then(
    () => done?.(),
    error => done?.(error),
  );
}
